import { TypeChecker } from "./monty/checker.js";
import { findExecutable } from "./monty/executable.js";
import { Pool, type PoolState } from "./monty/pool.js";
import { Probe } from "./probe.js";
import type { AroundProgram, Execution, Limits, Program } from "./program.js";
import { PythonSessions } from "./python-session.js";
import { checked, Run } from "./run.js";

const MAX_WAIT_MS = 30_000;
const SESSIONS_PER_OWNER = 4;
const SESSIONS = 32;
const SESSION_IDLE_MS = 900_000;

/** A type check that takes longer is given up, and the program runs unchecked. */
const TYPE_CHECK_MS = 5000;

export interface SandboxOptions {
  readonly limits: Limits;
  /** Sandbox processes kept ready, and type checks that run at once. */
  readonly poolSize: number;
  /** Programs that run at once; more wait their turn. */
  readonly maxPrograms: number;
  /** Longest wait for that turn, milliseconds. */
  readonly maxWaitMs?: number | undefined;
  /** Sessions of one owner, and of all; each holds a process. */
  readonly sessionsPerOwner?: number | undefined;
  readonly sessions?: number | undefined;
  /** A session without a program ends after that, milliseconds. */
  readonly sessionIdleMs?: number | undefined;
  /** The Monty runtime; that of the installed platform package by default. */
  readonly executable?: string | undefined;
  /** Around each program, from its arrival to its result. */
  readonly around?: AroundProgram | undefined;
}

/**
 * Runs Python programs in processes of the Monty runtime, which reach nothing but the functions they
 * are given.
 */
export class Sandbox {
  private readonly pool: Pool;
  private readonly checker: TypeChecker;
  private readonly probe: Probe;
  private readonly sessions = new WeakMap<object, PythonSessions>();

  /**
   * Starts the processes; does not wait for them.
   *
   * @throws RuntimeMissingError when there is no runtime.
   */
  constructor(private readonly options: SandboxOptions) {
    const { limits, poolSize, maxWaitMs = MAX_WAIT_MS } = options;
    const executable = findExecutable(options.executable);
    const { maxPrograms: maxRunning, sessions: maxHeld = SESSIONS } = options;
    const pool = { executable, size: poolSize, maxRunning, maxWaitMs, limits, maxHeld };
    this.pool = new Pool(pool);
    this.probe = new Probe(pool);
    this.checker = new TypeChecker({
      executable,
      size: poolSize,
      memoryBytes: limits.memoryBytes,
      timeoutMs: TYPE_CHECK_MS,
    });
    // Most of a first check goes into what all stubs share.
    this.checker.check("import asyncio", checked(""));
  }

  /** Has the type checker read stubs ahead of the first program. */
  async warm(stubs: string): Promise<void> {
    await this.checker.warm(checked(stubs));
  }

  /** Runs a program. Whatever it does, this resolves, within its limits: a failure is a value. */
  async execute(program: Program): Promise<Execution> {
    const { limits, around } = this.options;
    const sessions = program.session && this.sessionsOf(program.owner);
    const run = (program: Program) => new Run(program, limits, this.pool, this.checker, sessions).run();
    return around === undefined ? run(program) : around(program, run);
  }

  get state(): PoolState {
    return this.pool.state;
  }

  /** Whether a sandbox process answers, within 2 s, however many programs wait. */
  async ping(): Promise<boolean> {
    return this.probe.answers();
  }

  /** Ends the sessions of an owner, and the processes that its programs have used. */
  forget(owner: object): void {
    this.sessions.get(owner)?.close();
    this.sessions.delete(owner);
    this.pool.forget(owner);
  }

  /** Ends all processes, and with them all programs. */
  async close(): Promise<void> {
    await Promise.all([this.pool.close(), this.checker.close(), this.probe.close()]);
  }

  private sessionsOf(owner: object): PythonSessions {
    const known = this.sessions.get(owner);
    if (known !== undefined) return known;
    const {
      sessionsPerOwner: perOwner = SESSIONS_PER_OWNER,
      sessionIdleMs: idleMs = SESSION_IDLE_MS,
      maxWaitMs = MAX_WAIT_MS,
    } = this.options;
    const sessions = new PythonSessions({
      perOwner,
      idleMs,
      maxWaitMs,
      drop: (hold) => this.pool.drop(hold),
    });
    this.sessions.set(owner, sessions);
    return sessions;
  }
}
