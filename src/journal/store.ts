import { randomInt } from "node:crypto";
import { boundTogether, type Keeper } from "../program/bound-together.js";
import type { PythonValue } from "../sandbox/python-value.js";
import type { Approval } from "./dry-run.js";
import type { JournaledCall } from "./journal.js";

/** How much is kept of a connection's executions. */
export interface KeepLimits {
  readonly executions: number;
  /** Results and what the calls gave, bytes. */
  readonly bytes: number;
  /** From its end, milliseconds. */
  readonly ms: number;
}

/** An execution as it is kept for later ones. */
export interface KeptExecution {
  readonly id: string;
  readonly code: string;
  isRunning: boolean;
  calls: readonly JournaledCall[];
  /** Undefined where there is none, or it took too much room to be kept. */
  result: PythonValue | undefined;
  stdout: string;
  /** Of a dry run: lets its writes pass. */
  approval: Approval | undefined;
  /** The latest one that resumes this one. */
  resumedBy: KeptExecution | undefined;
}

/** What an id does not name. The message says which ones there are. */
export class ExecutionError extends Error {
  override readonly name = "ExecutionError";
}

/** Stands for the latest execution. */
export const LAST = "last";

/** Bytes that a call takes besides its key and result. */
const CALL_BYTES = 200;

const LISTED = 5;

/** The executions of one connection, the oldest first; what is beyond its limits is dropped. */
export class ExecutionStore implements Keeper {
  private static readonly open = new Set<ExecutionStore>();
  private readonly byId = new Map<string, KeptExecution>();
  private readonly ended = new Map<string, { readonly bytes: number; readonly at: number }>();
  bytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(private readonly limits: KeepLimits) {}

  /** Begins to keep an execution; it starts from the calls of the one that it resumes. */
  begin(code: string, resumed?: KeptExecution): KeptExecution {
    const execution: KeptExecution = {
      id: newId(),
      code,
      isRunning: true,
      calls: resumed?.calls ?? [],
      result: undefined,
      stdout: "",
      approval: undefined,
      resumedBy: undefined,
    };
    if (resumed !== undefined) resumed.resumedBy = execution;
    this.byId.set(execution.id, execution);
    return execution;
  }

  /**
   * The execution has ended, with all that is kept of it; called again, it keeps more than it did. Its result is
   * dropped where that alone is too long.
   */
  end(execution: KeptExecution): void {
    const { limits } = this;
    execution.isRunning = false;
    if (this.isClosed) return;
    if (sizeOf(execution) > limits.bytes) execution.result = undefined;
    const bytes = sizeOf(execution);
    const before = this.ended.get(execution.id);
    this.ended.set(execution.id, { bytes, at: before?.at ?? performance.now() });
    this.bytes += bytes - (before?.bytes ?? 0);
    ExecutionStore.open.add(this);
    while (this.ended.size > limits.executions || this.bytes > limits.bytes) this.dropOldest();
    boundTogether(ExecutionStore.open, limits.bytes);
    this.expire();
  }

  /**
   * The execution of an id, or the latest one for `last`.
   *
   * @throws ExecutionError where there is none, or it is still running.
   */
  find(id: string): KeptExecution {
    this.expire();
    const found = id === LAST ? [...this.byId.values()].at(-1) : this.byId.get(id);
    if (found === undefined) throw new ExecutionError(this.unknown(id));
    if (found.isRunning)
      throw new ExecutionError(`The execution ${found.id} is still running: cancel it, or wait for its end.`);
    return found;
  }

  /**
   * The execution to resume where one is named: that one, or the last of those that have resumed it. So a call that
   * one of them has made is made no second time.
   *
   * @throws ExecutionError as `find` does.
   */
  resumable(id: string): KeptExecution {
    const named = this.find(id);
    let last = named;
    while (last.resumedBy !== undefined) last = last.resumedBy;
    if (last.isRunning)
      throw new ExecutionError(
        `The execution ${last.id}, which resumes ${named.id}, is still running: cancel it, or wait for its end.`,
      );
    return last;
  }

  has(id: string): boolean {
    return this.ended.has(id);
  }

  /** Ids of what is kept, the oldest first. */
  ids(): readonly string[] {
    this.expire();
    return [...this.ended.keys()];
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.byId.clear();
    this.ended.clear();
    this.bytes = 0;
    ExecutionStore.open.delete(this);
  }

  private unknown(id: string): string {
    const ids = this.ids().slice(-LISTED).reverse();
    const kept = ids.length === 0 ? "None is kept." : `Kept are, the latest first: ${ids.join(", ")}.`;
    const which =
      id === LAST ? "There is no execution" : `There is no execution ${JSON.stringify(id.slice(0, 40))}`;
    return `${which} of this connection, or it is no longer kept. ${kept}`;
  }

  /** Drops what is too old, and comes back for the rest. */
  private expire(): void {
    clearTimeout(this.timer);
    const now = performance.now();
    for (const { at } of this.ended.values()) {
      const left = at + this.limits.ms - now;
      if (left > 0) {
        this.timer = setTimeout(() => this.expire(), Math.min(left, MAX_TIMER_MS));
        this.timer.unref();
        return;
      }
      this.dropOldest();
    }
  }

  dropOldest(): void {
    const [id, kept] = this.ended.entries().next().value ?? [];
    if (id === undefined || kept === undefined) return;
    this.ended.delete(id);
    this.byId.delete(id);
    this.bytes -= kept.bytes;
  }
}

const MAX_TIMER_MS = 2 ** 31 - 1;

const ID_CHARACTERS = "abcdefghijkmnpqrstuvwxyz23456789";
const ID_LENGTH = 8;

/** Short, since models repeat it; random, so that one of an earlier connection names nothing here. */
function newId(): string {
  const pick = () => ID_CHARACTERS.charAt(randomInt(ID_CHARACTERS.length));
  return Array.from({ length: ID_LENGTH }, pick).join("");
}

function sizeOf({ code, calls, result, stdout }: KeptExecution): number {
  const ofCalls = calls.reduce(
    (sum, call) => sum + CALL_BYTES + call.key.length + (call.result?.bytes.length ?? 0),
    0,
  );
  return code.length + ofCalls + (result?.bytes.length ?? 0) + stdout.length;
}
