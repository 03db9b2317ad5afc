const MAX_LINES = 100;
const WINDOW_MS = 10_000;

/** Passes on so many lines in a while, and then says how many it has left out. */
export class LineBudget {
  private since = 0;
  private count = 0;

  constructor(private readonly write: (line: string) => void) {}

  add(line: string): void {
    const now = performance.now();
    if (now - this.since > WINDOW_MS) {
      if (this.count > MAX_LINES) this.write(`… ${this.count - MAX_LINES} lines left out`);
      this.since = now;
      this.count = 0;
    }
    this.count += 1;
    if (this.count <= MAX_LINES) this.write(line);
  }
}
