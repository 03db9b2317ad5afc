import { Pool, type PoolOptions } from "./monty/pool.js";

/** A process that takes longer to answer is given up. */
const ANSWER_MS = 2000;

/**
 * Asks whether a sandbox process answers. It keeps a process of its own, started with the first question:
 * so a probe neither waits behind programs nor takes a warm process from them.
 */
export class Probe {
  private readonly owner = {};
  private pool: Pool | undefined;
  private closed = false;

  constructor(private readonly options: PoolOptions) {}

  /** Runs a trivial program; false when it gives no result within 2 s. The next question starts a new process then. */
  async answers(): Promise<boolean> {
    if (this.closed) return false;
    this.pool ??= new Pool({ ...this.options, size: 1, maxRunning: 1 });
    const { pool } = this;
    const giveUp = setTimeout(() => pool.close(), ANSWER_MS);
    try {
      await this.run(pool);
      return true;
    } catch {
      if (this.pool === pool) this.pool = undefined;
      await pool.close();
      return false;
    } finally {
      clearTimeout(giveUp);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.pool?.close();
  }

  private async run(pool: Pool): Promise<void> {
    const { signal } = new AbortController();
    const { session, release } = await pool.checkout(this.owner, signal);
    try {
      await session.feedRun("1", { functions: new Map(), onPrint() {}, onCall() {}, signal });
    } finally {
      release();
    }
  }
}
