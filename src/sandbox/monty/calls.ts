import type { CallResult } from "./messages.js";

/** Exceptions that the runtime lets the host raise. */
const PYTHON_EXCEPTIONS = [
  "Exception",
  "ValueError",
  "TypeError",
  "KeyError",
  "IndexError",
  "LookupError",
  "RuntimeError",
  "TimeoutError",
  "PermissionError",
  "OSError",
  "FileNotFoundError",
  "NotImplementedError",
  "AttributeError",
] as const;

/** Thrown by a host function to raise that exception in the program; any other error is a RuntimeError there. */
export class PythonError extends Error {
  override readonly name = "PythonError";

  constructor(
    readonly type: (typeof PYTHON_EXCEPTIONS)[number],
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Longer messages of exceptions are cut: they end up in the program's own memory and in answers. */
const MAX_MESSAGE_LENGTH = 4000;

/** Takes encoded arguments and encoded keyword pairs, and gives an encoded value. */
export type HostFunction = (
  args: readonly Uint8Array[],
  kwargs: readonly Uint8Array[],
) => Promise<Uint8Array>;

export type HostFunctions = ReadonlyMap<string, HostFunction>;

/** The host calls of one feed: started at once, answered as they end. */
export class HostCalls {
  private readonly settled = new Map<number, CallResult>();
  private wake: (() => void) | undefined;

  /** Starts a call, before it returns. The outcome, also a failure, is kept for `take`. */
  start(
    callId: number,
    host: HostFunction,
    args: readonly Uint8Array[],
    kwargs: readonly Uint8Array[],
  ): void {
    const settle = (result: CallResult) => {
      this.settled.set(callId, result);
      this.wake?.();
    };
    host(args, kwargs).then(
      (value) => settle({ type: "return_value", value }),
      (error) => settle(raised(error)),
    );
  }

  /**
   * Waits until at least one of the calls has ended and gives those that have; of failed ones, one: a second in the
   * same turn stalls the runtime where the calls are gathered.
   */
  async take(callIds: readonly number[]): Promise<[callId: number, CallResult][]> {
    for (;;) {
      const ready = callIds.flatMap((callId): [number, CallResult][] => {
        const result = this.settled.get(callId);
        return result === undefined ? [] : [[callId, result]];
      });
      const firstFailed = ready.find(([, { type }]) => type === "error");
      const given = ready.filter((one) => one[1].type !== "error" || one === firstFailed);
      if (given.length > 0) {
        for (const [callId] of given) this.settled.delete(callId);
        return given;
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}

function raised(error: unknown): CallResult {
  const text = error instanceof Error ? error.message : String(error);
  const message = text.length > MAX_MESSAGE_LENGTH ? `${text.slice(0, MAX_MESSAGE_LENGTH)}…` : text;
  const type = error instanceof PythonError ? error.type : "RuntimeError";
  return { type: "error", exception: { type, message: message.toWellFormed() } };
}
