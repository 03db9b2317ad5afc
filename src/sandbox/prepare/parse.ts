import { parser } from "@lezer/python";

export type Tree = ReturnType<typeof parser.parse>;
export type SyntaxNode = Tree["topNode"];
/** A node as a walk shows it; `.node` makes it a SyntaxNode. */
export type NodeRef = Parameters<Parameters<ReturnType<Tree["cursor"]>["iterate"]>[0]>[0];

const strictParser = parser.configure({ strict: true });

/** Longest source that is parsed at all, characters: parsing takes 1 to 2 milliseconds a thousand, and nothing else runs meanwhile. */
export const MAX_PARSED = 32_768;

/** Longest source that is parsed in spite of errors: recovering from errors takes 15 times as long. */
const MAX_RECOVERED = 5_000;

/** What can hold `for` clauses; a generator expression may be the only argument of a call. */
export const COMPREHENSIONS = new Set([
  "ComprehensionExpression",
  "ArrayComprehensionExpression",
  "DictionaryComprehensionExpression",
  "SetComprehensionExpression",
  "ArgList",
]);

/** Strings are the leaves in which source text is not syntax. */
const STRINGS = new Set(["String", "FormatString"]);

/** The tree of source without a syntax error, as far as the parser knows Python; else undefined. */
export function parseStrictly(code: string): Tree | undefined {
  if (code.length > MAX_PARSED) return undefined;
  try {
    return strictParser.parse(code);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The tree of source that may have errors, which then are nodes of it; undefined where that would take long. */
export function parseLeniently(code: string): Tree | undefined {
  return code.length > MAX_RECOVERED ? undefined : parser.parse(code);
}

/** The children of a node in order, without comments. */
export function children(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (child.name !== "Comment") found.push(child);
  }
  return found;
}

/** Whether any node inside (the node itself included) satisfies the test. */
export function contains(node: SyntaxNode, test: (name: string, isError: boolean) => boolean): boolean {
  let found = false;
  const cursor = node.cursor();
  cursor.iterate((inner) => {
    if (!found && test(inner.name, inner.type.isError)) found = true;
    return !found;
  });
  return found;
}

export function hasError(node: SyntaxNode): boolean {
  return contains(node, (_name, isError) => isError);
}

/** The positions, ascending, of line starts that lie inside a string. */
export function lineStartsInStrings(tree: Tree, code: string): Set<number> {
  const starts = new Set<number>();
  tree.cursor().iterate((node) => {
    if (!STRINGS.has(node.name)) return true;
    for (let at = code.indexOf("\n", node.from); at !== -1 && at < node.to; at = code.indexOf("\n", at + 1)) {
      starts.add(at + 1);
    }
    return false;
  });
  return starts;
}

/** The 1-based line of a position. */
export function lineAt(code: string, position: number): number {
  let line = 1;
  for (let at = code.indexOf("\n"); at !== -1 && at < position; at = code.indexOf("\n", at + 1)) line += 1;
  return line;
}

export interface Argument {
  readonly keyword?: string;
  readonly value: SyntaxNode;
  /** `*` or `**` where the argument is unpacked. */
  readonly unpacked: boolean;
  /** A generator expression without parentheses of its own: `sum(x for x in xs)`. */
  readonly isGenerator: boolean;
  readonly from: number;
  readonly to: number;
}

/** The arguments of a call, from its ArgList node. */
export function argumentsOf(list: SyntaxNode, code: string): Argument[] {
  const found: Argument[] = [];
  let parts: SyntaxNode[] = [];
  const flush = () => {
    const [first, second, third] = parts;
    const last = parts.at(-1);
    if (first && last) {
      const unpacked = first.name === "*" || first.name === "**";
      const keyword = second?.name === "AssignOp" && third ? code.slice(first.from, first.to) : undefined;
      found.push({
        ...(keyword !== undefined && { keyword }),
        value: (keyword !== undefined ? third : unpacked ? second : first) ?? first,
        unpacked,
        isGenerator: parts.some((part) => part.name === "for"),
        from: first.from,
        to: last.to,
      });
    }
    parts = [];
  };
  let isTarget = false;
  for (const child of children(list)) {
    if (child.name === "(" || child.name === ")") continue;
    if (child.name === "for") isTarget = true;
    if (child.name === "in") isTarget = false;
    if (child.name === "," && !isTarget) flush();
    else parts.push(child);
  }
  flush();
  return found;
}
