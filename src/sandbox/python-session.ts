import { FairSlots } from "./fair-slots.js";
import { Hold } from "./monty/pool.js";
import type { ProgramSession } from "./program.js";
import { SessionNames } from "./session-names.js";

/** Names of ended sessions that a connection remembers, so that their next program is told. */
const MAX_ENDED = 100;

export interface SessionOptions {
  /** Sessions of one owner. */
  readonly perOwner: number;
  /** A session without a program ends after that, milliseconds. */
  readonly idleMs: number;
  /** Longest wait for the program before, milliseconds. */
  readonly maxWaitMs: number;
  /** Ends the process of a session: at once, or with the program that runs in it. */
  drop(hold: Hold): void;
}

/** An owner has as many sessions as may be. */
export class SessionLimitError extends Error {
  override readonly name = "SessionLimitError";

  constructor(
    readonly open: readonly string[],
    /** Milliseconds. */
    readonly idleMs: number,
  ) {
    super(`${open.length} sessions are open already`);
  }
}

/** Programs that run one after the other in one process: what one defines, the next one finds. */
export class PythonSession {
  private readonly turns = new FairSlots(1);
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;
  hold = new Hold();
  names = new SessionNames();

  constructor(
    readonly name: string,
    /** Told to the next program. */
    private news: string | undefined,
  ) {}

  get closed(): boolean {
    return this.isClosed;
  }

  /** Whether a program runs or waits for its turn. */
  get busy(): boolean {
    return this.turns.taken + this.turns.waiting > 0;
  }

  /**
   * Waits for the program before.
   *
   * @throws the signal's reason when it aborts first; BusyError when the wait is over.
   */
  async enter(signal: AbortSignal, maxWaitMs: number): Promise<void> {
    clearTimeout(this.timer);
    await this.turns.acquire(this, { signal, maxWaitMs });
    if (!this.hold.isLost) return;
    this.news ??= `The session ${quote(this.name)} starts afresh: its process was ended, and its variables with it.`;
    this.hold = new Hold();
    this.hold.closed = this.isClosed;
    this.names = new SessionNames();
  }

  leave(): void {
    this.turns.release(this);
  }

  /** What its next program must know of it, once. */
  takeNews(): string[] {
    const { news } = this;
    this.news = undefined;
    return news === undefined ? [] : [news];
  }

  /** Calls back when no program has come for a while. */
  wait(idleMs: number, onIdle: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(onIdle, idleMs).unref();
  }

  /** Lets its process end with the program that has the turn. */
  close(): void {
    this.isClosed = true;
    this.hold.closed = true;
    clearTimeout(this.timer);
  }
}

/** The sessions of one owner, by name. */
export class PythonSessions {
  private readonly open = new Map<string, PythonSession>();
  private readonly ended = new Set<string>();
  private isClosed = false;

  constructor(private readonly options: SessionOptions) {}

  /**
   * The session of a program, when it is the program's turn. Whoever got it leaves it.
   *
   * @throws SessionLimitError when it would be one too many; the signal's reason, or BusyError.
   */
  async enter({ name, reset = false }: ProgramSession, signal: AbortSignal): Promise<PythonSession> {
    if (reset) this.end(name);
    for (;;) {
      const session = this.open.get(name) ?? this.start(name, reset);
      try {
        await session.enter(signal, this.options.maxWaitMs);
      } catch (error) {
        this.rest(session);
        throw error;
      }
      // It may have been ended while the program waited.
      if (!session.closed || this.isClosed) return session;
      this.leave(session);
    }
  }

  leave(session: PythonSession): void {
    session.leave();
    this.rest(session);
  }

  /** Ends all sessions, those with a running program when it has ended. */
  close(): void {
    this.isClosed = true;
    for (const name of [...this.open.keys()]) this.end(name);
  }

  private start(name: string, reset: boolean): PythonSession {
    const { perOwner, idleMs } = this.options;
    if (this.open.size >= perOwner) throw new SessionLimitError([...this.open.keys()], idleMs);
    const news =
      this.ended.delete(name) && !reset
        ? `The session ${quote(name)} starts afresh: it was ended after ${minutes(idleMs)} without a program.`
        : undefined;
    const session = new PythonSession(name, news);
    if (this.isClosed) this.finish(session);
    else this.open.set(name, session);
    return session;
  }

  private end(name: string): void {
    const session = this.open.get(name);
    if (session === undefined) return;
    this.open.delete(name);
    this.finish(session);
  }

  private finish(session: PythonSession): void {
    session.close();
    this.rest(session);
  }

  /** Lets a session without a program wait for the next one, or end. */
  private rest(session: PythonSession): void {
    if (session.busy) return;
    if (session.closed) this.options.drop(session.hold);
    // One that never had a process holds nothing.
    else if (session.hold.worker === undefined) this.end(session.name);
    else session.wait(this.options.idleMs, () => this.retire(session.name));
  }

  private retire(name: string): void {
    this.end(name);
    this.ended.add(name);
    for (const oldest of this.ended) {
      if (this.ended.size <= MAX_ENDED) break;
      this.ended.delete(oldest);
    }
  }
}

/** A name as a sentence shows it. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
}

export function minutes(ms: number): string {
  return ms < 60_000 ? `${Number((ms / 1000).toFixed(1))} s` : `${Number((ms / 60_000).toFixed(1))} min`;
}
