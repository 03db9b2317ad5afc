import type { Failure } from "../program.js";
import { REFUSED, type RefusedId } from "./constructs.js";
import {
  INSTEAD_OF_MEMBER,
  INSTEAD_OF_METHOD,
  insteadOfMember,
  insteadOfModule,
  MODULES,
} from "./missing.js";
import { type Names, readImport } from "./names.js";
import {
  argumentsOf,
  COMPREHENSIONS,
  children,
  lineAt,
  type NodeRef,
  type SyntaxNode,
  type Tree,
} from "./parse.js";

/** Builtin types that hand out no methods: `str.lower` fails, `text.lower()` works. */
const TYPES = new Set(["str", "list", "dict", "int", "float", "set", "tuple", "bytes", "bool", "frozenset"]);
const TYPE_METHODS_THAT_WORK = new Set(["builtins.dict.fromkeys", "builtins.bytes.fromhex"]);
const SORTERS = new Set(["builtins.sorted", "builtins.min", "builtins.max"]);
const NOT_IN_CLASSES = new Set([
  "IfStatement",
  "ForStatement",
  "WhileStatement",
  "TryStatement",
  "WithStatement",
  "ClassDefinition",
]);
const MOST_REPORTED = 6;

interface Refusal {
  readonly at: number;
  readonly what: string;
  readonly instead: string;
}

/**
 * What in a program is certain not to run, as one failure that names all of it; undefined when
 * there is nothing. Where `isMended` says so, nothing is refused.
 */
export function refuse(
  tree: Tree,
  code: string,
  names: Names,
  isMended: IsMended,
  sourceLine: (line: number) => { line: number; source: string },
): Failure | undefined {
  const found: Refusal[] = [];
  const add = (at: number, what: string, instead: string) => {
    if (!isMended(at) && !found.some((refusal) => refusal.at === at)) found.push({ at, what, instead });
  };
  tree.cursor().iterate((ref) => {
    if (found.length >= MOST_REPORTED) return false;
    const id = refusedConstruct(ref, code, names, isMended);
    if (id) add(ref.from, REFUSED[id].what, REFUSED[id].instead);
    if (ref.name === "ImportStatement") refuseImports(ref.node, code, add);
    else if (ref.name === "MemberExpression") refuseMember(ref.node, code, names, add);
    return true;
  });
  const [first, ...more] = found;
  if (!first) return undefined;
  const others = more.map(({ at, what, instead }) => {
    const { line } = sourceLine(lineAt(code, at));
    return `Line ${line} too: ${what}. ${instead}`;
  });
  return {
    kind: "syntax",
    message: [`Not supported: ${first.what}.`, ...others].join("\n"),
    ...sourceLine(lineAt(code, first.at)),
    hint: first.instead,
  };
}

type IsMended = (from: number) => boolean;

function refusedConstruct(
  ref: NodeRef,
  code: string,
  names: Names,
  isMended: IsMended,
): RefusedId | undefined {
  switch (ref.name) {
    case "MatchStatement":
      return "match";
    case "YieldStatement":
    case "YieldExpression":
      return "yield";
    case "DeleteStatement":
      return "del";
    case "TypeDefinition":
      return "typeAlias";
    case "WithStatement":
      return ref.node.firstChild?.name === "async" ? "asyncWith" : undefined;
    case "ForStatement":
      if (ref.node.firstChild?.name === "async") return "asyncFor";
      return hasPartBetween(ref.node, "for", "in") ? "partTarget" : undefined;
    case "TryStatement":
      return ref.node.getChild("*") ? "exceptStar" : undefined;
    case "Number":
      return /j$/i.test(code.slice(ref.to - 1, ref.to)) ? "complex" : undefined;
    case "ClassDefinition":
      return refusedClass(ref.node, code);
    case "AssignStatement":
      return refusedTarget(ref.node);
    case "UpdateStatement":
      return code.slice(ref.node.firstChild?.to, ref.node.lastChild?.from).trim() === "|=" &&
        ref.node.lastChild?.name === "DictionaryExpression"
        ? "dictUnion"
        : undefined;
    case "BinaryExpression":
      return refusedOperator(ref.node, code);
    case "CallExpression":
      return refusedCall(ref.node, code, names, isMended);
    default:
      return COMPREHENSIONS.has(ref.name) && ref.node.getChild("async") ? "asyncFor" : undefined;
  }
}

function refusedClass(node: SyntaxNode, code: string): RefusedId | undefined {
  const bases = node.getChild("ArgList");
  if (bases && argumentsOf(bases, code).length > 0) return "inheritance";
  for (const statement of children(node.getChild("Body") ?? node)) {
    if (statement.name === "DecoratedStatement") return "methodDecorator";
    if (NOT_IN_CLASSES.has(statement.name)) return "classBody";
  }
  return undefined;
}

function refusedTarget(node: SyntaxNode): RefusedId | undefined {
  const parts = children(node);
  const end = parts.findLastIndex((part) => part.name === "AssignOp");
  let target: SyntaxNode[] = [];
  for (const part of parts.slice(0, end + 1)) {
    if (part.name !== "AssignOp") {
      target.push(part);
      continue;
    }
    const [only] = target;
    if (target.length === 1 && only?.name === "MemberExpression" && only.getChild(":")) return "sliceTarget";
    const unpacked = target.length > 1 && target[1]?.name === "," ? target : only ? children(only) : [];
    const isUnpacking = target.length > 1 || /^(Tuple|Array)Expression$/.test(only?.name ?? "");
    if (isUnpacking && unpacked.some((each) => each.name === "MemberExpression")) return "partTarget";
    target = [];
  }
  return undefined;
}

