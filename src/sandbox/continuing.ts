import { BusyError } from "./fair-slots.js";
import type { Diagnostic } from "./monty/checker.js";
import { MontyAbortedError, MontyRuntimeError, MontySyntaxError } from "./monty/errors.js";
import type { Hold } from "./monty/pool.js";
import type { MontySession } from "./monty/session.js";
import type { Ready } from "./prepare.js";
import type { Failure } from "./program.js";
import type { PythonSession } from "./python-session.js";
import { type Answer, NO_ANSWER, type Question } from "./session-names.js";

const FREE_MEMORY =
  "What the session holds counts too: set large variables to None, or start it afresh with `reset`.";
/** Names that the runtime is asked about after an error, and how long it may take to answer, milliseconds. */
const MAX_ASKED = 100;
const ASK_MS = 1000;

const UNRESOLVED = /^Name `([\p{L}_][\p{L}\p{N}_]*)` used when not defined/u;

/** A program that goes on where the programs before it in its session ended. */
export class Continuing {
  /** What the type checker is asked about it. */
  readonly question: Question;
  private answer: Answer = NO_ANSWER;
  private running = false;

  constructor(
    private readonly session: PythonSession,
    private readonly prepared: Ready,
    functions: readonly string[],
  ) {
    session.names.catchesInTasks ||= prepared.catchesInTasks;
    this.question = session.names.ask(prepared.code, prepared.binds, functions);
  }

  get hold(): Hold {
    return this.session.hold;
  }

  /** Whether a function of this program or of an earlier one catches failures in tasks. */
  get catchesInTasks(): boolean {
    return this.session.names.catchesInTasks;
  }

  /** Whether the process, and with it the state of the session, is gone. */
  get isLost(): boolean {
    return this.hold.isLost;
  }

  /** What the checker found in the program itself. */
  read(found: readonly Diagnostic[]): readonly Diagnostic[] {
    this.answer = this.question.read(found);
    return this.answer.own;
  }

  /** The errors without those of names that the checker does not know and the session does. */
  async withoutBound(
    errors: readonly Diagnostic[],
    runtime: MontySession,
    signal: AbortSignal,
  ): Promise<readonly Diagnostic[]> {
    const isBound = new Map<string, boolean>();
    for (const { rule, message } of errors) {
      const [, name] = (rule === "unresolved-reference" && UNRESOLVED.exec(message)) || [];
      if (name === undefined || isBound.has(name) || !this.session.names.mayHold(name)) continue;
      isBound.set(name, await runtime.has(name, signal));
    }
    return errors.filter(({ message }) => !isBound.get(UNRESOLVED.exec(message)?.[1] ?? ""));
  }

  start(): void {
    this.running = true;
  }

  finish(): void {
    this.running = false;
    this.learn(Number.POSITIVE_INFINITY);
  }

  /** What ran before an error stands. */
  async stop(error: unknown, runtime: MontySession | undefined): Promise<void> {
    // Code that does not compile has not run at all.
    if (!this.running || this.isLost || error instanceof MontySyntaxError) return;
    this.running = false;
    const raised = error instanceof MontyRuntimeError || error instanceof MontyAbortedError;
    const [outermost] = raised ? error.frames : [];
    // What `asyncio.gather` runs has no line at the top level.
    const line = outermost?.functionName === null ? this.prepared.lineOf(outermost.line) : undefined;
    this.learn(line ?? (await this.boundNames(runtime)));
  }

  /** The names of the program that are bound, after an error that came from nobody knows where. */
  private async boundNames(runtime: MontySession | undefined): Promise<ReadonlySet<string>> {
    const names = new Set(this.prepared.binds?.atTopLevel.bound.map(({ name }) => name));
    const signal = AbortSignal.timeout(ASK_MS);
    try {
      for (const name of [...names].slice(0, MAX_ASKED))
        if (!(await runtime?.has(name, signal))) names.delete(name);
    } catch {
      // The process is gone, and what it held.
    }
    return names;
  }

  /** The failure that an error is, with what it means for the session. */
  explain(failure: Failure, error: unknown): Failure {
    const { message } = failure;
    if (this.isLost)
      return { ...failure, message: `${message}\nThe variables of the session are lost: it starts afresh.` };
    const isFull = error instanceof MontyRuntimeError && error.type === "MemoryError";
    return isFull ? { ...failure, hint: FREE_MEMORY } : failure;
  }

  private learn(stoppedAt: number | ReadonlySet<string>): void {
    this.session.names.learn(this.prepared.binds, this.answer, stoppedAt);
  }
}

/** The failure of a program whose turn in its session did not come; null for another error. */
export function sessionFailure(error: unknown): Failure | null {
  if (!(error instanceof BusyError)) return null;
  return {
    kind: "limit",
    message: `Another program of the session runs: this one waited ${error.waitedMs} ms for its turn.`,
    hint: "Nothing was run. Send it again later, or start the session afresh with `reset`.",
  };
}
