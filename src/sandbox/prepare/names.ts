import { MODULES } from "./missing.js";
import { COMPREHENSIONS, children, type NodeRef, type SyntaxNode, type Tree } from "./parse.js";

const DEEPEST_PATH = 4;

/** What the names of a program mean, wherever they are bound: scopes are not told apart. */
export interface Names {
  /** Whether the program binds the name itself, or the host does. */
  isBound(name: string): boolean;
  /** Whether the name is a function of the host and the program does not bind it anew. */
  isHostFunction(name: string): boolean;
  /** Whether the name is that of an `async def` and of nothing else. */
  isAsyncFunction(name: string): boolean;
  /** Whether the program defines an attribute of this name in a class, or assigns one. */
  isOwnAttribute(name: string): boolean;
  readonly hasClasses: boolean;
  /**
   * What a name or a chain of attributes stands for: `datetime.datetime.now` for `dt.now` after
   * `from datetime import datetime as dt`, `builtins.next` for a name that nobody binds (a module
   * that the program forgot to import stands for itself); undefined for all else.
   */
  path(node: SyntaxNode): string | undefined;
}

/** What an import statement binds: local name, and the module or member it stands for. */
export interface Imported {
  readonly name: string;
  readonly path: string;
  /** The module as it is written: `a.b` for `import a.b`. */
  readonly module: string;
  readonly node: SyntaxNode;
}

/** The module of `from … import`, undefined for `import …`, and each thing that is imported. */
export function readImport(
  statement: SyntaxNode,
  code: string,
): { from?: string; isRelative: boolean; isWildcard: boolean; items: Imported[] } {
  const parts = children(statement).filter((node) => node.name !== "(" && node.name !== ")");
  const text = (node: SyntaxNode) => code.slice(node.from, node.to);
  const importAt = parts.findIndex((node) => node.name === "import");
  const from = parts[0]?.name === "from" ? parts.slice(1, importAt).map(text).join("") : undefined;
  const items: Imported[] = [];
  let current: SyntaxNode[] = [];
  const flush = () => {
    const [node] = current;
    if (!node) return;
    const asAt = current.findIndex((part) => part.name === "as");
    const dotted = (asAt === -1 ? current : current.slice(0, asAt)).map(text).join("");
    const alias = asAt === -1 ? undefined : current[asAt + 1];
    if (from !== undefined)
      items.push({ name: alias ? text(alias) : dotted, path: `${from}.${dotted}`, module: from, node });
    else if (alias) items.push({ name: text(alias), path: dotted, module: dotted, node });
    else items.push({ name: text(node), path: text(node), module: dotted, node });
    current = [];
  };
  for (const part of parts.slice(importAt + 1)) {
    if (part.name === ",") flush();
    else current.push(part);
  }
  flush();
  const isWildcard = from !== undefined && items[0]?.node.name === "*";
  return {
    ...(from !== undefined && { from }),
    isRelative: from?.startsWith(".") ?? false,
    isWildcard,
    items,
  };
}

/** What code binds: what the programs of a session leave to the next one. */
export interface Bindings {
  /** Names, with what an import makes them stand for. */
  readonly bound: ReadonlyMap<string, string | undefined>;
  readonly asyncFunctions: ReadonlySet<string>;
  readonly attributes: ReadonlySet<string>;
  readonly hasClasses: boolean;
}

