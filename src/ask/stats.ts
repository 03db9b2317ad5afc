import type { Logger } from "../logger.js";
import type { TokenUsage } from "./models/model.js";
import type { Phase, Turn, TurnEvent } from "./turn.js";

/** What turns cost in all. */
export interface Totals {
  readonly turns: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Prompt and completion tokens of code generation. */
  readonly codeTokens: number;
  /** Prompt and completion tokens of the other phases. */
  readonly otherTokens: number;
  /** Milliseconds spent waiting for the model while it wrote programs. */
  readonly codeLlmMs: number;
  /** Milliseconds spent waiting for the model in the other phases. */
  readonly otherLlmMs: number;
  /** Milliseconds spent in programs. */
  readonly codeMs: number;
}

/** Adds up what turns cost. */
export function totalsOf(turns: readonly Turn[]): Totals {
  const rows = turns.flatMap(({ usage }) => usage);
  const code = rows.filter(({ phase }) => phase === "code");
  const other = rows.filter(({ phase }) => phase !== "code");
  return {
    turns: turns.length,
    promptTokens: sum(rows, ({ promptTokens }) => promptTokens),
    completionTokens: sum(rows, ({ completionTokens }) => completionTokens),
    codeTokens: sum(code, tokensOf),
    otherTokens: sum(other, tokensOf),
    codeLlmMs: sum(code, ({ llmMs }) => llmMs),
    otherLlmMs: sum(other, ({ llmMs }) => llmMs),
    codeMs: sum(turns, ({ codeMs }) => codeMs),
  };
}

const PHASES: Record<Phase, string> = {
  discovery: "phase 1  discovery",
  code: "phase 2  code generation",
  answer: "phase 3  answer",
};

/** `phase 1  discovery`, as people see a phase. */
export function phaseTitle(phase: Phase): string {
  return PHASES[phase];
}

/** What one turn cost: a line a phase and a subtotal, split into code generation and the rest. */
export function turnTable(turn: Turn): string {
  const totals = totalsOf([turn]);
  const cells = (tokens: TokenUsage, llmMs: number) => [
    `${count(tokens.promptTokens)} prompt`,
    `+ ${count(tokens.completionTokens)} completion`,
    `= ${count(tokensOf(tokens))} tokens`,
    `${seconds(llmMs)} model`,
  ];
  const rows = turn.usage.map((row) => [
    phaseTitle(row.phase),
    ...cells(row, row.llmMs),
    row.phase === "code" ? `${seconds(turn.codeMs)} programs` : "",
    row.phase === "code" ? plural(turn.attempts, "attempt") : plural(row.calls, "model call"),
  ]);
  const subtotal = [
    "subtotal",
    ...cells(totals, totals.codeLlmMs + totals.otherLlmMs),
    `${seconds(totals.codeMs)} programs`,
  ];
  const [code, other] = shares(totals);
  const split = `code generation ${count(totals.codeTokens)} (${code}), the rest ${count(totals.otherTokens)} (${other})`;
  return `${align([...rows, subtotal])}\n${" ".repeat("phase 1  ".length)}${split}`;
}

/** `3 model calls, 7,229 tokens (code generation 1,004), 13.45 s model, 0.005 s programs`. */
export function turnLine(turn: Turn): string {
  const totals = totalsOf([turn]);
  const tokens = totals.codeTokens + totals.otherTokens;
  const split = ` (code generation ${count(totals.codeTokens)})`;
  return [
    plural(
      sum(turn.usage, ({ calls }) => calls),
      "model call",
    ),
    `${count(tokens)} tokens${totals.codeTokens > 0 ? split : ""}`,
    `${seconds(totals.codeLlmMs + totals.otherLlmMs)} model`,
    `${seconds(totals.codeMs)} programs`,
  ].join(", ");
}

/** What a session cost: code generation against the rest, in tokens and time. */
export function totalsTable(totals: Totals): string {
  const [code, other] = shares(totals);
  return align([
    [plural(totals.turns, "turn"), "tokens", "", "model time", "program time"],
    ["code generation", count(totals.codeTokens), code, seconds(totals.codeLlmMs), seconds(totals.codeMs)],
    ["the rest", count(totals.otherTokens), other, seconds(totals.otherLlmMs)],
    [
      "total",
      count(tokensOf(totals)),
      "",
      seconds(totals.codeLlmMs + totals.otherLlmMs),
      seconds(totals.codeMs),
    ],
  ]);
}

/** A log event for each turn that ends, without its texts; those, and each attempt, at level debug. */
export function logTurnEvent(logger: Logger, event: TurnEvent): void {
  if (event.type === "attempt") {
    const { attempt, code, error } = event;
    logger.debug("program of ask", { attempt, code, error });
  }
  if (event.type === "failed") {
    const { error, usage } = event;
    logger.info("turn of ask failed", { error: error instanceof Error ? error.message : error, usage });
  }
  if (event.type !== "done") return;
  const { question, code, result, answer, usage, unsupportedNumbers, ...facts } = event.turn;
  logger.info("turn of ask", { ...facts, usage, unsupportedNumbers: unsupportedNumbers.length });
  logger.debug("texts of ask", { question, code, result, answer, unsupportedNumbers });
}

function tokensOf({ promptTokens, completionTokens }: TokenUsage): number {
  return promptTokens + completionTokens;
}

/** The tokens of code generation and of the rest in percent; they add up to 100. */
function shares({ codeTokens, otherTokens }: Totals): [code: string, other: string] {
  const all = codeTokens + otherTokens;
  if (all === 0) return ["0%", "0%"];
  const code = Math.round((100 * codeTokens) / all);
  return [`${code}%`, `${100 - code}%`];
}

/** Columns two blanks apart: the first one to the left, the others to the right. */
function align(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map(({ length }) => length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}

/** `13.45 s`; three digits below a second, where programs are. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 1000 ? 3 : 2)} s`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

function sum<T>(rows: readonly T[], of: (row: T) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}
