import { HostCalls, type HostFunctions } from "./calls.js";
import { asData, calledAsData, catchable, hostName, isPrelude } from "./catchable.js";
import { encodeDate, encodeDateTime, encodeFunction } from "./encode.js";
import {
  MontyAbortedError,
  MontyCrashedError,
  MontyRuntimeError,
  MontySyntaxError,
  type TraceFrame,
} from "./errors.js";
import type { CallResult, OsCall, RaisedException, Request, TurnEnd } from "./messages.js";
import type { RuntimeProcess } from "./process.js";

/** How long a waiting program may take to end itself when told to, before its process is killed. */
const ABORT_GRACE_MS = 250;

const MAX_CALL_ID = 2 ** 32;

/** A name that nothing defines. */
const UNDEFINED_NAME = "__monty_code_mode_undefined__";

/** Two things that the runtime does when a program awaits what nothing will ever give. */
const STALLED = "asyncio scheduler stalled";
const NEVER_ANSWERED =
  "this awaits a call that an earlier program has made and not awaited: it ended with that program. Call the tool again.";

/** Limits that the interpreter itself keeps. */
export interface RuntimeLimits {
  /** Time spent interpreting in the whole session, without waiting for host calls, milliseconds; undefined for any. */
  readonly interpreterMs: number | undefined;
  readonly memoryBytes: number;
  /** Depth of nested Python calls. */
  readonly recursion: number;
}

export interface FeedOptions {
  /** Bound by name in the program. */
  readonly functions: HostFunctions;
  readonly onPrint: (text: string) => void;
  /** Called for each call before it is made: where it aborts the signal, the call is not made. */
  readonly onCall: () => void;
  /** Time the process may compute, milliseconds, where the session has no limit of its own; then it is told. */
  readonly computing?: { readonly ms: number; onExceeded(): void } | undefined;
  /** Whether tasks of the program catch the failures of their calls: see `catchable`. */
  readonly catchesInTasks?: boolean | undefined;
  /** Ends the program when it aborts: a waiting one is told to, a computing one is killed with its process. */
  readonly signal: AbortSignal;
}

/** A session with a runtime process: what one feed defines the next one sees, until `reset`. */
export class MontySession {
  /** Calls have numbers of their own: the runtime counts from 0 in each feed, and one may outlive its feed. */
  private nextCallId = 0;
  /** The runtime names the code of each feed by its number. */
  private feeds = 0;
  /** Lines of the latest feed that are not the program's. */
  private linesBefore = 0;

  constructor(private readonly runtime: RuntimeProcess) {}

  /** Must come first. With `stubs`, the session can check types. */
  async configure(limits: RuntimeLimits, stubs?: string): Promise<void> {
    await this.acknowledge(configuration(limits, stubs));
  }

  /** Forgets everything, and takes a configuration anew. */
  async reset(limits: RuntimeLimits, stubs?: string): Promise<void> {
    await this.acknowledge({ type: "reset" }, configuration(limits, stubs));
    this.feeds = 0;
  }

  /**
   * Compiles code without running any of it: a first line that raises stands before it.
   *
   * @throws MontySyntaxError, MontyAbortedError, MontyCrashedError
   */
  async compile(code: string, signal: AbortSignal): Promise<void> {
    const request = this.feed(`raise RuntimeError\n${code}`, { skipTypeCheck: true });
    const ending = new Ending(signal, this.runtime);
    const end = await ending.during(this.runtime.turn(request)).finally(() => ending.close());
    if (end.type !== "error") throw this.violation(end);
    const error = this.programError(end.exception);
    if (!(error instanceof MontySyntaxError)) return;
    const sentLines = error.frames.map((frame) => ({ ...frame, line: frame.line - 1 }));
    throw new MontySyntaxError(error.type, error.message, sentLines);
  }

  /**
   * Whether a name is bound.
   *
   * @throws MontyAbortedError, MontyCrashedError
   */
  async has(name: string, signal: AbortSignal): Promise<boolean> {
    const ending = new Ending(signal, this.runtime);
    try {
      let end = await ending.during(this.runtime.turn(this.feed(`${name} is None`, { skipTypeCheck: true })));
      if (end.type === "name_lookup")
        end = await ending.during(this.runtime.turn({ type: "resume_name_lookup" }));
      return end.type === "complete";
    } finally {
      ending.close();
    }
  }

