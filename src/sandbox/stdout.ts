/** What a program prints: kept up to a limit, counted beyond it. */
export class Stdout {
  private readonly kept: Buffer[] = [];
  private keptBytes = 0;
  private printedBytes = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly maxPrintedBytes: number,
    /** Called when more than `maxPrintedBytes` have been printed. */
    private readonly onFlood: () => void,
  ) {}

  get truncated(): boolean {
    return this.printedBytes > this.keptBytes;
  }

  write(text: string): void {
    const bytes = Buffer.from(text);
    const room = this.maxBytes - this.keptBytes;
    if (!this.truncated && room > 0) {
      const part = bytes.subarray(0, room);
      this.kept.push(part);
      this.keptBytes += part.length;
    }
    this.printedBytes += bytes.length;
    if (this.printedBytes > this.maxPrintedBytes) this.onFlood();
  }

  /** What was kept, and how much was not. */
  text(): string {
    // A character that the cut went through decodes to U+FFFD.
    const text = Buffer.concat(this.kept).toString();
    if (!this.truncated) return text;
    return `${text.replace(/\ufffd$/, "")}\n… (${this.printedBytes - this.keptBytes} more bytes)`;
  }
}
