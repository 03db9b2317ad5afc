import { BinaryReader, type WireType } from "@bufbuild/protobuf/wire";
import {
  dateText,
  durationText,
  offsetText,
  readBigInt,
  readException,
  readNumbers,
  readText,
  timeText,
} from "./scalars.js";
import { FIELD as F, formatPath, ValueError } from "./values.js";

/** The value holds a call that nobody awaited. */
export class UnawaitedError extends ValueError {
  constructor(place: string) {
    super(`a coroutine${place}: a call that was not awaited`);
  }
}

/** Thrown where what is decoded whole turns out to be longer than asked for; one for all, since a trace takes longer. */
export const TOO_LONG = new Error("longer than asked for");

/** Room kept in each array and object for what ends it: the last thing written and what says what was left out. */
const MARK_BYTES = 96;

/** Room of the text that says what was left out of a text. */
const TEXT_MARK_BYTES = 32;

/** Pairs of a dict that are looked at to choose among, where not all of them fit. */
const MAX_CHOSEN_FROM = 100_000;

export interface DecodeOptions {
  /** Is told what JSON cannot say; without it, that is refused. */
  readonly note?: (text: string) => void;
  /** Length of the JSON, bytes: what goes beyond is cut. */
  readonly maxBytes?: number;
  /** Length of the JSON, bytes: what is certain to go beyond is given up as TOO_LONG. */
  readonly giveUpAt?: number;
}

type Key = { readonly text: string; readonly value: unknown; readonly isCut: boolean };

/** Where a message lies in the bytes. */
type Span = { readonly start: number; readonly end: number };

/** Reads one value after the other from one reader: nested messages are read in place, up to their end. */
export class Decoder {
  private readonly path: (string | number)[] = [];

  private readonly note: ((text: string) => void) | undefined;
  /** Bytes of JSON that may still be written. */
  private left: number;
  /** Bytes of JSON until it is certain to be too long, by the least that each value takes. */
  private hope: number;
  /** Texts that were cut. */
  private cuts = 0;

  constructor(
    private readonly reader: BinaryReader,
    { note, maxBytes, giveUpAt }: DecodeOptions,
  ) {
    this.note = note;
    this.left = maxBytes ?? Number.POSITIVE_INFINITY;
    this.hope = giveUpAt ?? Number.POSITIVE_INFINITY;
  }

  /** Reads a value up to `end`. */
  value(end: number): unknown {
    const { reader } = this;
    let result: unknown = null;
    while (reader.pos < end) {
      const [field, wireType] = reader.tag();
      result = this.field(field, wireType);
    }
    return result;
  }

  private field(field: number, wireType: WireType): unknown {
    this.expect(2);
    switch (field) {
      case F.list:
      case F.tuple:
      case F.set:
      case F.frozenSet:
        return this.items(this.end());
      case F.dict:
        return this.dict(this.end());
      case F.namedTuple:
        return this.namedTuple(this.end());
      case F.classInstance:
        return this.instance(this.end());
      case F.str:
        return this.text();
      default: {
        const value = this.scalar(field, wireType);
        this.spend(value);
        return value;
      }
    }
  }

  private scalar(field: number, wireType: WireType): unknown {
    const { reader } = this;
    switch (field) {
      case F.none:
        return skip(reader, wireType, field, null);
      case F.boolean:
        return reader.bool();
      case F.int:
        return this.int(reader.sint64());
      case F.bigint:
        return this.int(readBigInt(this.sub()));
      case F.float:
        return this.float(reader.double());
      case F.path:
        return reader.string();
      case F.date:
        return dateText(readNumbers(this.sub()));
      case F.time:
        return timeText(readNumbers(this.sub()), 1);
      case F.datetime: {
        const parts = readNumbers(this.sub());
        const offset = parts[8] === undefined ? "" : offsetText(parts[8]);
        return `${dateText(parts)}T${timeText(parts, 4)}${offset}`;
      }
      case F.timedelta:
        return durationText(readNumbers(this.sub()));
      case F.timezone:
        return `UTC${offsetText(readNumbers(this.sub())[1] ?? 0)}`;
      case F.bytes:
        return this.lossy("bytes", () => this.base64(reader.bytes()), "as base64 text");
      case F.exception:
        return this.lossy("an exception", () => readException(this.sub()));
      case F.type:
        return this.lossy("a type", () => `<class '${readText(this.sub(), 1)}'>`);
      case F.function:
        return this.lossy("a function", () => `<function ${readText(this.sub(), 1)}>`);
      case F.builtinFunction:
        return this.lossy("a function", () => `<built-in function ${reader.string()}>`);
      case F.repr:
        return this.lossy("an object", () => reader.string());
      case F.cycle:
        return this.lossy("a circular reference", () => readText(this.sub(), 2));
      case F.ellipsis:
        return this.lossy("`...`", () => skip(reader, wireType, field, "..."));
      default:
        return this.lossy("a value of an unknown kind", () => skip(reader, wireType, field, null), "as null");
    }
  }

