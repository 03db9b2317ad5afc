import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { FIELD as F, type FloatShape, formatPath, ValueError } from "./values.js";

/**
 * Encodes a JavaScript value as a Python value.
 *
 * @throws ValueError that names the place, for functions, symbols, cycles, text that is not valid
 * Unicode, and objects that are neither plain nor a Date, Map, Set or Uint8Array; and for what is nested too deeply.
 */
export function encodeValue(value: unknown, floats?: FloatShape): Uint8Array {
  try {
    new Encoder(shared).write(value, floats);
    return shared.finish();
  } catch (error) {
    shared = new BinaryWriter();
    throw error;
  }
}

/** Keeps its buffer from one value to the next. */
let shared = new BinaryWriter();

/** Encodes a reference to a host function, callable from Python by that name. */
export function encodeFunction(name: string): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(F.function, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string(name);
  return writer.join().finish();
}

/** Encodes an exception: a value, which a program can raise. */
export function encodeException({ type, message }: { type: string; message: string }): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(F.exception, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string(type);
  writer.tag(2, WireType.LengthDelimited).string(message);
  return writer.join().finish();
}

/** Encodes a tuple of a bool and a value that is encoded already. */
export function encodePair(first: boolean, second: Uint8Array): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(F.tuple, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).fork();
  writer.tag(F.boolean, WireType.Varint).bool(first);
  writer.join();
  writer.tag(1, WireType.LengthDelimited).bytes(second);
  return writer.join().finish();
}

/** Encodes a local date: `datetime.date`. */
export function encodeDate(date: Date): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(F.date, WireType.LengthDelimited).fork();
  ints(writer, [date.getFullYear(), date.getMonth() + 1, date.getDate()]);
  return writer.join().finish();
}

/** Encodes a moment as `datetime.datetime`: naive in local time, or aware at an offset. */
export function encodeDateTime(date: Date, zone?: { offsetSeconds: number; name: string }): Uint8Array {
  const writer = new BinaryWriter();
  const offsetSeconds = zone?.offsetSeconds ?? -date.getTimezoneOffset() * 60;
  writeDateTime(writer, date, offsetSeconds, zone);
  return writer.finish();
}

function writeDateTime(
  writer: BinaryWriter,
  date: Date,
  offsetSeconds: number,
  zone: { offsetSeconds: number; name: string } | undefined,
): void {
  const at = new Date(date.getTime() + offsetSeconds * 1000);
  writer.tag(F.datetime, WireType.LengthDelimited).fork();
  ints(writer, [
    at.getUTCFullYear(),
    at.getUTCMonth() + 1,
    at.getUTCDate(),
    at.getUTCHours(),
    at.getUTCMinutes(),
    at.getUTCSeconds(),
    at.getUTCMilliseconds() * 1000,
  ]);
  if (zone !== undefined) {
    writer.tag(8, WireType.Varint).int32(zone.offsetSeconds);
    if (zone.name !== "") writer.tag(9, WireType.LengthDelimited).string(zone.name);
  }
  writer.join();
}

function ints(writer: BinaryWriter, numbers: readonly number[]): void {
  numbers.forEach((number, index) => {
    writer.tag(index + 1, WireType.Varint).int32(number);
  });
}

/** The runtime reads messages in messages to a limit; what is around a value takes the rest. */
const MAX_MESSAGES = 95;
const MESSAGES_OF_ITEM = 2;
const MESSAGES_OF_PAIR = 3;

class Encoder {
  private readonly open = new Set<object>();
  private messages = 0;
  private readonly path: (string | number)[] = [];

  constructor(private readonly out: BinaryWriter) {}

  write(value: unknown, floats: FloatShape | undefined): void {
    const { out } = this;
    switch (typeof value) {
      case "undefined":
        out.tag(F.none, WireType.LengthDelimited).bytes(EMPTY);
        return;
      case "boolean":
        out.tag(F.boolean, WireType.Varint).bool(value);
        return;
      case "number":
        if (floats !== "float" && Number.isSafeInteger(value) && !Object.is(value, -0)) {
          out.tag(F.int, WireType.Varint).sint64(value);
        } else out.tag(F.float, WireType.Bit64).double(value);
        return;
      case "bigint":
        this.writeInt(value);
        return;
      case "string":
        if (!value.isWellFormed()) throw this.error("text with a lone surrogate, which is not valid Unicode");
        out.tag(F.str, WireType.LengthDelimited).string(value);
        return;
      case "object":
        if (value === null) out.tag(F.none, WireType.LengthDelimited).bytes(EMPTY);
        else this.writeObject(value, typeof floats === "object" ? floats : undefined);
        return;
      default:
        throw this.error(`a ${typeof value}`);
    }
  }

