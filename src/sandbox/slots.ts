/** A number of places; who finds none waits in line. */
export class Slots {
  private readonly line: (() => void)[] = [];
  private used = 0;

  constructor(private readonly count: number) {}

  get taken(): number {
    return this.used;
  }

  get waiting(): number {
    return this.line.length;
  }

  /**
   * Takes a place, in the order of asking. Whoever got one releases it.
   *
   * @throws the signal's reason when it aborts first.
   */
  async acquire(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.tryAcquire()) return;
    let onAbort = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        this.line.push(resolve);
        onAbort = () => {
          const index = this.line.indexOf(resolve);
          if (index >= 0) this.line.splice(index, 1);
          reject(signal?.reason);
        };
        signal?.addEventListener("abort", onAbort, { once: true });
      });
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Takes a place if there is one, at once. */
  tryAcquire(): boolean {
    if (this.used >= this.count) return false;
    this.used += 1;
    return true;
  }

  /** Gives a place back: to the first in line, if there is one. */
  release(): void {
    const next = this.line.shift();
    if (next !== undefined) next();
    else this.used -= 1;
  }
}