  private int(value: bigint | string): unknown {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    return this.lossy("an int beyond 2^53", () => String(value), "as text of its digits");
  }

  private float(value: number): unknown {
    if (Number.isFinite(value)) return value;
    return this.lossy(`the float ${value}`, () => String(value));
  }

  private text(): string {
    if (this.unlimited) {
      const { pos } = this.reader;
      this.expect(this.reader.uint32());
      this.reader.pos = pos;
      return this.reader.string();
    }
    const bytes = this.reader.bytes();
    const whole = bytes.length <= this.left;
    const text = Buffer.from(bytes.subarray(0, whole ? bytes.length : Math.max(0, this.left))).toString();
    const cost = jsonBytes(text);
    if (whole && cost <= this.left) {
      this.left -= cost;
      return text;
    }
    // Escaped characters take up to six bytes where they took one.
    const room = Math.max(0, this.left - TEXT_MARK_BYTES);
    const kept = text
      .slice(0, Math.floor((room / cost) * text.length))
      .replace(/[\ud800-\udbff\ufffd]+$/, "");
    const cut = `${kept}… (${bytes.length - Buffer.byteLength(kept)} more bytes)`;
    this.spend(cut);
    this.cuts += 1;
    return cut;
  }

  private base64(bytes: Uint8Array): string {
    const room = Math.max(0, Math.floor((this.left - TEXT_MARK_BYTES) / 4) * 3);
    if (bytes.length <= room) return Buffer.from(bytes).toString("base64");
    return `${Buffer.from(bytes.subarray(0, room)).toString("base64")}… (${bytes.length - room} more bytes)`;
  }

  private items(end: number): unknown[] {
    const { reader, path } = this;
    const result: unknown[] = [];
    this.left -= MARK_BYTES;
    while (reader.pos < end) {
      const [field, wireType] = reader.tag();
      if (field !== 1) {
        reader.skip(wireType, field);
        continue;
      }
      if (this.left <= 0) {
        reader.skip(wireType, field);
        result.push(`… (${1 + countRest(reader, end)} more items)`);
        reader.pos = end;
        return result;
      }
      path.push(result.length);
      result.push(this.value(this.end()));
      path.pop();
      this.left -= 1;
    }
    this.left += MARK_BYTES - 2;
    return result;
  }

  private dict(end: number): unknown {
    this.left -= MARK_BYTES;
    const spans = this.spans(end);
    const rest = countRest(this.reader, end);
    const entries = this.unlimited ? spans.map((span) => this.pair(span)) : distinct(this.entries(spans));
    this.reader.pos = end;
    const more = spans.length + rest - entries.length;
    if (more === 0) this.left += MARK_BYTES - 2;
    const result: Record<string, unknown> = {};
    for (const [key, value] of entries) {
      if (Object.hasOwn(result, key.text)) {
        const what = `a dict with two keys that are ${JSON.stringify(key.text)} in JSON`;
        return this.lossy(
          what,
          () => entries.map(([key, value]) => [key.value, value]),
          "as [key, value] pairs",
        );
      }
      setOwn(result, key.text, value);
    }
    if (more > 0) setOwn(result, "…", `${more} more keys`);
    return result;
  }

  /** Where the pairs of a dict lie; the first of them where it is cut and they are many. */
  private spans(end: number): Span[] {
    const { reader } = this;
    const spans: Span[] = [];
    while (reader.pos < end && (this.unlimited || spans.length < MAX_CHOSEN_FROM)) {
      const [field, wireType] = reader.tag();
      if (field === 1) {
        const pairEnd = this.end();
        spans.push({ start: reader.pos, end: pairEnd });
        reader.pos = pairEnd;
      } else reader.skip(wireType, field);
    }
    return spans;
  }

  /**
   * Reads pairs while there is room, each within its share of it: what is small comes whole, what is
   * large is cut.
   */
  private entries(spans: readonly Span[]): [Key, unknown][] {
    const wanted = spans.map(({ start, end }) => (end - start) * JSON_BYTES_PER_WIRE_BYTE);
    const share = fairShare(wanted, this.left);
    let later = wanted.reduce((sum, size) => sum + Math.min(size, share), 0);
    const entries: [Key, unknown][] = [];
    for (const [index, span] of spans.entries()) {
      if (this.left <= 0) break;
      later -= Math.min(wanted[index] ?? 0, share);
      const kept = Math.max(0, Math.min(later, this.left - MIN_PAIR_BYTES));
      this.left -= kept;
      entries.push(this.pair(span));
      this.left += kept;
    }
    return entries;
  }

