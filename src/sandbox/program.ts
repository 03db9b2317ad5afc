import type { FloatShape } from "./monty/values.js";

/** A function of the host that a program can call by name. */
export interface HostFunction {
  /** A Python identifier, unique in the program. */
  readonly name: string;
  /** Names of the parameters in the order in which positional arguments bind. */
  readonly parameters: readonly string[];
  /** Where the function's result holds floats: without it, `1` in JavaScript is the int `1` in Python. */
  readonly floats?: FloatShape | undefined;
  /**
   * Runs the call. Arguments are JSON values keyed by parameter name, not yet checked.
   *
   * @throws PythonError to raise that exception in the program; any other error is a RuntimeError there.
   */
  call(args: Record<string, unknown>, signal: AbortSignal): Promise<unknown>;
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
  /** Length of the result as JSON in UTF-8 bytes; a longer one is cut. */
  readonly resultBytes: number;
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
  /** Ends the program with kind `cancelled` when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Called when a host call starts and again when it ends. */
  readonly onToolCall?: ((call: ToolCall, phase: "start" | "end") => void) | undefined;
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
  /** In the order in which the program made them. */
  readonly toolCalls: readonly ToolCall[];
  /** Milliseconds, type check included. */
  readonly durationMs: number;
  /** Whether the result or what was printed was cut. */
  readonly truncated: boolean;
  /** What was mended in the code and what the result lost on its way to JSON, a sentence each. */
  readonly notes: readonly string[];
} & (
  | { readonly ok: true /** JSON. */; readonly result: unknown }
  | { readonly ok: false; readonly failure: Failure }
);
