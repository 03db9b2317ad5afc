import { appendFileSync, closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../bind.js";
import { formatJson } from "../format-json.js";
import type { Execution } from "../sandbox/program.js";
import { visible } from "../visible.js";
import { phaseTitle, seconds, totalsOf, totalsTable, turnTable } from "./stats.js";
import type { Phase, Turn, TurnEvent } from "./turn.js";

/** Longer texts are cut, characters. */
const MAX_TEXT = 4000;
const MAX_CODE = 20_000;
/** Columns of a result; what fits in a line stays on it. */
const JSON_WIDTH = 100;

export interface SessionLogOptions {
  /** Is created where it is missing. */
  readonly dir: string;
  /** What the session is, for the first line: the command and the model. */
  readonly title: string;
  /** Is told once when the log cannot be written; the session goes on without it. */
  readonly warn: (problem: string) => void;
}

/** A file that tells a person what happens in a session, while it happens. Texts in it cannot drive a terminal. */
export class SessionLog {
  private readonly turns: Turn[] = [];
  private started = 0;
  /** Undefined before the first turn, null when the log cannot be written or is closed. */
  private file: { readonly path: string; readonly fd: number } | null | undefined;

  constructor(private readonly options: SessionLogOptions) {}

  /**
   * Creates the file, which the first turn does otherwise.
   *
   * @returns its path; undefined when it cannot be written.
   */
  open(): string | undefined {
    if (this.file === undefined) {
      this.file = this.attempt(() => createFile(this.options.dir));
      this.write(
        `session ${new Date().toISOString()}, process ${process.pid}: ${visible(this.options.title)}`,
      );
    }
    return this.file?.path;
  }

  /** Begins the record of a turn. Turns may overlap: each line that starts an entry names its turn. */
  turn(question: string): TurnLog {
    this.open();
    this.started += 1;
    const name = `turn ${this.started}`;
    const entry = (title: string, ...blocks: readonly string[]) =>
      this.write([`[${name}] ${title}`, ...blocks.map((block) => indent(visible(block)))].join("\n"));
    this.write("");
    entry(`question, ${new Date().toISOString()}`, cut(question, MAX_TEXT));
    return {
      event: (event) => {
        if (event.type === "done") this.turns.push(event.turn);
        for (const [title, ...blocks] of entriesOf(event)) entry(title, ...blocks);
      },
    };
  }

  /** Writes what the session cost in all. */
  close(): void {
    if (this.turns.length > 0) this.write(`\n[session]\n${indent(totalsTable(totalsOf(this.turns)))}`);
    const { file } = this;
    this.file = null;
    if (file) this.attempt(() => closeSync(file.fd));
  }

  private write(text: string): void {
    const { file } = this;
    if (file && this.attempt(() => appendFileSync(file.fd, `${text}\n`)) === null) this.file = null;
  }

  private attempt<T>(step: () => T): T | null {
    try {
      return step();
    } catch (error) {
      this.options.warn(`The session log in ${this.options.dir} cannot be written: ${messageOf(error)}.`);
      return null;
    }
  }
}

/** The record of one turn. */
export interface TurnLog {
  event(event: TurnEvent): void;
}

/** A file named by the time, in local order; nobody else may read it: questions are the user's own. */
function createFile(dir: string): { path: string; fd: number } {
  mkdirSync(dir, { recursive: true });
  const name = `${new Date().toISOString().replaceAll(":", "-")}-${process.pid}`;
  for (let copy = 1; ; copy += 1) {
    const path = join(dir, `${name}${copy === 1 ? "" : `-${copy}`}.log`);
    try {
      return { path, fd: openSync(path, "ax", 0o600) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

type Entry = readonly [title: string, ...blocks: string[]];

function entriesOf(event: TurnEvent): Entry[] {
  switch (event.type) {
    case "phase":
      return [[phaseText(event.phase, event.attempt)]];
    case "discovered":
      return [["calls to start from", ...event.calls.map((call) => cut(call, MAX_TEXT))]];
    case "attempt":
      return attemptEntries(event);
    case "corrected":
      return [[`numbers that stand nowhere, the model is asked again: ${visible(event.numbers.join(", "))}`]];
    case "done":
      return doneEntries(event.turn);
    case "failed":
      return [["failed", cut(messageOf(event.error), MAX_TEXT)]];
  }
}

function phaseText(phase: Phase, attempt: number): string {
  return `${phaseTitle(phase)}${phase === "code" || attempt > 1 ? `, attempt ${attempt}` : ""}`;
}

function attemptEntries({ code, execution, error }: TurnEvent & { type: "attempt" }): Entry[] {
  return [
    ...(code === null ? [] : [["program", cut(code, MAX_CODE)] as const]),
    ...(execution === null ? [] : [[ranText(execution)] as const]),
    ...(execution?.stdout ? [["printed", cut(execution.stdout.trimEnd(), MAX_TEXT)] as const] : []),
    ...(error === null ? [] : [["error", cut(error, MAX_TEXT)] as const]),
    ...(error === null && execution?.ok
      ? [["result", cut(formatJson(execution.result, JSON_WIDTH), MAX_TEXT)] as const]
      : []),
  ];
}

function doneEntries(turn: Turn): Entry[] {
  const { answer, route, unsupportedNumbers: numbers } = turn;
  return [
    [`reply, route ${route}`, cut(answer, MAX_TEXT)],
    ...(numbers.length === 0 ? [] : [[`unsupported numbers: ${visible(numbers.join(", "))}`] as const]),
    ["stats", turnTable(turn)],
  ];
}

/** `ran 0.012 s, 6 tool calls: get_team_members 1, get_expenses 5`. */
function ranText({ durationMs, toolCalls }: Execution): string {
  const calls = new Map<string, number>();
  for (const { name } of toolCalls) calls.set(name, (calls.get(name) ?? 0) + 1);
  const counts = Array.from(calls, ([name, times]) => `${name} ${times}`).join(", ");
  const failed = toolCalls.filter(({ error }) => error !== null).length;
  return [
    `ran ${seconds(durationMs)}, ${toolCalls.length} tool call${toolCalls.length === 1 ? "" : "s"}`,
    counts === "" ? "" : `: ${counts}`,
    failed === 0 ? "" : `; ${failed} failed`,
  ].join("");
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length).toWellFormed()}\n… ${(text.length - length).toLocaleString("en-US")} more characters`;
}

function indent(text: string): string {
  return text.replace(/^/gm, "  ");
}
