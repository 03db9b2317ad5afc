import type { MessageInitShape } from "@bufbuild/protobuf";
import { HostCalls, type HostFunctions } from "./calls.js";
import { encodeDate, encodeDateTime, encodeFunction } from "./encode.js";
import {
  MontyAbortedError,
  MontyCrashedError,
  MontyRuntimeError,
  MontySyntaxError,
  MontyTypingError,
  type TraceFrame,
} from "./errors.js";
import type { RuntimeProcess, TurnEnd, TurnRequest } from "./process.js";
import { type CallResultSchema, type Exception, type OsCall, TypeCheckFormat } from "./runtime_pb.js";

type CallResultInit = NonNullable<MessageInitShape<typeof CallResultSchema>["kind"]>;

/** The protocol of Monty 0.0.23. */
const PROTOCOL_VERSION = 2;

/** How long a waiting program may take to end itself when told to, before its process is killed. */
const ABORT_GRACE_MS = 250;

/** A name that nothing defines. */
const UNDEFINED_NAME = "__monty_code_mode_undefined__";

/** Limits that the interpreter itself keeps. */
export interface RuntimeLimits {
  /** Time spent interpreting, without waiting for host calls, milliseconds. */
  readonly interpreterMs: number;
  readonly memoryBytes: number;
  /** Depth of nested Python calls. */
  readonly recursion: number;
}

export interface FeedOptions {
  /** Bound by name in the program. */
  readonly functions: HostFunctions;
  readonly onPrint: (text: string) => void;
  /** Ends the program when it aborts: a waiting one is told to, a computing one is killed with its process. */
  readonly signal: AbortSignal;
}

/** A session with a runtime process: what one feed defines the next one sees, until `reset`. */
export class MontySession {
  constructor(private readonly runtime: RuntimeProcess) {}

  /** Must come first, and again after `reset`. With `stubs`, the session can check types. */
  async configure(limits: RuntimeLimits, stubs?: string): Promise<void> {
    await this.acknowledge({
      case: "configure",
      value: {
        protocolVersion: PROTOCOL_VERSION,
        // Without one the type checker fails.
        scriptName: "main.py",
        limits: {
          maxDurationMicros: BigInt(limits.interpreterMs) * 1000n,
          maxMemoryBytes: BigInt(limits.memoryBytes),
          maxRecursionDepth: BigInt(limits.recursion),
        },
        ...(stubs !== undefined && {
          typeCheck: true,
          typeCheckStubs: stubs,
          typeCheckFormat: TypeCheckFormat.JSON,
        }),
      },
    });
  }

  /** Forgets everything, the configuration too. */
  async reset(): Promise<void> {
    await this.acknowledge({ case: "reset", value: {} });
  }

  /**
   * Compiles code without running any of it: a first line that raises stands before it.
   *
   * @throws MontySyntaxError, MontyAbortedError, MontyCrashedError
   */
  async compile(code: string, signal: AbortSignal): Promise<void> {
    const request: TurnRequest = {
      case: "feed",
      value: { code: `raise RuntimeError\n${code}`, skipTypeCheck: true },
    };
    const end = await this.killable(signal, () => this.runtime.turn(request));
    if (end.case !== "error") throw this.violation(end);
    const error = programError(end.value.exception);
    if (!(error instanceof MontySyntaxError)) return;
    const sentLines = error.frames.map((frame) => ({ ...frame, line: frame.line - 1 }));
    throw new MontySyntaxError(error.type, error.message, sentLines);
  }

  /**
   * Checks the types of code without running any of it: a first line that is a type error stands before it.
   *
   * @throws MontyTypingError always; its diagnostics count that line as line 1 and hold its error.
   */
  async check(code: string): Promise<never> {
    const end = await this.runtime.turn({ case: "feed", value: { code: `${UNDEFINED_NAME}\n${code}` } });
    if (end.case === "typingError") throw new MontyTypingError(end.value.diagnostics);
    throw this.violation(end);
  }

