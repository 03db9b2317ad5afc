/** What a program prints: kept up to a limit, and given up to a lower one. */
export class Stdout {
  private readonly kept: Buffer[] = [];
  private keptBytes = 0;
  private printedBytes = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly maxPrintedBytes: number,
    /** Called when more than `maxPrintedBytes` have been printed: the rest is not kept. */
    private readonly onFlood: () => void,
  ) {}

  get truncated(): boolean {
    return this.printedBytes > this.maxBytes;
  }

  write(text: string): void {
    const bytes = Buffer.from(text);
    const room = this.maxPrintedBytes - this.keptBytes;
    if (room > 0) {
      const part = bytes.subarray(0, room);
      this.kept.push(part);
      this.keptBytes += part.length;
    }
    this.printedBytes += bytes.length;
    if (this.printedBytes > this.maxPrintedBytes) this.onFlood();
  }

  /** Its beginning, and how much more there is. */
  text(): string {
    const text = decodeWhole(this.bytes().subarray(0, this.maxBytes));
    return this.truncated ? `${text}\n… (${this.printedBytes - this.maxBytes} more bytes)` : text;
  }

  /** All of it that was kept. */
  whole(): string {
    return decodeWhole(this.bytes());
  }

  private bytes(): Buffer {
    if (this.kept.length > 1) this.kept.splice(0, this.kept.length, Buffer.concat(this.kept));
    return this.kept[0] ?? Buffer.alloc(0);
  }
}

/** The text of bytes, without a character at the end that a cut went through: it decodes to U+FFFD. */
function decodeWhole(bytes: Buffer): string {
  return bytes.toString().replace(/\ufffd$/, "");
}
