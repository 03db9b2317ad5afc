import { within } from "../waiting.js";

/** What is under way, and the wait for its end. */
export class UnderWay<T> {
  private readonly open = new Set<T>();
  private onDrained = () => {};

  get size(): number {
    return this.open.size;
  }

  has(one: T): boolean {
    return this.open.has(one);
  }

  add(one: T): void {
    this.open.add(one);
  }

  delete(one: T): void {
    this.open.delete(one);
    if (this.open.size === 0) this.onDrained();
  }

  /** Resolves when nothing is under way, or after `ms` milliseconds. */
  async drain(ms: number): Promise<void> {
    if (this.open.size === 0) return;
    const drained = new Promise<void>((resolve) => {
      this.onDrained = resolve;
    });
    await within(ms, drained);
  }
}
