import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

const EVENT = { print: 1, error: 7, typingError: 8, ok: 10, fatalError: 11 };
const UNDEFINED_NAME = "__undefined_check__";

/**
 * Asks the real type checker, without running anything: the first line of what it gets is an undefined name, so a
 * program that is otherwise right is refused all the same.
 */
export class TypeCheck {
  private readonly child: ChildProcessWithoutNullStreams;
  private received = Buffer.alloc(0);
  private readonly waiting: ((event: Event) => void)[] = [];

  constructor() {
    const suffix = { linux: "-gnu", win32: "-msvc" }[process.platform as string] ?? "";
    const name = `@pydantic/monty-${process.platform}-${process.arch}${suffix}`;
    const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
    this.child = spawn(join(folder, process.platform === "win32" ? "monty.exe" : "monty"), ["subprocess"]);
    this.child.stdout.on("data", (chunk: Buffer) => this.receive(chunk));
    this.child.on("exit", (code) => {
      for (const resolve of this.waiting.splice(0))
        resolve({ kind: EVENT.fatalError, text: `exit code ${code}` });
    });
  }

  /** The diagnostics of `program`, a line each, with 1-based line numbers; none when it type-checks. */
  async check(stubs: string, program: string): Promise<string[]> {
    await this.ask((request) => field(request, 9, new BinaryWriter()));
    const configured = await this.ask((request) => {
      const configure = new BinaryWriter().tag(1, WireType.LengthDelimited).string("main.py");
      configure.tag(3, WireType.Varint).bool(true).tag(4, WireType.LengthDelimited).string(stubs);
      configure.tag(7, WireType.Varint).int32(2).tag(9, WireType.Varint).uint32(2);
      field(request, 1, configure);
    });
    if (configured.kind !== EVENT.ok) throw new Error(`configure: ${configured.text}`);
    const event = await this.ask((request) => {
      const code = `${UNDEFINED_NAME}\n${program}`;
      field(request, 3, new BinaryWriter().tag(1, WireType.LengthDelimited).string(code));
    });
    if (event.kind === EVENT.error) return [`syntax: ${event.text}`];
    if (event.kind !== EVENT.typingError) throw new Error(`event ${event.kind}: ${event.text}`);
    return event.text
      .split("\n")
      .filter(
        (line) => line.trim() !== "" && !line.includes(UNDEFINED_NAME) && !line.includes("undefined-reveal"),
      )
      .map((line) => line.replace(/^main\.py:(\d+):/, (_, number) => `${Number(number) - 1}:`));
  }

  close(): void {
    this.child.kill("SIGKILL");
  }

  private ask(write: (request: BinaryWriter) => void): Promise<Event> {
    const request = new BinaryWriter();
    write(request);
    const bytes = request.finish();
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    this.child.stdin.write(Buffer.concat([length, bytes]));
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private receive(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    while (this.received.length >= 4) {
      const end = 4 + this.received.readUInt32LE(0);
      if (this.received.length < end) return;
      const event = decode(this.received.subarray(4, end));
      this.received = this.received.subarray(end);
      if (event.kind !== EVENT.print) this.waiting.shift()?.(event);
    }
  }
}

interface Event {
  readonly kind: number;
  readonly text: string;
}

function field(writer: BinaryWriter, number: number, message: BinaryWriter): void {
  writer.tag(number, WireType.LengthDelimited).bytes(message.finish());
}

/** The number of the event, and its first text (of an exception: type and message). */
function decode(bytes: Uint8Array): Event {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (number >= 20) reader.skip(type);
    else return { kind: number, text: firstText(reader.bytes(), number === EVENT.error ? 1 : 0) };
  }
  throw new Error("an event without a kind");
}

function firstText(bytes: Uint8Array, nesting: number): string {
  const reader = new BinaryReader(bytes);
  const texts: string[] = [];
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type !== WireType.LengthDelimited || number > 2) reader.skip(type);
    else texts.push(nesting > 0 ? firstText(reader.bytes(), nesting - 1) : reader.string());
  }
  return texts.join(": ");
}
