import type { Failure } from "../program.js";
import { children, lineStartsInStrings, parseLeniently, parseStrictly, type Tree } from "./parse.js";

/** The program inside what was sent. */
export interface Unwrapped {
  readonly code: string;
  readonly tree: Tree | undefined;
  /** How many lines of the source stand before the code. */
  readonly linesBefore: number;
  readonly notes: readonly string[];
}

interface Line {
  readonly at: number;
  readonly text: string;
}

interface Block {
  readonly tag: string;
  /** Index of the line that opens the block. */
  readonly opener: number;
  readonly from: number;
  readonly to: number;
}

const PYTHON_TAGS = new Set(["python", "py", "python3", "py3"]);
const FENCE_SIGN = "`";
/** How many fence lines are tried as the end of a block. */
const MOST_CLOSERS = 8;

/** Takes the program out of a fenced block and out of an indentation of the whole. */
export function unwrap(source: string): Unwrapped | { failure: Failure } {
  const tree = parseStrictly(source);
  const unfenced = tree ? { code: source, linesBefore: 0, notes: [] } : unfence(source);
  if ("failure" in unfenced) return unfenced;
  const { code, linesBefore, notes } = unfenced;
  const parsed = tree ?? parseStrictly(code) ?? parseLeniently(code);
  const dedented = parsed && dedent(code, parsed);
  if (dedented === undefined) return { code, tree: parsed, linesBefore, notes };
  return {
    code: dedented,
    tree: parseStrictly(dedented) ?? parseLeniently(dedented),
    linesBefore,
    notes: [...notes, "The whole program was indented: the indentation was taken off."],
  };
}

function unfence(source: string): Omit<Unwrapped, "tree"> | { failure: Failure } {
  const asSent = { code: source, linesBefore: 0, notes: [] };
  const lines = linesOf(source);
  const isFirst = (index: number) => lines.slice(0, index).every(({ text }) => text.trim() === "");
  const opener = lines.findIndex(({ text }) => fenceOf(text) !== undefined);
  if (opener === -1 || (!isFirst(opener) && isInString(source, lines[opener]?.at ?? 0))) return asSent;

  const blocks = readBlocks(source, lines, opener);
  const python = blocks.filter(({ tag }) => PYTHON_TAGS.has(tag));
  const [block, second] = python.length === 1 ? python : blocks;
  if (!block) return asSent;
  if (second) {
    const line = lines[second.opener];
    const failure = {
      kind: "syntax",
      message: `There are ${blocks.length} fenced blocks: which one is the program?`,
      line: second.opener + 1,
      source: line?.text ?? "",
      hint: "Send one program, without fences and without text around it.",
    } as const;
    return { failure };
  }
  const before = source.slice(0, lines[block.opener]?.at);
  if (source.slice(block.from, block.to).trim() === "" && parseStrictly(before)) {
    return { code: before, linesBefore: 0, notes: ["A code fence at the end was taken off."] };
  }
  return {
    code: source.slice(block.from, block.to),
    linesBefore: block.opener + 1,
    notes: ["The program was taken out of its fenced block."],
  };
}

function readBlocks(source: string, lines: readonly Line[], firstOpener: number): Block[] {
  const blocks: Block[] = [];
  for (let opener = firstOpener; opener < lines.length; opener += 1) {
    const fence = fenceOf(lines[opener]?.text ?? "");
    if (!fence) continue;
    const closer = findCloser(source, lines, opener, fence.mark);
    const from = lines[opener + 1]?.at ?? source.length;
    blocks.push({ tag: fence.tag, opener, from, to: lines[closer]?.at ?? source.length });
    opener = closer;
  }
  return blocks;
}

/** The fence that ends a block: the first one that leaves Python without an error, or else the first. */
function findCloser(source: string, lines: readonly Line[], opener: number, mark: string): number {
  const from = lines[opener + 1]?.at ?? source.length;
  let first: number | undefined;
  let tried = 0;
  for (let index = opener + 1; index < lines.length && tried < MOST_CLOSERS; index += 1) {
    const line = lines[index];
    const fence = fenceOf(line?.text ?? "");
    if (!line || fence?.tag !== "" || !fence.mark.startsWith(mark)) continue;
    first ??= index;
    tried += 1;
    if (parseStrictly(source.slice(from, line.at))) return index;
  }
  return first ?? lines.length;
}

/** Whether a line is a Markdown fence: three or more of its sign, then the tag. */
function fenceOf(line: string): { mark: string; tag: string } | undefined {
  const text = line.trim();
  if (!text.startsWith(FENCE_SIGN.repeat(3))) return undefined;
  let length = 0;
  while (text[length] === FENCE_SIGN) length += 1;
  const tag = text.slice(length).trim();
  return tag.includes(FENCE_SIGN) ? undefined : { mark: text.slice(0, length), tag: tag.toLowerCase() };
}

function isInString(source: string, at: number): boolean {
  const tree = parseLeniently(source);
  return tree === undefined || lineStartsInStrings(tree, source).has(at);
}

/** Takes the first statement's indentation off each line, if all lines have it; lines inside strings stay. */
function dedent(code: string, tree: Tree): string | undefined {
  const first = children(tree.topNode)[0];
  if (!first) return undefined;
  const lineStart = code.lastIndexOf("\n", first.from) + 1;
  const indentation = code.slice(lineStart, first.from);
  if (indentation === "" || indentation.trim() !== "") return undefined;
  const inStrings = lineStartsInStrings(tree, code);
  const lines = linesOf(code);
  const canStay = ({ at, text }: Line) =>
    inStrings.has(at) || text.trim() === "" || text.trim().startsWith("#");
  if (!lines.every((line) => canStay(line) || line.text.startsWith(indentation))) return undefined;
  return lines
    .map(({ at, text }) =>
      !inStrings.has(at) && text.startsWith(indentation) ? text.slice(indentation.length) : text,
    )
    .join("\n");
}

function linesOf(source: string): Line[] {
  let at = 0;
  return source.split("\n").map((text) => {
    const line = { at, text };
    at += text.length + 1;
    return line;
  });
}
