import { setMaxListeners } from "node:events";
import type { Untimed } from "./deadline.js";
import { type HostFunction as MontyFunction, PythonError } from "./monty/calls.js";
import { decodeArgument, decodeKeyword, decodeResult } from "./monty/decode.js";
import { encodeValue } from "./monty/encode.js";
import { ValueError } from "./monty/values.js";
import { type HostFunction, NotMade, type ToolCall } from "./program.js";
import { PythonValue } from "./python-value.js";
import { reportRoom } from "./report-room.js";
import { Slots } from "./slots.js";

/** Bytes of JSON that the report keeps of the arguments of one call. */
const MAX_REPORTED_CALL_BYTES = 1024;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface RecorderOptions {
  /** Calls that run at once. */
  readonly parallel: number;
  /** Calls in all; `onExceeded` is told about one more. */
  readonly total: number;
  readonly onExceeded: () => void;
  readonly onToolCall: ((call: ToolCall, phase: "start" | "end") => void) | undefined;
  readonly untimed: Untimed;
  /** Milliseconds since the program started. */
  readonly clock: () => number;
}

/** The host calls of one program: binds their arguments, bounds their number, keeps the record. */
export class CallRecorder {
  private readonly slots: Slots;
  private readonly ending = new AbortController();
  private readonly running = new Map<Mutable<ToolCall>, boolean>();
  private readonly record: ToolCall[] = [];
  private reportedBytes = 0;
  private admitted = 0;

  constructor(private readonly options: RecorderOptions) {
    this.slots = new Slots(options.parallel);
    // Every call under way listens: many listeners are no leak.
    setMaxListeners(0, this.ending.signal);
  }

  /** The function as the runtime calls it. */
  wrap(host: HostFunction): MontyFunction {
    return (args, kwargs) => this.call(host, args, kwargs);
  }

  /** Counts a call that is about to be made. */
  admit(): void {
    this.admitted += 1;
    if (this.admitted > this.options.total) this.options.onExceeded();
  }

  /** Names of the calls that have not ended, with the milliseconds they have taken. */
  unfinished(): { name: string; ms: number }[] {
    const now = this.options.clock();
    return Array.from(this.running.keys(), ({ name, startedMs }) => ({ name, ms: now - startedMs }));
  }

  /** Ends the record: signals the calls still running and counts them up to now. */
  end(): readonly ToolCall[] {
    for (const [call, started] of this.running) {
      call.durationMs = this.options.clock() - call.startedMs;
      call.error = started ? "not finished when the program ended" : "not started: the program ended first";
    }
    this.running.clear();
    this.ending.abort(new Error("the program has ended"));
    return this.record;
  }

  private async call(
    host: HostFunction,
    args: readonly Uint8Array[],
    kwargs: readonly Uint8Array[],
  ): Promise<Uint8Array> {
    const { options } = this;
    const call: Mutable<ToolCall> = {
      name: host.name,
      arguments: {},
      startedMs: options.clock(),
      durationMs: 0,
      error: null,
      isMade: true,
    };
    this.record.push(call);
    this.running.set(call, false);
    try {
      const encoded = bind(host, args, kwargs);
      const bound: Record<string, unknown> = {};
      try {
        for (const [name, bytes] of encoded) bound[name] = argument(host, name, bytes);
      } finally {
        call.arguments = this.report(encoded, bound);
      }
      await this.slots.acquire(this.ending.signal);
      try {
        this.running.set(call, true);
        call.startedMs = options.clock();
        options.onToolCall?.(call, "start");
        const given = await host.call(bound, this.ending.signal, options.untimed);
        call.isMade = !(given instanceof NotMade);
        return result(host, given instanceof NotMade ? given.value : given);
      } finally {
        this.slots.release();
      }
    } catch (error) {
      if (this.running.has(call)) call.error = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      if (this.running.delete(call)) {
        call.durationMs = options.clock() - call.startedMs;
        options.onToolCall?.(call, "end");
      }
    }
  }

  /** The arguments as the record shows them: as the tool got them where they are short. */
  private report(
    encoded: ReadonlyMap<string, Uint8Array>,
    bound: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>> {
    const room = reportRoom(MAX_REPORTED_CALL_BYTES, this.reportedBytes);
    const size = Buffer.byteLength(JSON.stringify(bound));
    this.reportedBytes += Math.min(size, room);
    if (size <= room && Object.keys(bound).length === encoded.size) return bound;
    return Object.fromEntries(
      Array.from(encoded, ([name, bytes]) => {
        try {
          return [name, decodeResult(bytes, room / encoded.size, () => undefined).value];
        } catch (error) {
          return [name, `<${error instanceof Error ? error.message : error}>`];
        }
      }),
    );
  }
}

/** Binds positional and keyword arguments to names, as Python does. Missing ones are left to the host's check. */
function bind(
  host: HostFunction,
  args: readonly Uint8Array[],
  kwargs: readonly Uint8Array[],
): ReadonlyMap<string, Uint8Array> {
  const { name, parameters } = host;
  if (args.length > parameters.length) {
    const takes = `${parameters.length} argument${parameters.length === 1 ? "" : "s"}`;
    throw new PythonError("TypeError", `${name}() takes ${takes} but ${args.length} were given`);
  }
  const bound = new Map(args.map((bytes, index) => [parameters[index] as string, bytes]));
  for (const [keyword, bytes] of kwargs.map(decodeKeyword)) {
    if (!parameters.includes(keyword)) {
      const known = parameters.length === 0 ? "it takes none" : `its parameters are ${parameters.join(", ")}`;
      throw new PythonError(
        "TypeError",
        `${name}() got an unexpected keyword argument '${keyword}': ${known}`,
      );
    }
    if (bound.has(keyword)) {
      throw new PythonError("TypeError", `${name}() got multiple values for argument '${keyword}'`);
    }
    bound.set(keyword, bytes);
  }
  return bound;
}

function argument(host: HostFunction, name: string, bytes: Uint8Array): unknown {
  try {
    return decodeArgument(bytes);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new PythonError("TypeError", `argument '${name}' of ${host.name}(): ${error.message}`);
  }
}

function result(host: HostFunction, value: unknown): Uint8Array {
  if (value instanceof PythonValue) return value.bytes;
  try {
    return encodeValue(value, host.floats);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new PythonError(
      "RuntimeError",
      `${host.name}() returned what Python cannot hold: ${error.message}`,
    );
  }
}