function refusedOperator(node: SyntaxNode, code: string): RefusedId | undefined {
  const [left, operator, right] = children(node);
  if (!left || !operator || !right) return undefined;
  const symbol = code.slice(operator.from, operator.to);
  if (symbol === "%" && /^(String|FormatString|ContinuedString)$/.test(left.name)) {
    return /^[rR]?[bB]/.test(code.slice(left.from, left.from + 2)) ? undefined : "percentFormat";
  }
  const hasDict = left.name === "DictionaryExpression" || right.name === "DictionaryExpression";
  return symbol === "|" && hasDict ? "dictUnion" : undefined;
}

function refusedCall(
  node: SyntaxNode,
  code: string,
  names: Names,
  isMended: IsMended,
): RefusedId | undefined {
  const callee = node.firstChild;
  const list = node.lastChild;
  if (!callee || list?.name !== "ArgList") return undefined;
  const path = names.path(callee);
  const method = callee.name === "MemberExpression" && callee.lastChild?.name === "PropertyName";
  const methodName = method && callee.lastChild ? code.slice(callee.lastChild.from, callee.lastChild.to) : "";
  const isSorter = (path !== undefined && SORTERS.has(path)) || (path === undefined && methodName === "sort");
  const isSub = path === "re.sub" || (path === undefined && methodName === "sub");
  const known = ["asyncio.gather", "builtins.print", "json.dumps", "builtins.isinstance"];
  if (!isSorter && !isSub && !(path !== undefined && known.includes(path))) return undefined;

  const given = argumentsOf(list, code);
  const has = (...keywords: string[]) => given.some(({ keyword }) => keyword && keywords.includes(keyword));
  if (path === "asyncio.gather" && given.some(({ keyword }) => keyword !== undefined)) return "gatherKeyword";
  if (path === "builtins.print" && has("file")) return "printFile";
  if (path === "json.dumps" && has("default", "cls")) return "jsonDefault";
  if (path === "builtins.isinstance" && given[1]?.value.getChild("BitOp")) return "isinstanceUnion";
  if (isSub && !names.isOwnAttribute("sub")) {
    const replacement = given.find(({ keyword }) => keyword === "repl") ?? given[path === undefined ? 0 : 1];
    if (replacement?.value.name === "LambdaExpression") return "reFunction";
  }
  const key = isSorter ? given.find(({ keyword }) => keyword === "key")?.value : undefined;
  if (
    key?.name === "MemberExpression" &&
    !isMended(key.from) &&
    key.lastChild?.name === "PropertyName" &&
    !names.hasClasses
  ) {
    const isGet = code.slice(key.lastChild.from, key.lastChild.to) === "get";
    if (isGet && names.path(key) === undefined) return "keyMethod";
  }
  return undefined;
}

type Add = (at: number, what: string, instead: string) => void;

function refuseImports(node: SyntaxNode, code: string, add: Add): void {
  const { from, isRelative, isWildcard, items } = readImport(node, code);
  if (isRelative) {
    add(node.from, REFUSED.relativeImport.what, REFUSED.relativeImport.instead);
    return;
  }
  for (const { module, path, node: item } of items) {
    if (MODULES[module] === undefined) {
      if (!isTried(node)) add(node.from, `the module \`${module}\``, insteadOfModule(module));
    } else if (isWildcard) {
      add(node.from, REFUSED.wildcardImport.what, REFUSED.wildcardImport.instead);
    } else if (from !== undefined && isMissingMember(path) && !isTried(node)) {
      add(item.from, `\`${path}\``, insteadOfMember(path));
    }
  }
}

function refuseMember(node: SyntaxNode, code: string, names: Names, add: Add): void {
  const property = node.lastChild;
  if (property?.name !== "PropertyName") return;
  const path = names.path(node);
  const method = code.slice(property.from, property.to);
  const [root, type = "", ...rest] = path?.split(".") ?? [];
  if (path !== undefined && root === "builtins" && TYPES.has(type)) {
    if (rest.length === 1 && !method.startsWith("__") && !TYPE_METHODS_THAT_WORK.has(path)) {
      add(node.from, REFUSED.typeMethod.what, REFUSED.typeMethod.instead);
    }
  } else if (path === undefined || root === "builtins") {
    const instead = Object.hasOwn(INSTEAD_OF_METHOD, method) ? INSTEAD_OF_METHOD[method] : undefined;
    if (instead !== undefined && !names.isOwnAttribute(method)) add(property.from, `\`.${method}\``, instead);
  } else if (isMissingMember(path) && !isTried(node)) {
    add(node.from, `\`${path}\``, insteadOfMember(path));
  }
}

function isMissingMember(path: string): boolean {
  if (Object.hasOwn(INSTEAD_OF_MEMBER, path)) return true;
  const [module = "", member, ...rest] = path.split(".");
  const members = Object.hasOwn(MODULES, module) ? MODULES[module] : undefined;
  if (members === undefined || member === undefined || rest.length > 0) return false;
  return !member.startsWith("__") && !members.includes(member);
}

/** Whether a failure here may be caught: inside the body of a `try`. */
function isTried(node: SyntaxNode): boolean {
  for (let inner = node, outer = node.parent; outer; inner = outer, outer = outer.parent) {
    if (
      outer.name === "TryStatement" &&
      inner.name === "Body" &&
      outer.getChild("Body")?.from === inner.from
    ) {
      return true;
    }
  }
  return false;
}

function hasPartBetween(node: SyntaxNode, open: string, close: string): boolean {
  let isOpen = false;
  for (const child of children(node)) {
    if (child.name === open) isOpen = true;
    else if (child.name === close) return false;
    else if (isOpen && child.name === "MemberExpression") return true;
  }
  return false;
}
