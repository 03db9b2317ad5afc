import { BusyError } from "./fair-slots.js";
import { hintFor, undefinedName } from "./hints.js";
import type { Diagnostic } from "./monty/checker.js";
import { UnawaitedError } from "./monty/decoder.js";
import {
  MontyAbortedError,
  MontyCrashedError,
  MontyRuntimeError,
  MontySyntaxError,
  type TraceFrame,
} from "./monty/errors.js";
import { HeldLimitError } from "./monty/pool.js";
import type { Failure, FailureKind, Limits, Program } from "./program.js";
import { minutes, quote, SessionLimitError } from "./python-session.js";

/** Why this side ended a program: the reason of its abort signal. */
export type Ended = "deadline" | "cancelled" | "toolCalls" | "output" | "computing";

/** Type errors that one answer lists. */
const MAX_LISTED_ERRORS = 5;

/** Lines of a traceback that a message names, innermost first. */
const MAX_LISTED_FRAMES = 4;

/** Characters of a message and of a line of source that an answer repeats: both may be as long as programs can make them. */
const MAX_MESSAGE = 4000;
const MAX_SOURCE_LINE = 400;

export interface FailureContext {
  /** The code as it was sent. */
  readonly source: string;
  /** From a line of the code that ran to a line of the code as it was sent. */
  readonly lineOf: (line: number) => number;
  readonly limits: Limits;
  readonly timeoutMs: number;
  /** Tool calls that had not ended. */
  readonly unfinished: readonly { readonly name: string; readonly ms: number }[];
  readonly suggest?: Program["suggest"];
}

/** The failure that an error of the driver is to the author of the program. Null for what is no such error. */
export function failureOf(error: unknown, context: FailureContext): Failure | null {
  if (error instanceof MontySyntaxError) return located("syntax", message(error), error.frames, context);
  if (error instanceof MontyRuntimeError) return runtimeFailure(error, context);
  if (error instanceof MontyAbortedError) return ended(error.reason as Ended, error.frames, context);
  if (error instanceof MontyCrashedError) {
    return error.outOfMemory ? outOfMemory([], context) : { kind: "crash", message: error.message };
  }
  if (error instanceof BusyError) {
    const message = `The server is busy: this program found no place to run within ${seconds(error.waitedMs)}.`;
    return { kind: "limit", message, hint: "Nothing was run. Send the same program again later." };
  }
  if (error instanceof SessionLimitError) {
    const names = error.open.map(quote).join(", ");
    return {
      kind: "limit",
      message: `As many sessions are open as may be: ${names}.`,
      hint: `Nothing was run. Go on in one of them, start one of them afresh with \`reset\`, or run the program without a session. One ends after ${minutes(error.idleMs)} without a program.`,
    };
  }
  if (error instanceof HeldLimitError) {
    return {
      kind: "limit",
      message: `The server holds ${error.limit} sessions, as many as it may.`,
      hint: "Nothing was run. Run the program without a session, or send it again later.",
    };
  }
  if (error instanceof UnawaitedError) {
    return {
      kind: "runtime",
      message: `The result holds ${error.message}.`,
      hint: "Write `await` before the call, or collect several with `await asyncio.gather(...)`.",
    };
  }
  return null;
}

/** The failure that type errors are: the first one, with the others listed. */
export function typeFailure(
  found: readonly [Diagnostic, ...Diagnostic[]],
  stubs: string,
  context: FailureContext,
): Failure {
  const [first, ...others] = found;
  const at = (line: number) => `line ${context.lineOf(line)}`;
  const listed = others.slice(0, MAX_LISTED_ERRORS - 1).map(({ message, line }) => `${at(line)}: ${message}`);
  const more = others.length - listed.length;
  if (more > 0) listed.push(`and ${more} more`);
  const frames = [{ line: first.line, functionName: null }];
  const failure = located("type", [first.message, ...listed].join("\n"), frames, context);
  return { ...failure, hint: failure.hint ?? knownKeys(first.message, stubs) };
}

/** The keys that are there, for a message about one that is not. */
function knownKeys(message: string, stubs: string): string | undefined {
  const [, name] = /^Unknown key .* for TypedDict `(\w+)`/.exec(message) ?? [];
  if (name === undefined) return undefined;
  const [, body] = new RegExp(`^class ${name}\\(TypedDict\\):\\n((?: {4}.*\\n)+)`, "m").exec(stubs) ?? [];
  const keys = Array.from(body?.matchAll(/^ {4}(\w+):/gm) ?? [], ([, key]) => key);
  return keys.length === 0 ? undefined : `The keys of ${name} are ${keys.join(", ")}.`;
}

