import { bindTool, type CallContext } from "../bind.js";
import type { PythonFunction } from "../catalog/python-stubs.js";
import { ToolOutputError, UnansweredError } from "../catalog/tool.js";
import type { Untimed } from "../sandbox/deadline.js";
import { PythonError } from "../sandbox/monty/calls.js";
import { ValueError } from "../sandbox/monty/values.js";
import { type HostFunction, NotMade } from "../sandbox/program.js";
import { PythonValue } from "../sandbox/python-value.js";
import { callKey } from "./canonical.js";

/**
 * What became of a call: `done`, it gave a result, be it a wrong one; `failed`, it gave an error; `unknown`, it was
 * sent, and the program saw no answer.
 */
export type CallState = "running" | "done" | "failed" | "unknown";

/** The order in which a call takes equal ones of before: none is made again while one of them may have been done. */
const FIRST: readonly CallState[] = ["done", "unknown", "failed"];

/** A tool call as the journal keeps it. */
export interface JournaledCall {
  /** The tool with its canonical arguments: equal calls have equal keys. */
  readonly key: string;
  readonly isReadOnly: boolean;
  readonly isIdempotent: boolean;
  state: CallState;
  /** Of a call that is done; undefined where it took too much room to be kept, or was none that the tool may give. */
  result: PythonValue | undefined;
}

/** A call that changes something, before it is made. */
export interface Write {
  readonly call: JournaledCall;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** Decides which writes of a program are made. */
export interface WriteGate {
  /**
   * Lets a write pass, or gives what the program gets in its place.
   *
   * @throws PythonError for one that must not be made.
   */
  pass(write: Write): PythonValue | undefined;
  /** The journal had the result of an equal call: the write is not made. */
  replayed(call: JournaledCall): void;
  /** A write that was let pass has failed. */
  failed(call: JournaledCall): void;
}

export interface CallCounts {
  /** Calls that were made. */
  run: number;
  /** Calls whose result came from the journal. */
  replayed: number;
  /** Of those made. */
  failed: number;
  /** Of those made. */
  unknown: number;
}

export interface JournalOptions {
  /** The calls of the execution that is resumed; none for a fresh start. */
  readonly kept?: readonly JournaledCall[] | undefined;
  /** Results are kept up to so many bytes: beyond, the oldest read-only calls are forgotten. */
  readonly maxBytes: number;
  readonly gate?: WriteGate | undefined;
  /** Called when a call gets its answer after the end of the program. */
  readonly onLate?: (() => void) | undefined;
}

/** The tool calls of one execution: makes those that an earlier one has not made, and keeps what became of each. */
export class Journal {
  readonly counts: CallCounts = { run: 0, replayed: 0, failed: 0, unknown: 0 };
  private own: JournaledCall[] = [];
  /** Calls of the resumed execution that no call has been equal to yet. */
  private readonly unused = new Map<string, JournaledCall[]>();
  /** Calls that wait for the user's consent, or did when the program ended. */
  private readonly asking = new Set<JournaledCall>();
  private bytes = 0;
  private returned = 0;

  constructor(private readonly options: JournalOptions) {
    for (const call of options.kept ?? []) {
      const equal = this.unused.get(call.key);
      if (equal) equal.push(call);
      else this.unused.set(call.key, [call]);
      this.bytes += bytesOf(call);
    }
  }

  /** What an execution that resumes this one starts from; of equal calls, those first that this one has got. */
  get calls(): readonly JournaledCall[] {
    return [...this.own, ...Array.from(this.unused.values()).flat()];
  }

  /** Length of what the tools returned, as JSON in UTF-8 bytes. */
  get returnedBytes(): number {
    return this.returned;
  }

  /** Makes a tool callable from the program, by way of the journal. */
  bind(declared: PythonFunction, context?: CallContext): HostFunction {
    const host = bindTool(declared, context);
    const keyOf = callKey(declared);
    const { readOnlyHint, idempotentHint } = declared.tool.annotations;
    const kind = { isReadOnly: readOnlyHint === true, isIdempotent: idempotentHint === true };
    return {
      ...host,
      call: async (args, signal, untimed) => {
        const key = keyOf(args);
        const known = this.replay(declared.name, key, kind);
        if (known !== undefined) return new NotMade(known);
        const { gate } = this.options;
        const call: JournaledCall = { key, ...kind, state: "running", result: undefined };
        if (gate !== undefined && !kind.isReadOnly) {
          await host.check(args);
          signal.throwIfAborted();
          const instead = gate.pass({ call, name: declared.name, arguments: args });
          if (instead !== undefined) return new NotMade(instead);
        }
        this.own.push(call);
        this.counts.run += 1;
        // What is done untimed is to ask the user: nothing is sent before a yes, nor after the program's end.
        const asking: Untimed = async (work) => {
          this.asking.add(call);
          const answer = await untimed(work);
          if (!signal.aborted) this.asking.delete(call);
          return answer;
        };
        try {
          return this.keep(call, await host.call(args, signal, asking), host);
        } catch (error) {
          // After the end of the program, an error says only that the tool has stopped.
          if (call.state === "running" && !signal.aborted) this.fail(call, error);
          throw error;
        }
      },
    };
  }

