import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/**
 * The messages of runtime.proto, written and read by hand: a generated codec needs the whole of the
 * protobuf library, which costs start-up time, and takes longer for each of the many small messages.
 */

/** What a turn asks. */
export type Request =
  | { readonly type: "configure"; readonly limits: WireLimits; readonly stubs: string | undefined }
  | {
      readonly type: "feed";
      readonly code: string;
      /** Bound by name; encoded values. */
      readonly inputs: readonly (readonly [name: string, value: Uint8Array])[];
      readonly skipTypeCheck: boolean;
    }
  | { readonly type: "resume_call"; readonly callId: number; readonly result: CallResult }
  /** Nothing is bound to the name. */
  | { readonly type: "resume_name_lookup" }
  | { readonly type: "resume_futures"; readonly results: readonly (readonly [callId: number, CallResult])[] }
  | { readonly type: "reset" }
  | { readonly type: "abort_feed"; readonly exception: HostException };

export interface WireLimits {
  readonly maxDurationMicros: number | undefined;
  readonly maxMemoryBytes: number;
  readonly maxRecursionDepth: number;
}

/** An exception that the host raises in the program; the runtime accepts only some types. */
export interface HostException {
  readonly type: string;
  readonly message: string;
}

export type CallResult =
  | { readonly type: "return_value"; readonly value: Uint8Array }
  | { readonly type: "error"; readonly exception: HostException }
  /** The call goes on beside the program. */
  | { readonly type: "future"; readonly callId: number }
  /** No function of this name exists. */
  | { readonly type: "not_found"; readonly name: string }
  /** Answers an os_call that this host does not serve. */
  | { readonly type: "not_handled" };

/** What comes back: any number of `print`, then one of the others, which ends the turn. */
export type Event = { readonly type: "print"; readonly text: string } | TurnEnd;

export type TurnEnd =
  | {
      readonly type: "function_call";
      readonly name: string;
      readonly args: readonly Uint8Array[];
      readonly kwargs: readonly Uint8Array[];
      readonly callId: number;
    }
  | { readonly type: "os_call"; readonly callId: number; readonly call: OsCall }
  | { readonly type: "name_lookup" }
  | { readonly type: "resolve_futures"; readonly pendingCallIds: readonly number[] }
  | { readonly type: "complete"; readonly value: Uint8Array }
  | { readonly type: "error"; readonly exception: RaisedException }
  | { readonly type: "typing_error"; readonly diagnostics: string }
  | { readonly type: "ok" }
  | { readonly type: "fatal_error"; readonly message: string };

export type OsCall =
  | { readonly type: "date_today" }
  | { readonly type: "date_time_now"; readonly zone: Zone | undefined }
  | { readonly type: "other" };

export interface Zone {
  readonly offsetSeconds: number;
  readonly name: string;
}

export interface RaisedException {
  readonly type: string;
  readonly message: string;
  /** Outermost first. */
  readonly frames: readonly RaisedFrame[];
}

export interface RaisedFrame {
  /** `<python-input-N>`, N counting the feeds of the session. */
  readonly file: string;
  readonly line: number;
  readonly name: string;
  /** The text of the line. */
  readonly source: string;
}

const PROTOCOL_VERSION = 2;
/** A line a finding. The format `json` would call every finding an error. */
const TYPE_CHECK_FORMAT_CONCISE = 2;

// ------------------------------------------------------------------ requests

export function encodeRequest(request: Request): Uint8Array {
  const out = new BinaryWriter();
  switch (request.type) {
    case "configure":
      message(out, 1, () => {
        // Without a script name the type checker fails.
        text(out, 1, "main.py");
        message(out, 2, () => {
          const { maxDurationMicros } = request.limits;
          if (maxDurationMicros !== undefined) number(out, 1, maxDurationMicros);
          number(out, 2, request.limits.maxMemoryBytes);
          number(out, 4, request.limits.maxRecursionDepth);
        });
        if (request.stubs !== undefined) {
          number(out, 3, 1);
          text(out, 4, request.stubs);
          number(out, 7, TYPE_CHECK_FORMAT_CONCISE);
        }
        number(out, 9, PROTOCOL_VERSION);
      });
      break;
    case "feed":
      message(out, 3, () => {
        text(out, 1, request.code);
        for (const [name, value] of request.inputs) {
          message(out, 2, () => {
            text(out, 1, name);
            bytes(out, 2, value);
          });
        }
        if (request.skipTypeCheck) number(out, 3, 1);
      });
      break;
    case "resume_call":
      message(out, 4, () => writeCallResult(out, request.callId, request.result));
      break;
    case "resume_name_lookup":
      message(out, 5, () => message(out, 2, () => {}));
      break;
    case "resume_futures":
      message(out, 6, () => {
        for (const [callId, result] of request.results)
          message(out, 1, () => writeCallResult(out, callId, result));
      });
      break;
    case "reset":
      message(out, 9, () => {});
      break;
    case "abort_feed":
      message(out, 11, () => message(out, 1, () => writeException(out, request.exception)));
      break;
  }
  return out.finish();
}

function writeCallResult(out: BinaryWriter, callId: number, result: CallResult): void {
  number(out, 1, callId);
  message(out, 2, () => {
    switch (result.type) {
      case "return_value":
        return bytes(out, 1, result.value);
      case "error":
        return message(out, 2, () => writeException(out, result.exception));
      case "future":
        return number(out, 3, result.callId);
      case "not_found":
        return text(out, 4, result.name);
      case "not_handled":
        return message(out, 5, () => {});
    }
  });
}

function writeException(out: BinaryWriter, exception: HostException): void {
  text(out, 1, exception.type);
  text(out, 2, exception.message);
}

