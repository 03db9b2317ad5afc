import { FairSlots } from "../fair-slots.js";
import { MontyAbortedError, MontyCrashedError } from "./errors.js";
import { RuntimeProcess } from "./process.js";
import { MontySession, type RuntimeLimits } from "./session.js";

/** A process runs at most this many programs. */
const MAX_PROGRAMS_PER_PROCESS = 1000;

export interface PoolOptions {
  readonly executable: string;
  /** Processes kept ready. */
  readonly size: number;
  /** Programs that run at once; more wait their turn, which goes round the owners. */
  readonly maxRunning: number;
  /** Longest wait for a turn, milliseconds. */
  readonly maxWaitMs: number;
  readonly limits: RuntimeLimits;
  /** Processes that are held between programs; no more by default. */
  readonly maxHeld?: number | undefined;
}

export interface PoolState {
  /** Processes that wait for a program. */
  readonly idle: number;
  /** Programs that run. */
  readonly running: number;
  /** Programs that wait for their turn. */
  readonly waiting: number;
  /** Processes that are held between programs, and those of them with a program. */
  readonly held: number;
}

/** A checked-out session. Release it, whatever became of the program. */
export interface Checkout {
  readonly session: MontySession;
  release(): void;
}

/** As many processes are held as may be. */
export class HeldLimitError extends Error {
  override readonly name = "HeldLimitError";

  constructor(readonly limit: number) {
    super(`${limit} processes are held already`);
  }
}

/**
 * Holds a process from its first program on: what one program defines, the next one finds. Time spent
 * interpreting is not limited in it, since the runtime would count it over all programs.
 */
export class Hold {
  /** Undefined before the first program. */
  worker: Worker | undefined;
  /** Whether the process ends with the program that runs in it. */
  closed = false;

  /** Whether there was a process, and it has ended. */
  get isLost(): boolean {
    return this.worker !== undefined && !this.worker.runtime.alive;
  }
}

interface Worker {
  readonly runtime: RuntimeProcess;
  readonly session: MontySession;
  /** Resolves when the session is configured; rejects when the process ended first. */
  ready: Promise<void>;
  /** Whose programs the process has seen; null for nobody's. */
  owner: object | null;
  programs: number;
}

/**
 * Who runs next. Processes are started ahead; one that has run a program of an owner serves no other
 * owner ever after, and is replaced when it dies or has run its share.
 */
export class Pool {
  private readonly idle: Worker[] = [];
  private readonly busy = new Set<Worker>();
  private readonly held = new Set<Worker>();
  private readonly slots: FairSlots;
  private readonly closing = new AbortController();

  constructor(private readonly options: PoolOptions) {
    this.slots = new FairSlots(options.maxRunning);
    this.idle.push(this.start());
    // Starting a process blocks for milliseconds: the others follow when the first is ready.
    this.idle[0]?.ready.then(
      () => this.refill(),
      () => undefined,
    );
  }

  get state(): PoolState {
    const { idle, slots, held } = this;
    return { idle: idle.length, running: slots.taken, waiting: slots.waiting, held: held.size };
  }

