import { Slots } from "../slots.js";
import { RuntimeProcess } from "./process.js";
import { MontySession } from "./session.js";

/** What the checker found; lines and columns are 1-based. */
export interface Diagnostic {
  readonly severity: "error" | "warning" | "info";
  /** `invalid-key`. */
  readonly rule: string;
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

export interface TypeCheckerOptions {
  readonly executable: string;
  /** Checks that run at once; more wait their turn. */
  readonly size: number;
  readonly memoryBytes: number;
  /** A check that takes longer is given up, milliseconds. */
  readonly timeoutMs: number;
}

/** A process checks at most this many programs. */
const MAX_CHECKS_PER_PROCESS = 1000;

/** Code is not run here: these only bound what a fault could do. */
const INTERPRETER_MS = 1000;
const RECURSION = 100;

interface Worker {
  readonly runtime: RuntimeProcess;
  readonly session: MontySession;
  /** What the session is configured with. */
  stubs: string | undefined;
  checks: number;
}

/**
 * Checks types in processes that never run a program, so they can serve everybody. The first check
 * with given stubs takes some 20 ms, later ones about 1 ms.
 */
export class TypeChecker {
  private readonly idle: Worker[] = [];
  private readonly all = new Set<Worker>();
  private readonly slots: Slots;
  private closed = false;

  constructor(private readonly options: TypeCheckerOptions) {
    this.slots = new Slots(options.size);
  }

  /**
   * Checks the types of a program. With a process at hand, the request is on its way when this returns.
   *
   * @returns null when the check was given up: it took too long, the checker crashed over the code, or
   * the signal aborted.
   */
  async check(code: string, stubs: string, signal?: AbortSignal): Promise<Diagnostic[] | null> {
    try {
      if (!this.slots.tryAcquire()) await this.slots.acquire(signal);
    } catch {
      return null;
    }
    const worker = this.idle.pop() ?? this.start();
    const giveUp = () => worker.runtime.kill();
    const timer = setTimeout(giveUp, this.options.timeoutMs);
    signal?.addEventListener("abort", giveUp);
    try {
      if (worker.stubs !== stubs) await this.prepare(worker, stubs);
      return readDiagnostics(await worker.session.check(code));
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
      this.finish(worker);
    }
  }

  /** Has a process read stubs, unless one that is at hand has. */
  async warm(stubs: string): Promise<void> {
    if (!this.idle.some((worker) => worker.stubs === stubs)) await this.check("", stubs);
  }

  /** Ends all processes and resolves when they are gone. */
  async close(): Promise<void> {
    this.closed = true;
    const workers = [...this.all];
    for (const { runtime } of workers) runtime.kill();
    await Promise.all(workers.map(({ runtime }) => runtime.ended));
  }

  private async prepare(worker: Worker, stubs: string): Promise<void> {
    const { session } = worker;
    const limits = {
      interpreterMs: INTERPRETER_MS,
      memoryBytes: this.options.memoryBytes,
      recursion: RECURSION,
    };
    await (worker.stubs === undefined ? session.configure(limits, stubs) : session.reset(limits, stubs));
    worker.stubs = stubs;
  }

  private finish(worker: Worker): void {
    worker.checks += 1;
    if (!this.closed && worker.runtime.alive && worker.checks < MAX_CHECKS_PER_PROCESS)
      this.idle.push(worker);
    else worker.runtime.kill();
    this.slots.release();
  }

  private start(): Worker {
    const runtime = new RuntimeProcess(this.options.executable);
    const worker: Worker = { runtime, session: new MontySession(runtime), stubs: undefined, checks: 0 };
    this.all.add(worker);
    runtime.ended.then(() => {
      this.all.delete(worker);
      const index = this.idle.indexOf(worker);
      if (index >= 0) this.idle.splice(index, 1);
    });
    if (this.closed) runtime.kill();
    return worker;
  }
}

const FINDING =
  /^main\.py:(?<line>\d+):(?<column>\d+): (?<severity>error|warning|info)\[(?<rule>[\w-]+)\] (?<message>.*)$/;

/** Reads the checker's lines; the first line of code is not the program's: see `MontySession.check`. */
export function readDiagnostics(text: string): Diagnostic[] {
  return text
    .split("\n")
    .map((line) => FINDING.exec(line)?.groups)
    .filter((found) => found !== undefined)
    .map(({ line, column, severity, rule, message }) => ({
      severity: severity as Diagnostic["severity"],
      rule: rule ?? "",
      message: message ?? "",
      line: Number(line) - 1,
      column: Number(column),
    }))
    .filter(({ line }) => line > 0);
}
