import { boundTogether, type Keeper } from "./bound-together.js";

export interface ByteLimits {
  readonly count: number;
  readonly bytes: number;
}

const LIMITS: ByteLimits = { count: 100, bytes: 32 * 1024 * 1024 };

/** Bytes of results that programs of one connection may ask for: the latest, in a bounded number and size. */
export class ByteStore implements Keeper {
  private static readonly open = new Set<ByteStore>();
  private readonly kept = new Map<string, Buffer>();
  bytes = 0;
  private count = 0;

  constructor(private readonly limits: ByteLimits = LIMITS) {}

  /** Keeps what base64 text stands for, and gives the name to ask by. What is older may be dropped. */
  keep(base64: string): string {
    const { limits, kept } = this;
    this.count += 1;
    const name = `bytes-${this.count}`;
    const bytes = Buffer.from(base64, "base64");
    kept.set(name, bytes);
    this.bytes += bytes.length;
    while (kept.size > limits.count || this.bytes > limits.bytes) this.dropOldest();
    ByteStore.open.add(this);
    boundTogether(ByteStore.open, limits.bytes);
    return name;
  }

  get(name: string): Uint8Array | undefined {
    return this.kept.get(name);
  }

  get names(): readonly string[] {
    return [...this.kept.keys()];
  }

  dropOldest(): void {
    const [name, bytes] = this.kept.entries().next().value ?? [];
    if (name === undefined || bytes === undefined) return;
    this.kept.delete(name);
    this.bytes -= bytes.length;
  }

  clear(): void {
    this.kept.clear();
    this.bytes = 0;
    ByteStore.open.delete(this);
  }
}
