/** Lets nobody through before `count` have come: proof that so many run at the same time. */
export class Gate {
  private came = 0;
  private open = () => {};
  /** Resolves when enough have come. */
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });

  constructor(private readonly count: number) {}

  async pass(): Promise<void> {
    this.came += 1;
    if (this.came === this.count) this.open();
    await this.opened;
  }
}

/** Never resolves; rejects when the signal aborts. */
export function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}