/** What a program binds, in any of its scopes; `modules` are imported besides. */
export function readBindings(tree: Tree, code: string, modules: readonly string[] = []): Bindings {
  const bound = new Map<string, string | undefined>(modules.map((name) => [name, name]));
  const asyncFunctions = new Set<string>();
  const attributes = new Set<string>();
  let hasClasses = false;
  const text = (node: { from: number; to: number }) => code.slice(node.from, node.to);
  const bind = (name: string, path?: string) => {
    if (bound.has(name)) asyncFunctions.delete(name);
    bound.set(name, bound.has(name) && bound.get(name) !== path ? undefined : path);
  };
  const bindTargets = (nodes: readonly SyntaxNode[]) => {
    const waiting = [...nodes];
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      if (node.name === "VariableName") bind(text(node));
      else if (node.name === "MemberExpression" && node.lastChild?.name === "PropertyName")
        attributes.add(text(node.lastChild));
      else if (/^(Tuple|Array|Parenthesized)Expression$/.test(node.name)) waiting.push(...children(node));
    }
  };
  const bindBetween = (node: SyntaxNode, open: string, close: string) => {
    let isOpen = false;
    for (const child of children(node)) {
      if (child.name === open) isOpen = true;
      else if (child.name === close) isOpen = false;
      else if (isOpen) bindTargets([child]);
    }
  };
  const bindAfterAs = (node: SyntaxNode) => {
    let previous: SyntaxNode | undefined;
    for (const child of children(node)) {
      if (previous?.name === "as") bindTargets([child]);
      previous = child;
    }
  };

  const enter = (ref: NodeRef) => {
    const { name } = ref;
    if (name === "ImportStatement") {
      for (const item of readImport(ref.node, code).items) bind(item.name, item.path);
    } else if (name === "FunctionDefinition") {
      const own = ref.node.getChild("VariableName");
      if (!own) return;
      if (ref.node.parent?.name === "Body") attributes.add(text(own));
      const isNew = !bound.has(text(own));
      bind(text(own));
      if (isNew && ref.node.firstChild?.name === "async") asyncFunctions.add(text(own));
    } else if (name === "ClassDefinition") {
      hasClasses = true;
      const own = ref.node.getChild("VariableName");
      if (own) bind(text(own));
    } else if (name === "ParamList" || name === "TypeParamList") {
      let previous: SyntaxNode | undefined;
      for (const child of children(ref.node)) {
        if (child.name === "VariableName" && previous?.name !== "AssignOp") bind(text(child));
        previous = child;
      }
    } else if (name === "AssignStatement") {
      const parts = children(ref.node);
      const end = parts.findLastIndex((part) => part.name === "AssignOp");
      const targets = parts.slice(0, end === -1 ? 1 : end).filter((part) => part.name !== "TypeDef");
      bindTargets(targets);
      if (targets[0]?.name === "VariableName") attributes.add(text(targets[0]));
    } else if (name === "UpdateStatement" || name === "NamedExpression") {
      if (ref.node.firstChild) bindTargets([ref.node.firstChild]);
    } else if (name === "ForStatement" || COMPREHENSIONS.has(name)) {
      bindBetween(ref.node, "for", "in");
    } else if (name === "WithStatement" || name === "TryStatement") {
      bindAfterAs(ref.node);
    } else if (name === "ScopeStatement" || name === "CapturePattern") {
      bindTargets(children(ref.node));
    }
  };
  tree.cursor().iterate((ref) => {
    enter(ref);
  });
  return { bound, asyncFunctions, attributes, hasClasses };
}

/** What is bound after two programs: of a name that both bind, what the later one says. */
export function joinBindings(earlier: Bindings, later: Bindings): Bindings {
  const kept = [...earlier.asyncFunctions].filter((name) => !later.bound.has(name));
  return {
    bound: new Map([...earlier.bound, ...later.bound]),
    asyncFunctions: new Set([...kept, ...later.asyncFunctions]),
    attributes: new Set([...earlier.attributes, ...later.attributes]),
    hasClasses: earlier.hasClasses || later.hasClasses,
  };
}

/** The bindings without some names. */
export function withoutNames(bindings: Bindings, names: ReadonlySet<string>): Bindings {
  return {
    ...bindings,
    bound: new Map([...bindings.bound].filter(([name]) => !names.has(name))),
    asyncFunctions: new Set([...bindings.asyncFunctions].filter((name) => !names.has(name))),
  };
}

/** Reads which names a program binds, besides those that the programs before it in its session have bound. */
export function readNames(
  tree: Tree,
  code: string,
  hostFunctions: readonly string[],
  earlier?: Bindings,
): Names {
  const host = new Set(hostFunctions);
  const own = readBindings(tree, code);
  // The host binds its functions anew in each program.
  const bindings = earlier === undefined ? own : joinBindings(withoutNames(earlier, host), own);
  const { bound, asyncFunctions, attributes } = bindings;
  const text = (node: { from: number; to: number }) => code.slice(node.from, node.to);

  return {
    hasClasses: bindings.hasClasses,
    isBound: (name) => bound.has(name) || host.has(name),
    isHostFunction: (name) => host.has(name) && !bound.has(name),
    isAsyncFunction: (name) => asyncFunctions.has(name),
    isOwnAttribute: (name) => attributes.has(name),
    path(node) {
      const attributesOf: string[] = [];
      let root = node;
      for (let depth = 0; root.name === "MemberExpression"; depth += 1) {
        if (depth === DEEPEST_PATH || root.lastChild?.name !== "PropertyName" || !root.firstChild)
          return undefined;
        attributesOf.unshift(text(root.lastChild));
        root = root.firstChild;
      }
      if (root.name !== "VariableName") return undefined;
      const name = text(root);
      if (host.has(name) && !bound.has(name)) return undefined;
      const unbound = Object.hasOwn(MODULES, name) ? name : `builtins.${name}`;
      const base = bound.has(name) ? bound.get(name) : unbound;
      return base === undefined ? undefined : [base, ...attributesOf].join(".");
    },
  };
}