  /** The program has ended: calls without an answer are unknown, unless the answer still comes. */
  end(): void {
    // While the user is asked, nothing has been sent, and now nothing will be.
    for (const call of this.own.filter(({ state }) => state === "running"))
      this.lose(call, this.asking.has(call) ? "failed" : "unknown");
  }

  /** A call gave an error: it has failed, unless the error tells that it was sent and unanswered, or done. */
  private fail(call: JournaledCall, error: unknown): void {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof ToolOutputError) {
      call.state = "done";
      this.counts.failed += 1;
    } else this.lose(call, cause instanceof UnansweredError ? "unknown" : "failed");
  }

  private lose(call: JournaledCall, state: "failed" | "unknown"): void {
    call.state = state;
    this.counts[state] += 1;
    if (state === "failed" && !call.isReadOnly) this.options.gate?.failed(call);
  }

  /**
   * The result of an equal call that is done; undefined where the call is to be made.
   *
   * @throws PythonError where making it could do a second time what was done.
   */
  private replay(name: string, key: string, kind: Pick<JournaledCall, "isReadOnly" | "isIdempotent">) {
    const equal = this.unused.get(key);
    if (equal === undefined) return undefined;
    const [call] = equal.toSorted((a, b) => FIRST.indexOf(a.state) - FIRST.indexOf(b.state));
    if (call === undefined) return undefined;
    const take = () => {
      equal.splice(equal.indexOf(call), 1);
      if (equal.length === 0) this.unused.delete(key);
    };
    if (call.state === "done" && call.result !== undefined) {
      take();
      this.own.push(call);
      this.counts.replayed += 1;
      this.options.gate?.replayed(call);
      return call.result;
    }
    const isSafe = call.state === "failed" || kind.isReadOnly || kind.isIdempotent;
    if (!isSafe) {
      const why = WHY_NOT[call.state === "done" ? "done" : "unknown"];
      throw new PythonError("RuntimeError", `${name}: ${why}`);
    }
    take();
    return undefined;
  }

  private keep(call: JournaledCall, value: unknown, host: HostFunction): unknown {
    const isLate = call.state !== "running";
    // A late answer tells what became of a write; a read can be made again.
    if (isLate && call.isReadOnly) return value;
    call.state = "done";
    let encoded: PythonValue;
    try {
      encoded = value instanceof PythonValue ? value : PythonValue.of(value, host.floats);
    } catch (error) {
      if (error instanceof ValueError) return value;
      throw error;
    }
    if (!isLate) this.returned += encoded.jsonBytes;
    call.result = encoded;
    this.bytes += bytesOf(call);
    this.shrink(call);
    if (isLate) this.options.onLate?.();
    return encoded;
  }

  /**
   * Forgets read-only calls while the results take too much room, those first that this program has got already; at
   * last the newest result.
   */
  private shrink(newest: JournaledCall): void {
    const { maxBytes } = this.options;
    if (this.bytes <= maxBytes) return;
    const forgotten = new Set<JournaledCall>();
    for (const call of this.calls) {
      if (this.bytes <= maxBytes) break;
      if (!call.isReadOnly || call.result === undefined) continue;
      forgotten.add(call);
      this.bytes -= bytesOf(call);
    }
    this.own = this.own.filter((call) => !forgotten.has(call));
    for (const [key, equal] of this.unused) {
      const left = equal.filter((call) => !forgotten.has(call));
      if (left.length > 0) this.unused.set(key, left);
      else this.unused.delete(key);
    }
    if (this.bytes <= maxBytes) return;
    this.bytes -= bytesOf(newest);
    newest.result = undefined;
  }
}

function bytesOf({ result }: JournaledCall): number {
  return result?.bytes.length ?? 0;
}

const CHECK = "Find out by a read; to make the call all the same, make it in a program without resume_from.";

const WHY_NOT = {
  unknown: `the outcome of this call is unknown: an earlier program sent it and saw no answer, so it may have been done. ${CHECK}`,
  done: `this call was done by an earlier program, but its result was too long to be kept, or is none that the tool may give. ${CHECK}`,
};
