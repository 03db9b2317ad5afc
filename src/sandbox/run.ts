import { Continuing, sessionFailure } from "./continuing.js";
import { Deadline } from "./deadline.js";
import { builtinStubs } from "./dialect.js";
import { type Ended, type FailureContext, failureOf, maxPrintedBytes, typeFailure } from "./failure.js";
import type { Diagnostic, TypeChecker } from "./monty/checker.js";
import { decodeResult } from "./monty/decode.js";
import { MontyAbortedError } from "./monty/errors.js";
import type { Checkout, Pool } from "./monty/pool.js";
import type { MontySession } from "./monty/session.js";
import { prepare, type Ready } from "./prepare.js";
import type { Execution, Failure, Limits, Program, ProgramSession } from "./program.js";
import type { PythonSession, PythonSessions } from "./python-session.js";
import { PythonValue } from "./python-value.js";
import { CallRecorder } from "./recorder.js";
import { Stdout } from "./stdout.js";
import { certainErrors } from "./type-errors.js";

/** A type check that takes longer is doubted: code nested too deeply to compile takes it for ever. */
const SLOW_CHECK_MS = 100;

/** One program on its way: prepared, compiled, checked, run. */
export class Run {
  private readonly started = performance.now();
  private readonly ending = new AbortController();
  /** Ends the type check: of a program that ends, and of code that does not compile. */
  private readonly uncheckable = new AbortController();
  private readonly calls: CallRecorder;
  private readonly stdout: Stdout;
  private readonly notes: string[] = [];
  private readonly timeoutMs: number;
  private readonly deadline: Deadline;
  private truncated = false;

  constructor(
    private readonly program: Program,
    private readonly limits: Limits,
    private readonly pool: Pool,
    private readonly checker: TypeChecker,
    private readonly sessions: PythonSessions | undefined,
  ) {
    this.timeoutMs = Math.min(limits.timeoutMs, program.timeoutMs ?? limits.timeoutMs);
    this.deadline = new Deadline(this.timeoutMs, () => this.end("deadline"));
    this.stdout = new Stdout(limits.stdoutBytes, maxPrintedBytes(limits), () => this.end("output"));
    this.calls = new CallRecorder({
      parallel: limits.parallelToolCalls,
      total: limits.toolCalls,
      onExceeded: () => this.end("toolCalls"),
      onToolCall: program.onToolCall,
      untimed: this.deadline.untimed,
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
      return await (this.sessions === undefined ? this.runAlone() : this.runInSession(this.sessions));
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  private async runAlone(): Promise<Execution> {
    const { code } = this.program;
    // The checker reads the code as it was sent while this thread prepares it: mostly nothing is changed.
    const early = this.check(code);
    const prepared = prepare(code, this.functionNames);
    if (!prepared.ok) return this.failed(prepared.failure);
    this.notes.push(...prepared.notes);
    const check = prepared.code === code ? early : this.check(prepared.code);
    const execution = await this.runPrepared(prepared, check);
    const { noValue } = prepared;
    const isSilent = execution.ok && execution.result === null && execution.stdout === "";
    return isSilent && noValue !== undefined
      ? { ...execution, notes: [...execution.notes, noValue] }
      : execution;
  }

  private async runInSession(sessions: PythonSessions): Promise<Execution> {
    const { code, session: wanted } = this.program;
    const { signal } = this.ending;
    let session: PythonSession;
    try {
      session = await sessions.enter(wanted as ProgramSession, signal);
    } catch (error) {
      const reason = signal.aborted ? new MontyAbortedError(signal.reason, []) : error;
      const failure =
        sessionFailure(reason) ??
        failureOf(
          reason,
          this.context((line) => line),
        );
      if (failure === null) throw error;
      return this.failed(failure);
    }
    try {
      this.notes.push(...session.takeNews());
      const prepared = prepare(code, this.functionNames, session.names.bindings);
      if (!prepared.ok) return this.failed(prepared.failure);
      this.notes.push(...prepared.notes);
      const continuing = new Continuing(session, prepared, this.functionNames);
      const found = this.check(continuing.question.code);
      const check = found.then((found) => found && continuing.read(found));
      return await this.runPrepared(prepared, check, continuing);
    } finally {
      sessions.leave(session);
    }
  }

  private async runPrepared(
    { code, lineOf, catchesInTasks }: Ready,
    check: Promise<readonly Diagnostic[] | null>,
    continuing?: Continuing,
  ): Promise<Execution> {
    const { signal } = this.ending;
    let checkout: Checkout | undefined;
    try {
      checkout = await this.pool.checkout(this.program.owner, signal, continuing?.hold);
      this.deadline.start();
      const [first, ...others] = await this.typeErrors(code, check, checkout.session, continuing);
      if (first !== undefined)
        return this.failed(typeFailure([first, ...others], this.program.stubs, this.context(lineOf)));
      await this.runPrelude(checkout.session);
      continuing?.start();
      const bytes = await checkout.session.feedRun(code, {
        functions: new Map(this.program.functions.map((host) => [host.name, this.calls.wrap(host)])),
        onPrint: (text) => this.stdout.write(text),
        onCall: () => this.calls.admit(),
        computing: continuing && {
          ms: this.limits.interpreterMs,
          onExceeded: () => this.end("computing"),
        },
        catchesInTasks: continuing?.catchesInTasks ?? catchesInTasks,
        signal,
      });
      continuing?.finish();
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
      await continuing?.stop(error, checkout?.session);
      const failure = failureOf(error, this.context(lineOf));
      if (failure === null) throw error;
      return this.failed(continuing?.explain(failure, error) ?? failure);
    } finally {
      this.deadline.end();
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
    check: Promise<readonly Diagnostic[] | null>,
    session: MontySession,
    continuing?: Continuing,
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
    const errors = certainErrors(found ?? [], this.program.functions);
    return continuing === undefined ? errors : continuing.withoutBound(errors, session, signal);
  }

  private get functionNames(): string[] {
    return this.program.functions.map(({ name }) => name);
  }

  private context(lineOf: (line: number) => number): FailureContext {
    return {
      source: this.program.code,
      lineOf,
      limits: this.limits,
      timeoutMs: this.timeoutMs,
      unfinished: this.calls.unfinished(),
      suggest: this.program.suggest,
    };
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
export function checked(stubs: string): string {
  return `${builtinStubs}${stubs}`;
}
