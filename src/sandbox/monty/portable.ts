import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { decodeResult } from "./decode.js";
import { measure } from "./measure.js";
import { readText } from "./scalars.js";
import { FIELD as F } from "./values.js";

/**
 * An encoded Python value without what lives in its process only: an instance is the dict of its fields; an iterator, a
 * function or a cycle is its text; a set that holds such things is a list, and a key of a dict its text. All else is as
 * it was.
 */
export function portable(bytes: Uint8Array): Uint8Array {
  const out = new BinaryWriter();
  new Porter(bytes, out).value(bytes.length);
  return out.finish();
}

/** What is done with the parts of a message, by the fields that they stand in; the others are copied. */
type Parts = Readonly<Record<number, (end: number) => void>>;

class Porter {
  private readonly reader: BinaryReader;
  private readonly item: Parts = { 1: (end) => this.value(end) };
  private readonly pairs: Parts = { 1: (end) => this.copy(end, this.pair) };
  private readonly pair: Parts = { 1: (end) => this.key(end), 2: (end) => this.value(end) };

  constructor(
    private readonly bytes: Uint8Array,
    private readonly out: BinaryWriter,
  ) {
    this.reader = new BinaryReader(bytes);
  }

  /** Writes the value that ends at `end`. */
  value(end: number): void {
    const { reader, out } = this;
    while (reader.pos < end) {
      const { pos } = reader;
      const [field, wireType] = reader.tag();
      switch (field) {
        case F.list:
        case F.tuple:
          this.nested(field, () => this.copy(this.end(), this.item));
          break;
        case F.set:
        case F.frozenSet: {
          const end = this.end();
          const isSame = measure(this.bytes.subarray(pos, end)).portable;
          this.nested(isSame ? field : F.list, () => this.copy(end, this.item));
          break;
        }
        case F.dict:
          this.nested(field, () => this.copy(this.end(), this.pairs));
          break;
        case F.namedTuple:
          this.nested(field, () => this.copy(this.end(), { 3: (end) => this.value(end) }));
          break;
        case F.classInstance:
          this.nested(F.dict, () => this.attributes(this.end()));
          break;
        case F.repr:
          this.text(reader.string());
          break;
        case F.cycle:
          this.text(readText(new BinaryReader(reader.bytes()), 2));
          break;
        case F.fileHandle:
          reader.skip(wireType, field);
          out.tag(F.none, WireType.LengthDelimited).bytes(new Uint8Array());
          break;
        default:
          reader.skip(wireType, field);
          out.raw(this.bytes.subarray(pos, reader.pos));
      }
    }
  }

  private copy(end: number, parts: Parts): void {
    const { reader, out } = this;
    while (reader.pos < end) {
      const { pos } = reader;
      const [field, wireType] = reader.tag();
      const part = parts[field];
      if (part === undefined) {
        reader.skip(wireType, field);
        out.raw(this.bytes.subarray(pos, reader.pos));
      } else this.nested(field, () => part(this.end()));
    }
  }

  private attributes(end: number): void {
    const { reader } = this;
    while (reader.pos < end) {
      const [field, wireType] = reader.tag();
      if (field === 3) this.copy(this.end(), this.pairs);
      else reader.skip(wireType, field);
    }
  }

  private key(end: number): void {
    const { reader } = this;
    const key = this.bytes.subarray(reader.pos, end);
    reader.pos = end;
    if (measure(key).portable) this.out.raw(key);
    else {
      const { value } = decodeResult(key, Number.POSITIVE_INFINITY, () => undefined);
      this.text(typeof value === "string" ? value : JSON.stringify(value));
    }
  }

  private text(text: string): void {
    this.out.tag(F.str, WireType.LengthDelimited).string(text);
  }

  private nested(field: number, write: () => void): void {
    this.out.tag(field, WireType.LengthDelimited).fork();
    write();
    this.out.join();
  }

  /** The end of the message that comes next. */
  private end(): number {
    const { reader } = this;
    return reader.uint32() + reader.pos;
  }
}
