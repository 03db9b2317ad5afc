import { type Decoded, decodeResult } from "./monty/decode.js";
import { encodeValue } from "./monty/encode.js";
import { type Measured, measure } from "./monty/measure.js";
import { portable } from "./monty/portable.js";
import type { FloatShape } from "./monty/values.js";

/** A Python value as a sandbox process sent it, or as one takes it: what a host function gives as it is. */
export class PythonValue {
  private measured: Measured | undefined;

  constructor(readonly bytes: Uint8Array) {}

  /**
   * Encodes a JavaScript value.
   *
   * @throws ValueError for what has no counterpart in Python: see `encodeValue`.
   */
  static of(value: unknown, floats?: FloatShape): PythonValue {
    return new PythonValue(encodeValue(value, floats));
  }

  /** Length as JSON, UTF-8 bytes. */
  get jsonBytes(): number {
    return this.measure().jsonBytes;
  }

  /** Its JSON, cut to a length in bytes: see `decodeResult`. */
  toJson(maxBytes = Number.POSITIVE_INFINITY, note: (text: string) => void = () => undefined): Decoded {
    return decodeResult(this.bytes, maxBytes, note);
  }

  /** A value that a program of another process can be given: this one, or one in which other values stand for what lives in its process only. */
  portable(): PythonValue {
    return this.measure().portable ? this : new PythonValue(portable(this.bytes));
  }

  private measure(): Measured {
    this.measured ??= measure(this.bytes);
    return this.measured;
  }
}
