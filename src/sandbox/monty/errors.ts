/** How a turn of the runtime can end other than well. Named as in Pydantic's own wrapper. */

/** A place in the program, outermost first in a traceback. */
export interface TraceFrame {
  /** 1-based. */
  readonly line: number;
  /** Null at the top level. */
  readonly functionName: string | null;
  /** The text of the line, where it stands in an earlier program of the session. */
  readonly earlier?: string | undefined;
}

export class MontyError extends Error {
  override readonly name: string = "MontyError";
}

/** The program raised an exception that it did not catch, or hit a limit of the interpreter. */
export class MontyRuntimeError extends MontyError {
  override readonly name = "MontyRuntimeError";

  constructor(
    /** The Python exception: `KeyError`. */
    readonly type: string,
    message: string,
    readonly frames: readonly TraceFrame[],
  ) {
    super(message);
  }
}

/** The source did not parse, or uses syntax that Monty does not have. */
export class MontySyntaxError extends MontyRuntimeError {
  override readonly name = "MontySyntaxError" as "MontyRuntimeError";
}

/** The program was ended from this side; `reason` is that of the signal. */
export class MontyAbortedError extends MontyError {
  override readonly name = "MontyAbortedError";

  constructor(
    readonly reason: unknown,
    /** Where the program waited; empty where it was killed while computing. */
    readonly frames: readonly TraceFrame[],
  ) {
    super("the program was ended");
  }
}

/** The process ended, or broke the protocol and was ended. */
export class MontyCrashedError extends MontyError {
  override readonly name = "MontyCrashedError";

  constructor(
    message: string,
    /** Whether the allocator of the process hit the memory limit. */
    readonly outOfMemory = false,
  ) {
    super(message);
  }
}
