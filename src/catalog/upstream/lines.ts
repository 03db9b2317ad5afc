const LINE_FEED = 10;

/** Cuts a stream of bytes into lines, and keeps no more of one than `limit` bytes. */
export class Lines {
  private parts: Buffer[] = [];
  private length = 0;
  private isTooLong = false;

  /**
   * @param onLine is given each line without its end.
   * @param onTooLong is given the beginning of a line that is longer than `limit`; the rest of it is left out.
   */
  constructor(
    private readonly limit: number,
    private readonly onLine: (line: string) => void,
    private readonly onTooLong: (beginning: string) => void,
  ) {}

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.add(chunk.subarray(start, end));
      start = end + 1;
      if (!this.isTooLong) this.onLine(this.take().replace(/\r$/, ""));
      this.isTooLong = false;
    }
    this.add(chunk.subarray(start));
  }

  /** The stream has ended; what is left is a line. */
  end(): void {
    if (this.length > 0) this.onLine(this.take());
  }

  private add(part: Buffer): void {
    if (part.length === 0 || this.isTooLong) return;
    this.parts.push(part);
    this.length += part.length;
    if (this.length <= this.limit) return;
    this.isTooLong = true;
    this.onTooLong(this.take());
  }

  private take(): string {
    const text = Buffer.concat(this.parts).toString("utf8", 0, this.limit);
    this.parts = [];
    this.length = 0;
    return text;
  }
}