  /**
   * Checks the types of code without running any of it: a first line that is a type error stands before it.
   * Gives the findings as the checker prints them; they count that line as line 1 and hold its error.
   *
   * @throws MontyCrashedError
   */
  async check(code: string): Promise<string> {
    const end = await this.runtime.turn(this.feed(`${UNDEFINED_NAME}\n${code}`, { skipTypeCheck: false }));
    if (end.type === "typing_error") return end.diagnostics;
    throw this.violation(end);
  }

  /**
   * Runs code and gives the value of its last expression, encoded.
   *
   * @throws MontySyntaxError, MontyRuntimeError: the session can go on.
   * @throws MontyAbortedError when the signal aborted, MontyCrashedError when the process ended.
   */
  async feedRun(
    code: string,
    { functions, onPrint, onCall, computing, catchesInTasks = false, signal }: FeedOptions,
  ): Promise<Uint8Array> {
    const calls = new HostCalls();
    const answeredAsData = new Set<number>();
    const ending = new Ending(signal, this.runtime, computing);
    const turn = (request: Request) => ending.during(this.runtime.turn(request, onPrint));

    try {
      const names = [...functions.keys()];
      const bound = catchesInTasks ? names.map(hostName) : names;
      const inputs = bound.map((name) => [name, encodeFunction(name)] as const);
      const fed = catchesInTasks ? catchable(code, names) : { code, linesBefore: 0 };
      let end = await turn(this.feed(fed.code, { inputs, skipTypeCheck: true }, fed.linesBefore));
      for (;;) {
        if (end.type === "complete") return end.value;
        if (end.type === "error") throw this.programError(end.exception);
        if (signal.aborted) throw await this.abortWaiting(signal.reason);
        switch (end.type) {
          case "function_call": {
            const { callId, args, kwargs } = end;
            // In a session, what an earlier program has kept of a function may be the function itself.
            const asked = calledAsData(end.name);
            const name = asked ?? end.name;
            const future = this.nextCallId;
            this.nextCallId = (future + 1) % MAX_CALL_ID;
            onCall();
            if (signal.aborted) break;
            const host = functions.get(name);
            const result: CallResult =
              host === undefined ? { type: "not_found", name } : { type: "future", callId: future };
            const next = turn({ type: "resume_call", callId, result });
            // The program is already going on while the host works.
            if (host !== undefined) calls.start(future, host, args, kwargs);
            if (asked !== undefined) answeredAsData.add(future);
            end = await next;
            break;
          }
          case "resolve_futures": {
            if (end.pendingCallIds.length === 0) throw await this.abortStalled();
            const results = await Promise.race([calls.take(end.pendingCallIds), ending.ended]);
            if (results === "aborted") break;
            const answers = results.map(
              ([callId, result]) =>
                [callId, answeredAsData.delete(callId) ? asData(result) : result] as const,
            );
            end = await turn({ type: "resume_futures", results: answers });
            break;
          }
          case "name_lookup":
            end = await turn({ type: "resume_name_lookup" });
            break;
          case "os_call":
            end = await turn({ type: "resume_call", callId: end.callId, result: answer(end.call) });
            break;
          default:
            throw this.violation(end);
        }
      }
    } finally {
      ending.close();
    }
  }

  /** Ends a program that waits for what nothing gives. */
  private async abortStalled(): Promise<MontyRuntimeError | MontyAbortedError> {
    const { frames } = await this.abortWaiting("stalled");
    return new MontyRuntimeError("RuntimeError", NEVER_ANSWERED, frames);
  }

  /** Ends a program that waits for the host: its process lives on, and the program's line is known. */
  private async abortWaiting(reason: unknown): Promise<MontyAbortedError> {
    const timer = setTimeout(() => this.runtime.kill(), ABORT_GRACE_MS);
    try {
      const end = await this.runtime.turn({
        type: "abort_feed",
        exception: { type: "RuntimeError", message: "the program was ended" },
      });
      if (end.type !== "error") throw this.violation(end);
      return new MontyAbortedError(reason, this.programError(end.exception).frames);
    } catch {
      return new MontyAbortedError(reason, []);
    } finally {
      clearTimeout(timer);
    }
  }

