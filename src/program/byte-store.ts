export interface ByteLimits {
  readonly count: number;
  readonly bytes: number;
}

const LIMITS: ByteLimits = { count: 100, bytes: 32 * 1024 * 1024 };

/** Bytes of results that programs of one connection may ask for: the latest, in a bounded number and size. */
export class ByteStore {
  private readonly kept = new Map<string, Buffer>();
  private total = 0;
  private count = 0;

  constructor(private readonly limits: ByteLimits = LIMITS) {}

  /** Keeps what base64 text stands for, and gives the name to ask by. What is older may be dropped. */
  keep(base64: string): string {
    this.count += 1;
    const name = `bytes-${this.count}`;
    const bytes = Buffer.from(base64, "base64");
    this.kept.set(name, bytes);
    this.total += bytes.length;
    for (const [oldest, { length }] of this.kept) {
      if (this.kept.size <= this.limits.count && this.total <= this.limits.bytes) break;
      this.kept.delete(oldest);
      this.total -= length;
    }
    return name;
  }

  get(name: string): Uint8Array | undefined {
    return this.kept.get(name);
  }

  get names(): readonly string[] {
    return [...this.kept.keys()];
  }

  clear(): void {
    this.kept.clear();
    this.total = 0;
  }
}
