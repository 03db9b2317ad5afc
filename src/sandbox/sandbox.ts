import { builtinStubs } from "./dialect.js";
import { type Ended, type FailureContext, failureOf, maxPrintedBytes, typeFailure } from "./failure.js";
import { type Diagnostic, TypeChecker } from "./monty/checker.js";
import { decodeResult } from "./monty/decode.js";
import { MontyAbortedError } from "./monty/errors.js";
import { findExecutable } from "./monty/executable.js";
import { type Checkout, Pool, type PoolState } from "./monty/pool.js";
import type { MontySession } from "./monty/session.js";
import { prepare } from "./prepare.js";
import { Probe } from "./probe.js";
import type { Execution, Failure, Limits, Program } from "./program.js";
import { PythonValue } from "./python-value.js";
import { CallRecorder } from "./recorder.js";
import { Stdout } from "./stdout.js";
import { certainErrors } from "./type-errors.js";

const MAX_WAIT_MS = 30_000;

/** A type check that takes longer is given up, and the program runs unchecked. */
const TYPE_CHECK_MS = 5000;

/** A type check that takes longer is doubted: code nested too deeply to compile takes it for ever. */
const SLOW_CHECK_MS = 100;

export interface SandboxOptions {
  readonly limits: Limits;
  /** Sandbox processes kept ready, and type checks that run at once. */
  readonly poolSize: number;
  /** Programs that run at once; more wait their turn. */
  readonly maxPrograms: number;
  /** Longest wait for that turn, milliseconds. */
  readonly maxWaitMs?: number | undefined;
  /** The Monty runtime; that of the installed platform package by default. */
  readonly executable?: string | undefined;
}

/**
 * Runs Python programs in processes of the Monty runtime, which reach nothing but the functions they
 * are given.
 */
export class Sandbox {
  private readonly pool: Pool;
  private readonly checker: TypeChecker;
  private readonly probe: Probe;

  /**
   * Starts the processes; does not wait for them.
   *
   * @throws RuntimeMissingError when there is no runtime.
   */
  constructor(private readonly options: SandboxOptions) {
    const { limits, poolSize, maxWaitMs = MAX_WAIT_MS } = options;
    const executable = findExecutable(options.executable);
    const pool = { executable, size: poolSize, maxRunning: options.maxPrograms, maxWaitMs, limits };
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
    await this.checker.check("", checked(stubs));
  }

  /** Runs a program. Whatever it does, this resolves, within its limits: a failure is a value. */
  async execute(program: Program): Promise<Execution> {
    return new Run(program, this.options.limits, this.pool, this.checker).run();
  }

  get state(): PoolState {
    return this.pool.state;
  }

  /** Whether a sandbox process answers, within 2 s, however many programs wait. */
  async ping(): Promise<boolean> {
    return this.probe.answers();
  }

  /** Ends the processes that programs of an owner have used. */
  forget(owner: object): void {
    this.pool.forget(owner);
  }

  /** Ends all processes, and with them all programs. */
  async close(): Promise<void> {
    await Promise.all([this.pool.close(), this.checker.close(), this.probe.close()]);
  }
}

/** One program on its way: prepared, compiled, checked, run. */
class Run {
  private readonly started = performance.now();
  private readonly ending = new AbortController();
  /** Ends the type check: of a program that ends, and of code that does not compile. */
  private readonly uncheckable = new AbortController();
  private readonly calls: CallRecorder;
  private readonly stdout: Stdout;
  private readonly notes: string[] = [];
  private readonly timeoutMs: number;
  private truncated = false;

  constructor(
    private readonly program: Program,
    private readonly limits: Limits,
    private readonly pool: Pool,
    private readonly checker: TypeChecker,
  ) {
    this.timeoutMs = Math.min(limits.timeoutMs, program.timeoutMs ?? limits.timeoutMs);
    this.stdout = new Stdout(limits.stdoutBytes, maxPrintedBytes(limits), () => this.end("output"));
    this.calls = new CallRecorder({
      parallel: limits.parallelToolCalls,
      total: limits.toolCalls,
      onExceeded: () => this.end("toolCalls"),
      onToolCall: program.onToolCall,
      clock: () => performance.now() - this.started,
    });
  }

