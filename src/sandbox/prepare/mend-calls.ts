import type { Edit, Mend } from "./edit.js";
import { MODULES } from "./missing.js";
import { type Names, readImport } from "./names.js";
import {
  type Argument,
  argumentsOf,
  children,
  contains,
  hasError,
  type SyntaxNode,
  type Tree,
} from "./parse.js";

/** Calls that give an iterator in Python and a list in Monty. */
const LISTS_IN_MONTY = new Set(
  ["zip", "enumerate", "reversed", "map", "filter"].map((name) => `builtins.${name}`).concat("re.finditer"),
);
/** Methods of str that need no argument and so can be a function of one text. */
const TEXT_METHODS = new Set(
  (
    "lower upper strip lstrip rstrip title capitalize casefold swapcase split splitlines " +
    "isdigit isalpha isalnum isspace isupper islower isnumeric isdecimal"
  ).split(" "),
);
const SORTERS = new Set(["builtins.sorted", "builtins.min", "builtins.max"]);
const COMPARISONS = new Set(["CompareOp", "in", "not", "is"]);

/**
 * Mends of expressions that mean one thing only and that Monty does not run as they stand, and
 * the modules that are used without an import. Where the tree is not `isWhole`, statements with a
 * syntax error are left alone.
 */
export function mendCalls(
  tree: Tree,
  code: string,
  names: Names,
  isWhole: boolean,
): { mends: Mend[]; modules: string[] } {
  const mends: Mend[] = [];
  const modules = new Set<string>();
  const item = unusedName("_item", code);
  tree.cursor().iterate((ref) => {
    if (!isWhole && ref.node.parent?.name === "Script" && hasError(ref.node)) return false;
    let mend: Mend | undefined;
    if (ref.name === "CallExpression") mend = mendCall(ref.node, code, names, item);
    else if (ref.name === "ImportStatement") mend = mendFuture(ref.node, code);
    else if (ref.name === "MemberExpression") {
      mend = mendTextMethod(ref.node, code, names);
      const module = unimported(ref.node, code, names);
      if (module !== undefined) modules.add(module);
    }
    if (mend) mends.push(mend);
    return true;
  });
  return { mends, modules: [...modules] };
}

/** A name that the code does not hold. */
export function unusedName(wish: string, code: string): string {
  let name = wish;
  while (code.includes(name)) name = `_${name}`;
  return name;
}

function mendCall(node: SyntaxNode, code: string, names: Names, item: string): Mend | undefined {
  const callee = node.firstChild;
  const list = node.lastChild;
  if (callee?.name !== "VariableName" || list?.name !== "ArgList") return undefined;
  const path = names.path(callee);
  if (path === "builtins.next") return mendNext(argumentsOf(list, code), names);
  if (path === "builtins.sum") return mendSum(argumentsOf(list, code), names);
  if (path === "builtins.map") return mendMap(node, argumentsOf(list, code), code, item);
  if (path !== undefined && SORTERS.has(path)) return mendKey(argumentsOf(list, code), code, names);
  return undefined;
}

function mendNext([first]: Argument[], names: Names): Mend | undefined {
  if (!first || first.keyword !== undefined || first.unpacked || names.isBound("iter")) return undefined;
  const callee = first.value.name === "CallExpression" ? first.value.firstChild : null;
  const isList = LISTS_IN_MONTY.has((callee && names.path(callee)) ?? "");
  if (!first.isGenerator && first.value.name !== "ComprehensionExpression" && !isList) return undefined;
  return {
    edits: [insert(first.from, "iter("), insert(first.to, ")")],
    note: "`next(...)` takes an iterator: `iter(...)` was put around its argument.",
  };
}

function mendSum([first]: Argument[], names: Names): Mend | undefined {
  if (!first || first.keyword !== undefined || first.unpacked || names.isBound("int")) return undefined;
  const isDisplay = /^(Array)?ComprehensionExpression$/.test(first.value.name);
  const element = first.isGenerator ? first.value : isDisplay ? children(first.value)[1] : undefined;
  if (!element || !isBool(element)) return undefined;
  return {
    edits: [insert(element.from, "int("), insert(element.to, ")")],
    note: "bools cannot be summed: `int(...)` was put around the comparison in `sum(...)`.",
  };
}