  /**
   * Waits for a turn and gives a fresh session of a process that only this owner has used, or the session of
   * the process that is held.
   *
   * @throws MontyCrashedError when no process can be started, or the pool is closed.
   * @throws MontyAbortedError when the signal aborts first; BusyError when the wait is too long.
   * @throws HeldLimitError when the process would be one too many to be held.
   */
  async checkout(owner: object, signal: AbortSignal, hold?: Hold | undefined): Promise<Checkout> {
    try {
      signal.throwIfAborted();
      this.closing.signal.throwIfAborted();
      if (!this.slots.tryAcquire(owner))
        await this.slots.acquire(owner, {
          signal: AbortSignal.any([signal, this.closing.signal]),
          maxWaitMs: this.options.maxWaitMs,
        });
    } catch (error) {
      throw signal.aborted ? new MontyAbortedError(signal.reason, []) : error;
    }
    if (hold !== undefined && hold.worker === undefined && this.held.size >= this.maxHeld) {
      this.slots.release(owner);
      throw new HeldLimitError(this.maxHeld);
    }
    const worker = hold?.worker ?? this.take(owner);
    this.busy.add(worker);
    if (hold !== undefined && hold.worker === undefined) this.hold(worker, hold);
    try {
      await worker.ready;
    } catch (error) {
      this.finish(worker, hold);
      throw error;
    }
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      this.finish(worker, hold);
    };
    return { session: worker.session, release };
  }

  /** Ends the processes that an owner has used. Its running programs go on. */
  forget(owner: object): void {
    for (const worker of this.idle.filter((worker) => worker.owner === owner)) this.discard(worker);
    this.refill();
  }

  /** Ends a process that is held: at once, or with the program that runs in it. */
  drop(hold: Hold): void {
    hold.closed = true;
    const { worker } = hold;
    if (worker === undefined || this.busy.has(worker)) return;
    this.held.delete(worker);
    worker.runtime.kill();
  }

  /** Ends all processes, running programs with them, and resolves when they are gone. */
  async close(): Promise<void> {
    this.closing.abort(new MontyCrashedError("The sandbox is closed."));
    const workers = [...this.idle.splice(0), ...this.busy, ...this.held];
    for (const { runtime } of workers) runtime.kill("The sandbox is closed.");
    await Promise.all(workers.map(({ runtime }) => runtime.ended));
  }

  /** An idle process of the owner, or one that nobody has used, or a new one. */
  private take(owner: object): Worker {
    const index = this.idle.findLastIndex((worker) => worker.owner === owner);
    const chosen = index >= 0 ? index : this.idle.findIndex((worker) => worker.owner === null);
    const worker = chosen >= 0 ? (this.idle.splice(chosen, 1)[0] as Worker) : this.start();
    worker.owner = owner;
    return worker;
  }

  private get maxHeld(): number {
    return this.options.maxHeld ?? 0;
  }

  private hold(worker: Worker, hold: Hold): void {
    hold.worker = worker;
    this.held.add(worker);
    const { limits } = this.options;
    worker.ready = worker.ready.then(async () => {
      await worker.session.reset({ ...limits, interpreterMs: undefined });
    });
    worker.runtime.ended.then(() => this.held.delete(worker));
  }

  private finish(worker: Worker, hold: Hold | undefined): void {
    this.busy.delete(worker);
    worker.programs += 1;
    if (hold !== undefined) {
      if (hold.closed || this.closing.signal.aborted) this.drop(hold);
    } else if (
      !this.closing.signal.aborted &&
      worker.runtime.alive &&
      worker.programs < MAX_PROGRAMS_PER_PROCESS
    ) {
      worker.ready = this.renew(worker);
      worker.ready.catch(() => undefined);
      this.idle.push(worker);
      // The longest idle process goes first.
      if (this.idle.length > this.options.size) this.discard(this.idle[0] as Worker);
    } else worker.runtime.kill();
    this.slots.release(worker.owner as object);
    this.refill();
  }

  private refill(): void {
    while (!this.closing.signal.aborted && this.idle.length + this.busy.size < this.options.size)
      this.idle.push(this.start());
  }

  private start(): Worker {
    const runtime = new RuntimeProcess(this.options.executable);
    const session = new MontySession(runtime);
    const ready = session.configure(this.options.limits);
    const worker: Worker = { runtime, session, ready, owner: null, programs: 0 };
    this.watch(worker);
    return worker;
  }

  private async renew({ session }: Worker): Promise<void> {
    // The answer of the program before goes out first.
    await new Promise(setImmediate);
    await session.reset(this.options.limits);
  }

  /** Takes a process that ends while idle out of the pool. One that never worked is not replaced: see `checkout`. */
  private watch(worker: Worker): void {
    let worked = false;
    worker.ready.then(
      () => {
        worked = true;
      },
      () => undefined,
    );
    worker.runtime.ended.then(() => {
      const index = this.idle.indexOf(worker);
      if (index < 0) return;
      this.idle.splice(index, 1);
      if (worked) this.refill();
    });
  }

  private discard(worker: Worker): void {
    this.idle.splice(this.idle.indexOf(worker), 1);
    worker.runtime.kill();
  }
}