  async run(): Promise<Execution> {
    const { code, signal } = this.program;
    const cancel = () => this.end("cancelled");
    if (signal?.aborted) cancel();
    signal?.addEventListener("abort", cancel);
    try {
      const bytes = Buffer.byteLength(code);
      if (bytes > this.limits.codeBytes) {
        const message = `The program is ${bytes} bytes long; the limit is ${this.limits.codeBytes}.`;
        return this.failed({ kind: "limit", message });
      }
      // The checker reads the code as it was sent while this thread prepares it: mostly nothing is changed.
      const early = this.check(code);
      const prepared = prepare(
        code,
        this.program.functions.map(({ name }) => name),
      );
      if (!prepared.ok) return this.failed(prepared.failure);
      this.notes.push(...prepared.notes);
      const check = prepared.code === code ? early : this.check(prepared.code);
      const execution = await this.runPrepared(prepared.code, prepared.lineOf, check);
      const { noValue } = prepared;
      const isSilent = execution.ok && execution.result === null && execution.stdout === "";
      return isSilent && noValue !== undefined
        ? { ...execution, notes: [...execution.notes, noValue] }
        : execution;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  private async runPrepared(
    code: string,
    lineOf: (line: number) => number,
    check: Promise<Diagnostic[] | null>,
  ): Promise<Execution> {
    const context = (): FailureContext => ({
      source: this.program.code,
      lineOf,
      limits: this.limits,
      timeoutMs: this.timeoutMs,
      unfinished: this.calls.unfinished(),
    });
    const { signal } = this.ending;
    let checkout: Checkout | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      checkout = await this.pool.checkout(this.program.owner, signal);
      timer = setTimeout(() => this.end("deadline"), this.timeoutMs);
      const [first, ...others] = await this.typeErrors(code, check, checkout.session);
      if (first !== undefined)
        return this.failed(typeFailure([first, ...others], this.program.stubs, context()));
      await this.runPrelude(checkout.session);
      const bytes = await checkout.session.feedRun(code, {
        functions: new Map(this.program.functions.map((host) => [host.name, this.calls.wrap(host)])),
        onPrint: (text) => this.stdout.write(text),
        onCall: () => this.calls.admit(),
        signal,
      });
      const { resultBytes: maxBytes, previewBytes } = this.limits;
      const note = (text: string) => this.notes.push(`In the result, ${text}.`);
      const { value: result, truncated } = decodeResult(
        bytes,
        maxBytes,
        note,
        Math.min(previewBytes, maxBytes),
      );
      this.truncated = truncated;
      const value = new PythonValue(bytes);
      // It throws for a call that nobody awaited in what the preview leaves out.
      const resultBytes = truncated ? value.jsonBytes : undefined;
      return { ...this.outcome(), ok: true, result, resultBytes, value };
    } catch (error) {
      const failure = failureOf(error, context());
      if (failure === null) throw error;
      return this.failed(failure);
    } finally {
      clearTimeout(timer);
      checkout?.release();
    }
  }

  private async runPrelude(session: MontySession): Promise<void> {
    const { prelude } = this.program;
    if (prelude === undefined) return;
    const silent = { functions: new Map(), onPrint: () => undefined, onCall: () => undefined };
    prelude.onValue(
      new PythonValue(await session.feedRun(prelude.code, { ...silent, signal: this.ending.signal })),
    );
  }

  private check(code: string): Promise<Diagnostic[] | null> {
    return this.checker.check(code, checked(this.program.stubs), this.uncheckable.signal);
  }

  /**
   * The type errors of the program; none where the check gives up.
   *
   * @throws MontySyntaxError where the code does not compile: the compiler says it better than the checker.
   */
  private async typeErrors(
    code: string,
    check: Promise<Diagnostic[] | null>,
    session: MontySession,
  ): Promise<readonly Diagnostic[]> {
    const { signal } = this.ending;
    let compiling: Promise<void> | undefined;
    const slow = setTimeout(() => {
      compiling = session.compile(code, signal);
      compiling.catch(() => this.uncheckable.abort());
    }, SLOW_CHECK_MS);
    const found = await check;
    clearTimeout(slow);
    if (found?.some(({ rule }) => rule === "invalid-syntax")) compiling ??= session.compile(code, signal);
    await compiling;
    if (signal.aborted) throw new MontyAbortedError(signal.reason, []);
    if (found === null) this.notes.push("The type check gave up on this program, which ran unchecked.");
    return certainErrors(found ?? [], this.program.functions);
  }

  private end(reason: Ended): void {
    this.ending.abort(reason);
    this.uncheckable.abort();
  }

  private failed(failure: Failure): Execution {
    return { ...this.outcome(), ok: false, failure };
  }

  private outcome() {
    const { stdout } = this;
    return {
      stdout: stdout.text(),
      ...(stdout.truncated && { wholeStdout: stdout.whole() }),
      toolCalls: this.calls.end(),
      durationMs: performance.now() - this.started,
      truncated: this.truncated || stdout.truncated,
      notes: this.notes,
    };
  }
}

/** What the type checker reads: the stubs, and what it does not know of the runtime. */
function checked(stubs: string): string {
  return `${builtinStubs}${stubs}`;
}
