/** The wait for a place was longer than allowed. */
export class BusyError extends Error {
  override readonly name = "BusyError";

  constructor(
    /** Milliseconds. */
    readonly waitedMs: number,
  ) {
    super(`no place within ${waitedMs} ms`);
  }
}

export interface AcquireOptions {
  readonly signal: AbortSignal;
  /** Longest wait, milliseconds. */
  readonly maxWaitMs: number;
}

/**
 * A number of places, shared fairly: each owner has a line of its own, a place that comes free goes to the
 * owners in turn, and no owner holds the last place, so that one who keeps all others busy keeps nobody out.
 */
export class FairSlots {
  /** Places by owner. */
  private readonly held = new Map<object, number>();
  /** Owners who wait, the next one to be served first. */
  private readonly lines = new Map<object, (() => void)[]>();
  private readonly perOwner: number;

  constructor(private readonly count: number) {
    this.perOwner = Math.max(1, count - 1);
  }

  get taken(): number {
    return sum(this.held.values());
  }

  get waiting(): number {
    return sum(Array.from(this.lines.values(), (line) => line.length));
  }

  /**
   * Takes a place, at once or after waiting in the owner's line. Whoever got one releases it.
   *
   * @throws the signal's reason when it aborts first; BusyError when the wait is over.
   */
  async acquire(owner: object, { signal, maxWaitMs }: AcquireOptions): Promise<void> {
    signal.throwIfAborted();
    if (this.tryAcquire(owner)) return;
    let timer: NodeJS.Timeout | undefined;
    let onAbort = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        const line = this.lines.get(owner) ?? [];
        this.lines.set(owner, line);
        line.push(resolve);
        const leave = (reason: unknown) => {
          const index = line.indexOf(resolve);
          if (index < 0) return;
          line.splice(index, 1);
          if (line.length === 0) this.lines.delete(owner);
          reject(reason);
        };
        onAbort = () => leave(signal.reason);
        signal.addEventListener("abort", onAbort, { once: true });
        timer = setTimeout(() => leave(new BusyError(maxWaitMs)), maxWaitMs);
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Takes a place if the owner may have one, at once. */
  tryAcquire(owner: object): boolean {
    if (this.taken >= this.count || !this.mayTake(owner)) return false;
    this.take(owner, 1);
    return true;
  }

  /** Gives the owner's place back: to the one whose turn it is. */
  release(owner: object): void {
    this.take(owner, -1);
    for (const [next, line] of this.lines) {
      if (!this.mayTake(next)) continue;
      const start = line.shift();
      this.lines.delete(next);
      if (line.length > 0) this.lines.set(next, line);
      this.take(next, 1);
      start?.();
      return;
    }
  }

  private mayTake(owner: object): boolean {
    return (this.held.get(owner) ?? 0) < this.perOwner;
  }

  private take(owner: object, places: 1 | -1): void {
    const now = (this.held.get(owner) ?? 0) + places;
    if (now === 0) this.held.delete(owner);
    else this.held.set(owner, now);
  }
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