  private writeInt(value: bigint): void {
    const { out } = this;
    if (value >= INT64_MIN && value <= INT64_MAX) {
      out.tag(F.int, WireType.Varint).sint64(value);
      return;
    }
    const hex = (value < 0n ? -value : value).toString(16);
    out.tag(F.bigint, WireType.LengthDelimited).fork();
    out.tag(1, WireType.Varint).bool(value < 0n);
    out.tag(2, WireType.LengthDelimited).bytes(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex"));
    out.join();
  }

  private writeObject(value: object, floats: Exclude<FloatShape, "float"> | undefined): void {
    const { out } = this;
    if (this.open.has(value)) throw this.error("a circular reference");
    this.open.add(value);
    if (Array.isArray(value)) {
      this.writeItems(F.list, value, floats?.items);
    } else if (value instanceof Uint8Array) {
      out.tag(F.bytes, WireType.LengthDelimited).bytes(value);
    } else if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) throw this.error("an invalid Date");
      writeDateTime(out, value, 0, { offsetSeconds: 0, name: "" });
    } else if (value instanceof Set) {
      this.writeItems(F.set, [...value], undefined);
    } else if (value instanceof Map) {
      this.writePairs(value, floats);
    } else {
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
        throw this.error(`a ${value.constructor.name}`);
      }
      this.writePairs(
        Object.entries(value).filter((entry) => entry[1] !== undefined),
        floats,
      );
    }
    this.open.delete(value);
  }

  private writeItems(field: number, items: readonly unknown[], floats: FloatShape | undefined): void {
    const { out, path } = this;
    this.enter(MESSAGES_OF_ITEM);
    out.tag(field, WireType.LengthDelimited).fork();
    for (let index = 0; index < items.length; index++) {
      path.push(index);
      out.tag(1, WireType.LengthDelimited).fork();
      this.write(items[index], floats);
      out.join();
      path.pop();
    }
    out.join();
    this.messages -= MESSAGES_OF_ITEM;
  }

  private writePairs(
    pairs: Iterable<readonly [unknown, unknown]>,
    floats: Exclude<FloatShape, "float"> | undefined,
  ): void {
    const { out, path } = this;
    this.enter(MESSAGES_OF_PAIR);
    out.tag(F.dict, WireType.LengthDelimited).fork();
    for (const [key, item] of pairs) {
      path.push(String(key));
      out.tag(1, WireType.LengthDelimited).fork();
      out.tag(1, WireType.LengthDelimited).fork();
      this.write(key, undefined);
      out.join();
      out.tag(2, WireType.LengthDelimited).fork();
      this.write(item, shapeOf(floats, key));
      out.join().join();
      path.pop();
    }
    out.join();
    this.messages -= MESSAGES_OF_PAIR;
  }

  private enter(messages: number): void {
    this.messages += messages;
    if (this.messages > MAX_MESSAGES) {
      const [lists, dicts] = [MESSAGES_OF_ITEM, MESSAGES_OF_PAIR].map((one) =>
        Math.floor(MAX_MESSAGES / one),
      );
      throw new ValueError(
        `it is nested too deeply; ${lists} lists or ${dicts} dicts in each other are the most`,
      );
    }
  }

  private error(what: string): ValueError {
    const place = this.path.length === 0 ? "" : ` at ${formatPath(this.path)}`;
    return new ValueError(`${what}${place} has no counterpart in Python`);
  }
}

function shapeOf(floats: Exclude<FloatShape, "float"> | undefined, key: unknown): FloatShape | undefined {
  if (floats === undefined) return undefined;
  const own = floats.properties;
  return typeof key === "string" && own !== undefined && Object.hasOwn(own, key) ? own[key] : floats.values;
}

const EMPTY = new Uint8Array();
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