  /**
   * Runs code and gives the value of its last expression, encoded.
   *
   * @throws MontySyntaxError, MontyRuntimeError: the session can go on.
   * @throws MontyAbortedError when the signal aborted, MontyCrashedError when the process ended.
   */
  async feedRun(code: string, { functions, onPrint, signal }: FeedOptions): Promise<Uint8Array> {
    const calls = new HostCalls();
    let onAbort = () => {};
    const aborted = new Promise<"aborted">((resolve) => {
      onAbort = () => resolve("aborted");
    });
    signal.addEventListener("abort", onAbort);
    const turn = (request: TurnRequest) => this.killable(signal, () => this.runtime.turn(request, onPrint));

    try {
      const inputs = Array.from(functions.keys(), (name) => ({ name, value: encodeFunction(name) }));
      let end = await turn({ case: "feed", value: { code, inputs, skipTypeCheck: true } });
      for (;;) {
        if (end.case === "complete") return end.value.value;
        if (end.case === "error") throw programError(end.value.exception);
        if (signal.aborted) throw await this.abortWaiting(signal.reason);
        switch (end.case) {
          case "functionCall": {
            const { callId, functionName, args, kwargs } = end.value;
            const host = functions.get(functionName);
            if (host !== undefined) calls.start(callId, host, args, kwargs);
            if (signal.aborted) break;
            const kind: CallResultInit =
              host === undefined
                ? { case: "notFound", value: functionName }
                : { case: "future", value: callId };
            end = await turn({ case: "resumeCall", value: { callId, result: { kind } } });
            break;
          }
          case "resolveFutures": {
            const results = await Promise.race([calls.take(end.value.pendingCallIds), aborted]);
            if (results !== "aborted") end = await turn({ case: "resumeFutures", value: { results } });
            break;
          }
          case "nameLookup":
            end = await turn({
              case: "resumeNameLookup",
              value: { answer: { case: "undefined", value: {} } },
            });
            break;
          case "osCall": {
            const { callId } = end.value;
            end = await turn({ case: "resumeCall", value: { callId, result: { kind: answer(end.value) } } });
            break;
          }
          default:
            throw this.violation(end);
        }
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Ends a program that waits for the host: its process lives on, and the program's line is known. */
  private async abortWaiting(reason: unknown): Promise<MontyAbortedError> {
    const timer = setTimeout(() => this.runtime.kill(), ABORT_GRACE_MS);
    try {
      const end = await this.runtime.turn({
        case: "abortFeed",
        value: { exception: { excType: "RuntimeError", message: "the program was ended" } },
      });
      if (end.case !== "error") throw this.violation(end);
      return new MontyAbortedError(reason, programError(end.value.exception).frames);
    } catch {
      return new MontyAbortedError(reason, []);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Lets the process compute, and kills it when the signal aborts meanwhile. */
  private async killable(signal: AbortSignal, compute: () => Promise<TurnEnd>): Promise<TurnEnd> {
    const kill = () => this.runtime.kill();
    if (signal.aborted) kill();
    signal.addEventListener("abort", kill);
    try {
      return await compute();
    } catch (error) {
      throw signal.aborted ? new MontyAbortedError(signal.reason, []) : error;
    } finally {
      signal.removeEventListener("abort", kill);
    }
  }

  private async acknowledge(request: TurnRequest): Promise<void> {
    const end = await this.runtime.turn(request);
    if (end.case !== "ok") throw this.violation(end);
  }

  private violation(end: TurnEnd): MontyCrashedError {
    const error = new MontyCrashedError(`The Monty runtime answered with ${end.case} where it must not.`);
    this.runtime.kill(error.message);
    return error;
  }
}

/** What a program learns of the host: the time. All else is not handled, which raises in the program. */
function answer({ kind }: OsCall): CallResultInit {
  switch (kind.case) {
    case "dateToday":
      return { case: "returnValue", value: encodeDate(new Date()) };
    case "dateTimeNow":
      return { case: "returnValue", value: encodeDateTime(new Date(), kind.value.tz) };
    default:
      return { case: "notHandled", value: {} };
  }
}

function programError(exception: Exception | undefined): MontyRuntimeError {
  const type = exception?.excType || "RuntimeError";
  const message = exception?.message ?? "";
  // Frames of the parser have no name; an exception that a running program raises has `<module>` at least.
  const parsing = exception?.traceback.length === 1 && exception.traceback[0]?.frameName === "";
  return parsing
    ? new MontySyntaxError(type, message, frames(exception))
    : new MontyRuntimeError(type, message, frames(exception));
}

function frames(exception: Exception | undefined): TraceFrame[] {
  return (exception?.traceback ?? []).map(({ start, frameName }) => ({
    line: start?.line ?? 1,
    functionName: frameName === "" || frameName === "<module>" ? null : frameName,
  }));
}