  private feed(
    code: string,
    options: { inputs?: readonly (readonly [string, Uint8Array])[]; skipTypeCheck: boolean },
    linesBefore = 0,
  ): Request {
    this.feeds += 1;
    this.linesBefore = linesBefore;
    return { type: "feed", code, inputs: [], ...options };
  }

  private programError({ type, message, frames }: RaisedException): MontyRuntimeError {
    const own = `<python-input-${this.feeds - 1}>`;
    const trace = frames.flatMap(({ file, line, name, source }): TraceFrame[] => {
      const functionName = name === "" || name === "<module>" ? null : name;
      if (file !== own)
        return isPrelude(name, source) ? [] : [{ line, functionName, earlier: source.trim() }];
      return line > this.linesBefore ? [{ line: line - this.linesBefore, functionName }] : [];
    });
    // Frames of the parser have no name; an exception that a running program raises has `<module>` at least.
    const parsing = frames.length === 1 && frames[0]?.name === "";
    if (message.includes(STALLED)) return new MontyRuntimeError(type, NEVER_ANSWERED, trace);
    return parsing ? new MontySyntaxError(type, message, trace) : new MontyRuntimeError(type, message, trace);
  }

  private async acknowledge(...requests: Request[]): Promise<void> {
    for (const end of await this.runtime.turns(requests)) if (end.type !== "ok") throw this.violation(end);
  }

  private violation(end: TurnEnd): MontyCrashedError {
    const error = new MontyCrashedError(`The Monty runtime answered with ${end.type} where it must not.`);
    this.runtime.kill(error.message);
    return error;
  }
}

function configuration({ interpreterMs, memoryBytes, recursion }: RuntimeLimits, stubs?: string): Request {
  const limits = {
    maxDurationMicros: interpreterMs === undefined ? undefined : interpreterMs * 1000,
    maxMemoryBytes: memoryBytes,
    maxRecursionDepth: recursion,
  };
  return { type: "configure", limits, stubs };
}

/**
 * The end that a signal puts to a program: kills its process if it computes, wakes who waits if not. The end of the
 * process wakes too: with no results, for which the next turn fails.
 */
class Ending {
  readonly ended: Promise<"aborted" | []>;
  private computing = false;
  private onAbort = () => {};
  private stopListening = () => {};
  private msLeft: number;

  constructor(
    private readonly signal: AbortSignal,
    runtime: RuntimeProcess,
    private readonly limit?: FeedOptions["computing"],
  ) {
    this.msLeft = limit?.ms ?? 0;
    this.ended = new Promise((resolve) => {
      this.onAbort = () => {
        if (this.computing) runtime.kill();
        resolve("aborted");
      };
      this.stopListening = runtime.onEnd(() => resolve([]));
    });
    signal.addEventListener("abort", this.onAbort);
  }

  /** Waits for the process to compute. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.computing = true;
    if (this.signal.aborted) this.onAbort();
    const started = performance.now();
    const timer = this.limit && setTimeout(this.limit.onExceeded, Math.max(1, this.msLeft));
    try {
      return await work;
    } catch (error) {
      throw this.signal.aborted ? new MontyAbortedError(this.signal.reason, []) : error;
    } finally {
      clearTimeout(timer);
      this.msLeft -= performance.now() - started;
      this.computing = false;
    }
  }

  close(): void {
    this.signal.removeEventListener("abort", this.onAbort);
    this.stopListening();
  }
}

/** What a program learns of the host: the time. All else is not handled, which raises in the program. */
function answer(call: OsCall): CallResult {
  switch (call.type) {
    case "date_today":
      return { type: "return_value", value: encodeDate(new Date()) };
    case "date_time_now":
      return { type: "return_value", value: encodeDateTime(new Date(), call.zone) };
    case "other":
      return { type: "not_handled" };
  }
}
