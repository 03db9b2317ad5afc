import { type BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** Python's dates, times and big integers, read from the wire and written as text. */

/** A message of numbers, by field number; its text fields are passed over. */
export function readNumbers(reader: BinaryReader): number[] {
  const result: number[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType === WireType.Varint && field < 16) result[field] = reader.int32();
    else reader.skip(wireType, field);
  }
  return result;
}

/** One text field of a message; empty where it is missing. */
export function readText(reader: BinaryReader, wanted: number): string {
  let result = "";
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === wanted && wireType === WireType.LengthDelimited) result = reader.string();
    else reader.skip(wireType, field);
  }
  return result;
}

/** `ValueError: the message`. */
export function readException(reader: BinaryReader): string {
  let type = "Exception";
  let message = "";
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) type = reader.string();
    else if (field === 2) message = reader.string();
    else reader.skip(wireType, field);
  }
  return message === "" ? type : `${type}: ${message}`;
}

/** As Python's own limit for turning an int into text. */
const MAX_DIGITS = 4300;
const MAX_MAGNITUDE_BYTES = Math.floor((MAX_DIGITS * Math.log2(10)) / 8);

/** The digits of an integer beyond 64 bits, or how large it is where it has more than 4,300 of them. */
export function readBigInt(reader: BinaryReader): string {
  let negative = false;
  let magnitude = new Uint8Array();
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) negative = reader.bool();
    else if (field === 2) magnitude = new Uint8Array(reader.bytes());
    else reader.skip(wireType, field);
  }
  const sign = negative ? "-" : "";
  if (magnitude.length > MAX_MAGNITUDE_BYTES) return `${sign}<int of ${magnitude.length * 8} bits>`;
  return sign + BigInt(`0x0${Buffer.from(magnitude).toString("hex")}`).toString();
}

/** `2024-07-15`, of the fields year, month and day. */
export function dateText(parts: readonly number[]): string {
  return `${pad(parts[1], 4)}-${pad(parts[2], 2)}-${pad(parts[3], 2)}`;
}

/** `03:04:05.000006`, of the four fields that start at `first`. */
export function timeText(parts: readonly number[], first: number): string {
  const micro = parts[first + 3];
  const clock = [parts[first], parts[first + 1], parts[first + 2]].map((part) => pad(part, 2)).join(":");
  return micro ? `${clock}.${pad(micro, 6)}` : clock;
}

/** `+02:00` of seconds east of Greenwich. */
export function offsetText(seconds: number): string {
  const size = Math.abs(seconds);
  const parts = [Math.trunc(size / 3600), Math.trunc(size / 60) % 60];
  if (size % 60 !== 0) parts.push(size % 60);
  return (seconds < 0 ? "-" : "+") + parts.map((part) => pad(part, 2)).join(":");
}

/** `P1DT2.5S`, of the fields days, seconds and microseconds; the sign is that of the whole. */
export function durationText(parts: readonly number[]): string {
  const total =
    (BigInt(parts[1] ?? 0) * 86_400n + BigInt(parts[2] ?? 0)) * 1_000_000n + BigInt(parts[3] ?? 0);
  const size = total < 0n ? -total : total;
  const days = size / 86_400_000_000n;
  const seconds = (size % 86_400_000_000n) / 1_000_000n;
  const micros = Number(size % 1_000_000n);
  const fraction = micros === 0 ? "" : `.${pad(micros, 6).replace(/0+$/, "")}`;
  const clock = days !== 0n && seconds === 0n && micros === 0 ? "" : `T${seconds}${fraction}S`;
  return `${total < 0n ? "-" : ""}P${days === 0n ? "" : `${days}D`}${clock}`;
}

function pad(number: number | undefined, width: number): string {
  return String(number ?? 0).padStart(width, "0");
}
