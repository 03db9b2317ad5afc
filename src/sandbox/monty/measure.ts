import { BinaryReader, type WireType } from "@bufbuild/protobuf/wire";
import { Decoder } from "./decoder.js";
import { FIELD as F, ValueError } from "./values.js";

export interface Measured {
  /** Length of the value as JSON, UTF-8 bytes; a dict with two keys of the same text counts as an object. */
  readonly jsonBytes: number;
  /** Whether a sandbox process takes the value back as it is: it holds no instance, function, iterator or cycle. */
  readonly portable: boolean;
}

/**
 * Measures an encoded Python value without decoding it.
 *
 * @throws ValueError for bytes that are no value.
 */
export function measure(bytes: Uint8Array): Measured {
  const meter = new Meter(new BinaryReader(bytes));
  try {
    return { jsonBytes: meter.value(bytes.length), portable: meter.portable };
  } catch (error) {
    if (error instanceof ValueError) throw error;
    throw new ValueError(`not a value: ${error instanceof Error ? error.message : error}`);
  }
}

const NOT_PORTABLE: ReadonlySet<number> = new Set([F.classInstance, F.fileHandle, F.repr, F.cycle]);

/** Walks values as `Decoder` does, and adds up what it would write. */
class Meter {
  portable = true;
  private readonly scalars: Decoder;

  constructor(private readonly reader: BinaryReader) {
    this.scalars = new Decoder(reader, { note: () => undefined });
  }

  value(end: number): number {
    const { reader } = this;
    let size = "null".length;
    while (reader.pos < end) {
      const { pos } = reader;
      const [field, wireType] = reader.tag();
      size = this.field(field, wireType, pos);
    }
    return size;
  }

  private field(field: number, wireType: WireType, start: number): number {
    const { reader } = this;
    if (NOT_PORTABLE.has(field)) this.portable = false;
    switch (field) {
      case F.list:
      case F.tuple:
      case F.set:
      case F.frozenSet:
        return this.parts(this.end(), 1, () => this.value(this.end()));
      case F.dict:
        return this.parts(this.end(), 1, () => this.pair(this.end()));
      case F.namedTuple:
        return this.namedTuple(this.end());
      case F.classInstance:
        return this.parts(this.end(), 3, () => this.parts(this.end(), 1, () => this.pair(this.end())) - 2);
      case F.str:
        return textBytes(reader.bytes());
      default: {
        reader.skip(wireType, field);
        const { pos } = reader;
        reader.pos = start;
        const value = this.scalars.value(pos);
        return typeof value === "string" ? jsonLength(value) : String(value).length;
      }
    }
  }

  /** The parts of a message that stand in one of its fields, in brackets and with commas between them. */
  private parts(end: number, wanted: number, part: () => number): number {
    const { reader } = this;
    let size = 2;
    let count = 0;
    while (reader.pos < end) {
      const [field, wireType] = reader.tag();
      if (field === wanted) {
        size += part();
        count += 1;
      } else reader.skip(wireType, field);
    }
    return size + Math.max(0, count - 1);
  }

  private pair(end: number): number {
    const { reader } = this;
    let size = 1;
    while (reader.pos < end) {
      const [field, wireType] = reader.tag();
      if (field === 1) size += this.key(this.end());
      else if (field === 2) size += this.value(this.end());
      else reader.skip(wireType, field);
    }
    return size;
  }

  /** A key that is no text is written as text. */
  private key(end: number): number {
    const { reader } = this;
    const { pos } = reader;
    const [field] = reader.tag();
    reader.pos = pos;
    if (field === F.str) return this.value(end);
    const value = this.scalars.value(end);
    return jsonLength(typeof value === "string" ? value : JSON.stringify(value));
  }

  private namedTuple(end: number): number {
    const { reader } = this;
    let size = 2;
    let count = 0;
    while (reader.pos < end) {
      const [field, wireType] = reader.tag();
      if (field === 2) size += textBytes(reader.bytes()) + 1;
      else if (field === 3) {
        size += this.value(this.end());
        count += 1;
      } else reader.skip(wireType, field);
    }
    return size + Math.max(0, count - 1);
  }

  /** The end of the message that comes next. */
  private end(): number {
    const { reader } = this;
    const end = reader.uint32() + reader.pos;
    if (end > reader.len) throw new ValueError("not a value: cut off");
    return end;
  }
}

const SHORT_ESCAPES: ReadonlySet<number> = new Set(Buffer.from('"\\\b\f\n\r\t'));

/** Length of a text as JSON, from its UTF-8 bytes. */
function textBytes(text: Uint8Array): number {
  let size = 2 + text.length;
  for (const byte of text) {
    if (byte > 0x22 && byte !== 0x5c) continue;
    if (SHORT_ESCAPES.has(byte)) size += 1;
    else if (byte < 0x20) size += 5;
  }
  return size;
}

function jsonLength(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}
