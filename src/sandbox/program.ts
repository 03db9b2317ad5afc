import type { Untimed } from "./deadline.js";
import type { FloatShape } from "./monty/values.js";
import type { PythonValue } from "./python-value.js";

/** A function of the host that a program can call by name. */
export interface HostFunction {
  /** A Python identifier, unique in the program. */
  readonly name: string;
  /** Names of the parameters in the order in which positional arguments bind. */
  readonly parameters: readonly string[];
  /** Where the function's result holds floats: without it, `1` in JavaScript is the int `1` in Python. */
  readonly floats?: FloatShape | undefined;
  /**
   * Runs the call. Arguments are JSON values keyed by parameter name, not yet checked. What is done by `untimed` does
   * not count for the program's wall clock time. Gives JSON, or a PythonValue, which the program gets as it is, or
   * NotMade.
   *
   * @throws PythonError to raise that exception in the program; any other error is a RuntimeError there.
   */
  call(args: Record<string, unknown>, signal: AbortSignal, untimed: Untimed): Promise<unknown>;
}

/** What a function gives for a call that it answers without making it: the program gets the value, as from a call. */
export class NotMade {
  constructor(readonly value: unknown) {}
}

/** Limits of every program. All are positive. */
export interface Limits {
  /** Wall clock from the program's turn to its result, milliseconds. */
  readonly timeoutMs: number;
  /** Time spent interpreting, without waiting for host calls, milliseconds. */
  readonly interpreterMs: number;
  readonly memoryBytes: number;
  /** Depth of nested Python calls. */
  readonly recursion: number;
  /** Host calls in all. */
  readonly toolCalls: number;
  /** Host calls at a time; more wait their turn. */
  readonly parallelToolCalls: number;
  /** Length of the program in UTF-8 bytes. */
  readonly codeBytes: number;
  /** Length of the result as JSON in UTF-8 bytes; of a longer one, a preview is given. */
  readonly resultBytes: number;
  /** Length of a preview as JSON in UTF-8 bytes. */
  readonly previewBytes: number;
  /** Length of what is printed in UTF-8 bytes; more is cut. */
  readonly stdoutBytes: number;
}

/** A session: what one program defines, the next one of the same owner and name finds. */
export interface ProgramSession {
  readonly name: string;
  /** Starts it afresh; a program that still runs in it goes on without it. */
  readonly reset?: boolean | undefined;
}

/** What to run: the code as its author sent it, and all it can reach. */
export interface Program {
  readonly code: string;
  readonly functions: readonly HostFunction[];
  /** Python declarations of the functions, read by the type checker. */
  readonly stubs: string;
  /** Whose program this is: a sandbox process serves one owner only. */
  readonly owner: object;
  /** Runs in a session of the owner; in a fresh state where undefined. */
  readonly session?: ProgramSession | undefined;
  /** Lowers the limit on wall clock time; a higher one changes nothing. */
  readonly timeoutMs?: number | undefined;
  /** What may be meant by a name that nothing defines, as a sentence; undefined where nothing is known. */
  readonly suggest?: ((name: string) => string | undefined) | undefined;
  /** Ends the program with kind `cancelled` when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Code that runs before the program, and what is done with the value of its last expression. */
  readonly prelude?: Prelude | undefined;
  /** Called when a host call starts and again when it ends. */
  readonly onToolCall?: ((call: ToolCall, phase: "start" | "end") => void) | undefined;
}

/** Runs a program within something of the caller's: gets the program, and what runs it. */
export type AroundProgram = (
  program: Program,
  run: (program: Program) => Promise<Execution>,
) => Promise<Execution>;

export interface Prelude {
  /** Trusted: it is neither prepared nor checked, and calls no function of the host. */
  readonly code: string;
  readonly onValue: (value: PythonValue) => void;
}

/** One host call of a program. */
export interface ToolCall {
  readonly name: string;
  /** As JSON, keyed by parameter name; long ones are cut. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Milliseconds from the start of the program. */
  readonly startedMs: number;
  /** Milliseconds; up to the end of the program for a call that was still running then. */
  readonly durationMs: number;
  /** Null for a call that gave a result. */
  readonly error: string | null;
  /** False for one that the function answered without making it. */
  readonly isMade: boolean;
}

/** Why a program failed, as its author needs to know it. */
export type FailureKind = "syntax" | "type" | "runtime" | "limit" | "crash" | "cancelled";

export interface Failure {
  readonly kind: FailureKind;
  /** One or several lines, no stack trace of the host. */
  readonly message: string;
  /** 1-based line of the code as it was sent, where the failure has one. */
  readonly line?: number | undefined;
  /** The text of that line. */
  readonly source?: string | undefined;
  /** What to write instead, where the cause is a known one. */
  readonly hint?: string | undefined;
}

/** The outcome of a program. */
export type Execution = {
  /** What was printed, cut at the limit. */
  readonly stdout: string;
  /** All that was printed, where `stdout` is cut. */
  readonly wholeStdout?: string | undefined;
  /** In the order in which the program made them. */
  readonly toolCalls: readonly ToolCall[];
  /** Milliseconds, type check included. */
  readonly durationMs: number;
  /** Whether the result or what was printed was cut. */
  readonly truncated: boolean;
  /** What was mended in the code and what the result lost on its way to JSON, a sentence each. */
  readonly notes: readonly string[];
} & (
  | {
      readonly ok: true;
      /** JSON; a preview where the value is too long. */
      readonly result: unknown;
      /** Length of the whole result as JSON, UTF-8 bytes, where `result` is a preview. */
      readonly resultBytes?: number | undefined;
      /** The whole result. */
      readonly value: PythonValue;
    }
  | { readonly ok: false; readonly failure: Failure }
);