function runtimeFailure(error: MontyRuntimeError, context: FailureContext): Failure {
  const { type, frames } = error;
  if (type === "TimeoutError" && error.message.startsWith("time limit exceeded")) {
    return computedTooLong(frames, context);
  }
  if (type === "MemoryError") return outOfMemory(frames, context);
  if (type === "RecursionError") {
    return limit(`More than ${context.limits.recursion} nested calls: ${message(error)}.`, frames, context);
  }
  if (type === "RuntimeError" && error.message === "Max output depth exceeded") {
    return limit("The result is nested too deeply to be given back.", frames, context);
  }
  return located("runtime", message(error), frames, context);
}

function ended(reason: Ended, frames: readonly TraceFrame[], context: FailureContext): Failure {
  const { limits, unfinished } = context;
  switch (reason) {
    case "cancelled":
      return located("cancelled", "The program was cancelled.", frames, context);
    case "computing":
      return computedTooLong(frames, context);
    case "toolCalls":
      return limit(`The program made more than ${limits.toolCalls} tool calls.`, frames, context);
    case "output":
      return limit(`The program printed more than ${kib(maxPrintedBytes(limits))}.`, frames, context);
    case "deadline": {
      const waited = unfinished.map(({ name, ms }) => `${name} (for ${seconds(ms)})`).join(", ");
      const waiting = waited === "" ? "" : ` It waited for: ${waited}.`;
      return limit(`The program took longer than ${seconds(context.timeoutMs)}.${waiting}`, frames, context);
    }
  }
}

/** A program that prints more than this is ended: reading and dropping what it prints has its price too. */
export function maxPrintedBytes(limits: Limits): number {
  return limits.stdoutBytes * 64;
}

function computedTooLong(frames: readonly TraceFrame[], context: FailureContext): Failure {
  const message = `The program computed for more than ${seconds(context.limits.interpreterMs)}.`;
  return limit(message, frames, context);
}

function outOfMemory(frames: readonly TraceFrame[], context: FailureContext): Failure {
  return limit(`The program needed more than ${mib(context.limits.memoryBytes)} of memory.`, frames, context);
}

function limit(message: string, frames: readonly TraceFrame[], context: FailureContext): Failure {
  return located("limit", message, frames, context);
}

function message({ type, message }: MontyRuntimeError): string {
  return message === "" ? type : cut(`${type}: ${message}`, MAX_MESSAGE);
}

/** Adds the innermost line of the program, the calls that led there and the hint. */
function located(
  kind: FailureKind,
  text: string,
  frames: readonly TraceFrame[],
  { source, lineOf, suggest }: FailureContext,
): Failure {
  const at = frames.findLastIndex(({ earlier }) => earlier === undefined);
  const innermost = frames[at];
  const called = at === frames.length - 1 ? "" : `\n${earlierCode(frames.at(-1))}`;
  if (innermost === undefined) return { kind, message: text + called, hint: hintFor(kind, text, undefined) };
  const line = lineOf(innermost.line);
  const code = cut(source.split(/\r\n|\r|\n/)[line - 1]?.trimEnd() ?? "", MAX_SOURCE_LINE);
  const calling = frames
    .slice(0, at)
    .filter(({ earlier }) => earlier === undefined)
    .reverse();
  // Recursion calls from the same line again and again.
  const callers = calling.filter(({ line }, index) => line !== calling[index - 1]?.line);
  const named = callers.slice(0, MAX_LISTED_FRAMES - 1).map((frame) => `line ${lineOf(frame.line)}`);
  if (callers.length > named.length) named.push("…");
  const path =
    innermost.functionName === null || named.length === 0
      ? ""
      : `\nin ${innermost.functionName}(), called from ${named.join(", from ")}`;
  const unknown = undefinedName(text);
  const hint = hintFor(kind, text, code) ?? (unknown && suggest?.(unknown));
  return { kind, message: text + called + path, line, source: code, hint };
}

/** Where in an earlier program of the session something happened. */
function earlierCode({ functionName, earlier = "" }: Partial<TraceFrame> = {}): string {
  const where = typeof functionName === "string" ? `in ${functionName}() of` : "in";
  return `${where} an earlier program: \`${cut(earlier, MAX_SOURCE_LINE)}\``;
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

function seconds(ms: number): string {
  return ms < 100 ? `${Math.round(ms)} ms` : `${Number((ms / 1000).toFixed(1))} s`;
}

function kib(bytes: number): string {
  return `${Number((bytes / 1024).toFixed(1))} KiB`;
}

function mib(bytes: number): string {
  return `${Number((bytes / 1024 / 1024).toFixed(1))} MiB`;
}