/** Whether an expression is a comparison, or `not`, `and`, `or` of comparisons. */
function isBool(expression: SyntaxNode): boolean {
  const waiting = [expression];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const [left, operator, right] = children(node);
    if (node.name === "ParenthesizedExpression" && operator) waiting.push(operator);
    else if (node.name === "UnaryExpression" && left?.name === "not") continue;
    else if (node.name !== "BinaryExpression" || !left || !operator) return false;
    else if (operator.name === "and" || operator.name === "or") waiting.push(left, right ?? left);
    else if (!COMPARISONS.has(operator.name)) return false;
  }
  return true;
}

function mendMap(call: SyntaxNode, given: Argument[], code: string, item: string): Mend | undefined {
  const [mapped, iterable] = given;
  const isPlain = given.every(
    ({ keyword, unpacked, isGenerator }) => keyword === undefined && !unpacked && !isGenerator,
  );
  if (!mapped || !iterable || given.length !== 2 || !isPlain) return undefined;
  if (mapped.value.name !== "VariableName" && mapped.value.name !== "LambdaExpression") return undefined;
  if (contains(call, (name) => name === "Comment")) return undefined;
  return {
    edits: [
      replace(call.from, mapped.from, "[(", code),
      replace(mapped.to, iterable.from, `)(${item}) for ${item} in (`, code),
      replace(iterable.to, call.to, ")]", code),
    ],
    note: "`map(f, xs)` was written as `[f(x) for x in xs]`.",
  };
}

function mendKey(given: Argument[], code: string, names: Names): Mend | undefined {
  const key = given.find(({ keyword }) => keyword === "key")?.value;
  const [first] = given;
  if (key?.name !== "MemberExpression" || names.hasClasses || first?.value.name !== "VariableName")
    return undefined;
  const name = code.slice(first.from, first.to);
  const isOwnGet = code.slice(key.from, key.to) === `${name}.get`;
  if (!isOwnGet || first.unpacked || first.keyword !== undefined || !names.isBound(name)) return undefined;
  const parameter = unusedName("_key", code);
  return {
    edits: [replace(key.from, key.to, `lambda ${parameter}: ${name}[${parameter}]`, code)],
    note: `\`key=${name}.get\` was written as \`key=lambda k: ${name}[k]\`.`,
  };
}

function mendTextMethod(node: SyntaxNode, code: string, names: Names): Mend | undefined {
  const isCalled = node.parent?.name === "CallExpression" && node.parent.firstChild?.from === node.from;
  const method =
    node.lastChild?.name === "PropertyName" ? code.slice(node.lastChild.from, node.lastChild.to) : "";
  if (isCalled || !TEXT_METHODS.has(method) || names.path(node) !== `builtins.str.${method}`)
    return undefined;
  return {
    edits: [replace(node.from, node.to, `(lambda text: text.${method}())`, code)],
    note: `\`str.${method}\` was written as \`lambda text: text.${method}()\`.`,
  };
}

/** `from __future__ import …` changes nothing here: annotations are not evaluated anyway. */
function mendFuture(node: SyntaxNode, code: string): Mend | undefined {
  if (readImport(node, code).from !== "__future__") return undefined;
  return {
    edits: [replace(node.from, node.to, "pass", code)],
    note: "`from __future__ import ...` was left out: it changes nothing here.",
  };
}

/** The module that `name.member` needs, where nobody binds the name. */
function unimported(node: SyntaxNode, code: string, names: Names): string | undefined {
  const [root] = children(node);
  if (root?.name !== "VariableName" || node.lastChild?.name !== "PropertyName") return undefined;
  const name = code.slice(root.from, root.to);
  const member = code.slice(node.lastChild.from, node.lastChild.to);
  const members = Object.hasOwn(MODULES, name) ? MODULES[name] : undefined;
  return members?.includes(member) && !names.isBound(name) ? name : undefined;
}

/** A replacement that keeps the line ends of what it replaces, behind the new text. */
function replace(from: number, to: number, text: string, code: string): Edit {
  const lineEnds = code.slice(from, to).split("\n").length - 1;
  return { from, to, text: text + "\n".repeat(lineEnds) };
}

function insert(at: number, text: string): Edit {
  return { from: at, to: at, text };
}