  private pair({ start, end }: Span): [Key, unknown] {
    const { reader, path } = this;
    reader.pos = start;
    let key: Key = { text: "null", value: null, isCut: false };
    let value: unknown = null;
    while (reader.pos < end) {
      const [field, wireType] = reader.tag();
      if (field === 1) {
        key = this.key(this.end());
        this.left -= 2;
        path.push(key.text);
      } else if (field === 2) value = this.value(this.end());
      else reader.skip(wireType, field);
    }
    path.pop();
    return [key, value];
  }

  private key(end: number): Key {
    const { reader } = this;
    const { pos } = reader;
    const [field] = reader.tag();
    reader.pos = pos;
    const { cuts } = this;
    const value = this.value(end);
    const isCut = this.cuts > cuts;
    if (field === F.str) return { text: value as string, value, isCut };
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (field !== F.int && field !== F.float && field !== F.boolean && field !== F.none) {
      return this.lossy("a dict key that is no text", () => ({ text, value, isCut }), "as text", text);
    }
    return { text, value, isCut };
  }

  private namedTuple(end: number): unknown {
    const { reader, path } = this;
    const names: string[] = [];
    const result: Record<string, unknown> = {};
    let index = 0;
    while (reader.pos < end) {
      const [field, wireType] = reader.tag();
      if (field === 2) names.push(reader.string());
      else if (field === 3) {
        const name = names[index++] ?? String(index);
        path.push(name);
        this.spend(name);
        setOwn(result, name, this.value(this.end()));
        path.pop();
        this.left -= 2;
      } else reader.skip(wireType, field);
    }
    this.left -= 2;
    return result;
  }

  private instance(end: number): unknown {
    const { reader } = this;
    let attributes: unknown = {};
    while (reader.pos < end) {
      const [field, wireType] = reader.tag();
      if (field === 3) attributes = this.dict(this.end());
      else reader.skip(wireType, field);
    }
    return attributes;
  }

  /** Decodes what JSON cannot say: noted in a result, refused in an argument. */
  private lossy<T>(what: string, decode: () => T, how = "as text", key?: string): T {
    const value = decode();
    const path = formatPath(key === undefined ? this.path : [...this.path, key]);
    const place = path === "" ? "" : ` at ${path}`;
    if (typeof value === "string" && value.startsWith("<coroutine ")) throw new UnawaitedError(place);
    if (this.note === undefined) throw new ValueError(`${what}${place} cannot be sent as JSON`);
    this.note(`${what}${place} is given ${how}`);
    return value;
  }

  /** Counts what the JSON will take at least. */
  private expect(bytes: number): void {
    this.hope -= bytes;
    if (this.hope < 0) throw TOO_LONG;
  }

  private get unlimited(): boolean {
    return this.left === Number.POSITIVE_INFINITY;
  }

  private spend(value: unknown): void {
    if (this.unlimited) return;
    this.left -= typeof value === "string" ? jsonBytes(value) : String(value).length;
  }

  /** The end of the message that comes next. */
  private end(): number {
    const { reader } = this;
    const end = reader.uint32() + reader.pos;
    if (end > reader.len) throw new ValueError("not a value: cut off");
    return end;
  }

  /** The message that comes next, as a reader of its own. */
  private sub(): BinaryReader {
    return new BinaryReader(this.reader.bytes());
  }
}

/** Room that a pair of an object gets at least, while there is any. */
const MIN_PAIR_BYTES = 64;

/** A generous estimate: what the wire adds to a value outweighs what JSON does, but for escapes. */
const JSON_BYTES_PER_WIRE_BYTE = 1.5;

/** Those whose keys tell them from one another: cut ones may be alike, or have nothing left. */
function distinct(entries: readonly [Key, unknown][]): [Key, unknown][] {
  const texts = new Set<string>();
  return entries.filter(([{ text, isCut }]) => {
    const isKept = !texts.has(text) && !(isCut && text.startsWith("…"));
    texts.add(text);
    return isKept;
  });
}

/** The size to cut the largest things to so that all of them together fit the room. */
function fairShare(sizes: readonly number[], room: number): number {
  const sorted = [...sizes].sort((a, b) => a - b);
  let left = room;
  for (const [index, size] of sorted.entries()) {
    const share = left / (sorted.length - index);
    if (size > share) return share;
    left -= size;
  }
  return Number.POSITIVE_INFINITY;
}

/** How many items follow up to `end`. */
function countRest(reader: BinaryReader, end: number): number {
  let count = 0;
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    reader.skip(wireType, field);
    if (field === 1) count++;
  }
  return count;
}

/** Sets a property also where its name is `__proto__`. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else target[key] = value;
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

function skip<T>(reader: BinaryReader, wireType: WireType, field: number, value: T): T {
  reader.skip(wireType, field);
  return value;
}
