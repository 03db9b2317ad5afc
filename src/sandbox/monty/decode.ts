import { BinaryReader } from "@bufbuild/protobuf/wire";
import { type DecodeOptions, Decoder, TOO_LONG } from "./decoder.js";
import { readText } from "./scalars.js";
import { FIELD as F, ValueError } from "./values.js";

export interface Decoded {
  /** JSON. */
  readonly value: unknown;
  /** Whether it was cut to the size asked for. */
  readonly truncated: boolean;
}

/**
 * Decodes a Python value to JSON, for a reader.
 *
 * | Python | JSON |
 * |---|---|
 * | None, bool, str | null, true or false, text |
 * | int up to 2^53 - 1 either way | number |
 * | int beyond | text of its digits ● |
 * | float | number; NaN and the infinities as the text `NaN`, `Infinity`, `-Infinity` ● |
 * | list, tuple, set, frozenset, deque | array |
 * | dict | object; keys None, bool, int and float as Python's `json` writes them, others as text ● |
 * | dict with two keys of the same text | array of [key, value] ● |
 * | namedtuple, dataclass, instance | object of its fields |
 * | date, time, datetime | ISO 8601 text |
 * | timedelta | ISO 8601 duration |
 * | path, timezone | text |
 * | bytes | base64 text ● |
 * | exception, type, function, iterator, `...` | its text ● |
 * | a cycle | the text `[...]` or `{...}` ● |
 *
 * What a row marked ● does is told to `note`.
 *
 * A value whose JSON is longer than `maxBytes` is cut to `previewBytes`: text keeps its beginning, an array its
 * first items, an object its small values before its large ones; text in the same place says what is left out.
 *
 * @throws UnawaitedError; ValueError for bytes that are no value.
 */
export function decodeResult(
  bytes: Uint8Array,
  maxBytes: number,
  note: (text: string) => void,
  previewBytes = maxBytes,
): Decoded {
  if (maxBytes === Number.POSITIVE_INFINITY) return { value: decode(bytes, { note }), truncated: false };
  const notes: string[] = [];
  try {
    const value = decode(bytes, { note: (text) => notes.push(text), giveUpAt: maxBytes });
    if (Buffer.byteLength(JSON.stringify(value)) <= maxBytes) {
      notes.forEach(note);
      return { value, truncated: false };
    }
  } catch (error) {
    if (error !== TOO_LONG) throw error;
  }
  return { value: decode(bytes, { note, maxBytes: previewBytes }), truncated: true };
}

/**
 * Decodes a Python value to JSON, for a tool: by the same table, but what its marked rows would
 * change is refused, except the keys that Python's `json` accepts.
 *
 * @throws ValueError for what is refused and for bytes that are no value.
 */
export function decodeArgument(bytes: Uint8Array): unknown {
  return decode(bytes);
}

/** The name and the bytes of the value of a keyword argument. */
export function decodeKeyword(bytes: Uint8Array): [name: string, value: Uint8Array] {
  const reader = new BinaryReader(bytes);
  let name = "";
  let value: Uint8Array = new Uint8Array();
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) name = readText(new BinaryReader(reader.bytes()), F.str);
    else if (field === 2) value = reader.bytes();
    else reader.skip(wireType, field);
  }
  return [name, value];
}

function decode(bytes: Uint8Array, options: DecodeOptions = {}): unknown {
  try {
    return new Decoder(new BinaryReader(bytes), options).value(bytes.length);
  } catch (error) {
    if (error instanceof ValueError || error === TOO_LONG) throw error;
    throw new ValueError(`not a value: ${error instanceof Error ? error.message : error}`);
  }
}