function message(out: BinaryWriter, field: number, write: () => void): void {
  out.tag(field, WireType.LengthDelimited).fork();
  write();
  out.join();
}

function text(out: BinaryWriter, field: number, value: string): void {
  out.tag(field, WireType.LengthDelimited).string(value);
}

function bytes(out: BinaryWriter, field: number, value: Uint8Array): void {
  out.tag(field, WireType.LengthDelimited).bytes(value);
}

function number(out: BinaryWriter, field: number, value: number): void {
  out.tag(field, WireType.Varint).uint64(value);
}

// -------------------------------------------------------------------- events

/** @throws RangeError, or Error, for bytes that are no event. */
export function decodeEvent(frame: Uint8Array): Event {
  let event: Event | undefined;
  each(new BinaryReader(frame), (field, reader) => {
    switch (field) {
      case 1:
        event = { type: "print", text: readText(reader, 2) };
        return true;
      case 2:
        event = readFunctionCall(reader);
        return true;
      case 3:
        event = readOsCall(reader);
        return true;
      case 4:
        reader.bytes();
        event = { type: "name_lookup" };
        return true;
      case 5:
        event = { type: "resolve_futures", pendingCallIds: readPending(reader) };
        return true;
      case 6:
        event = { type: "complete", value: readBytes(reader, 1) };
        return true;
      case 7:
        event = { type: "error", exception: readException(new BinaryReader(readBytes(reader, 1))) };
        return true;
      case 8:
        event = { type: "typing_error", diagnostics: readText(reader, 1) };
        return true;
      case 10:
        reader.bytes();
        event = { type: "ok" };
        return true;
      case 11:
        event = { type: "fatal_error", message: readText(reader, 1) };
        return true;
      default:
        return false;
    }
  });
  if (event === undefined) throw new Error("none of the known events");
  return event;
}

/** Goes through the fields of a message; those that `read` does not take are passed over. */
function each(reader: BinaryReader, read: (field: number, reader: BinaryReader) => boolean): void {
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (!read(field, reader)) reader.skip(wireType, field);
  }
}

/** One length-delimited field of the message that comes next; empty where it is missing. */
function readBytes(reader: BinaryReader, wanted: number): Uint8Array {
  let found: Uint8Array = new Uint8Array();
  each(new BinaryReader(reader.bytes()), (field, inner) => {
    if (field !== wanted) return false;
    found = inner.bytes();
    return true;
  });
  return found;
}

function readText(reader: BinaryReader, wanted: number): string {
  return Buffer.from(readBytes(reader, wanted)).toString();
}

function readFunctionCall(reader: BinaryReader): Event {
  let name = "";
  let callId = 0;
  const args: Uint8Array[] = [];
  const kwargs: Uint8Array[] = [];
  each(new BinaryReader(reader.bytes()), (field, inner) => {
    if (field === 1) name = inner.string();
    else if (field === 2) args.push(inner.bytes());
    else if (field === 3) kwargs.push(inner.bytes());
    else if (field === 4) callId = inner.uint32();
    else return false;
    return true;
  });
  return { type: "function_call", name, args, kwargs, callId };
}

function readOsCall(reader: BinaryReader): Event {
  let callId = 0;
  let call: OsCall = { type: "other" };
  each(new BinaryReader(reader.bytes()), (field, inner) => {
    if (field === 1) callId = inner.uint32();
    else if (field === 23) {
      inner.bytes();
      call = { type: "date_today" };
    } else if (field === 24) {
      call = { type: "date_time_now", zone: readZone(new BinaryReader(inner.bytes())) };
    } else return false;
    return true;
  });
  return { type: "os_call", callId, call };
}

function readZone(reader: BinaryReader): Zone | undefined {
  let zone: Zone | undefined;
  each(reader, (field, inner) => {
    if (field !== 1) return false;
    let offsetSeconds = 0;
    let name = "";
    each(new BinaryReader(inner.bytes()), (part, value) => {
      if (part === 1) offsetSeconds = value.int32();
      else if (part === 2) name = value.string();
      else return false;
      return true;
    });
    zone = { offsetSeconds, name };
    return true;
  });
  return zone;
}

/** Packed or not: both are the same to protobuf. */
function readPending(reader: BinaryReader): number[] {
  const pending: number[] = [];
  const inner = new BinaryReader(reader.bytes());
  while (inner.pos < inner.len) {
    const [field, wireType] = inner.tag();
    if (field !== 1) inner.skip(wireType, field);
    else if (wireType === WireType.Varint) pending.push(inner.uint32());
    else for (const end = inner.uint32() + inner.pos; inner.pos < end; ) pending.push(inner.uint32());
  }
  return pending;
}

function readException(reader: BinaryReader): RaisedException {
  let type = "RuntimeError";
  let message = "";
  const frames: RaisedFrame[] = [];
  each(reader, (field, inner) => {
    if (field === 1) type = inner.string();
    else if (field === 2) message = inner.string();
    else if (field === 3) frames.push(readFrame(new BinaryReader(inner.bytes())));
    else return false;
    return true;
  });
  return { type, message, frames };
}

function readFrame(reader: BinaryReader): RaisedFrame {
  let file = "";
  let line = 1;
  let name = "";
  let source = "";
  each(reader, (field, inner) => {
    if (field === 1) file = inner.string();
    else if (field === 2) {
      each(new BinaryReader(inner.bytes()), (part, position) => {
        if (part !== 1) return false;
        line = position.uint32();
        return true;
      });
    } else if (field === 4) name = inner.string();
    else if (field === 5) source = inner.string();
    else return false;
    return true;
  });
  return { file, line, name, source };
}
