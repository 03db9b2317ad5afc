import type { CallContext } from "../bind.js";
import type { PythonFunction } from "../catalog/python-stubs.js";
import type { Callables } from "../program/callables.js";
import type { Execution, HostFunction, Program } from "../sandbox/program.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { DryRun, dryRunHint, type ListedWrite } from "./dry-run.js";
import { type CallCounts, Journal } from "./journal.js";
import { ExecutionError, ExecutionStore, type KeepLimits, type KeptExecution } from "./store.js";

/** Of what is kept, calls may take up to this part; the rest is for results. */
const CALLS_SHARE = 0.5;

export interface ExecutionsOptions {
  readonly sandbox: Sandbox;
  /** The connection: see `Program.owner`. */
  readonly owner: object;
  readonly keep: KeepLimits;
}

/** A program, and what it takes over from earlier ones. */
export interface ExecutionRequest extends Pick<Program, "timeoutMs" | "signal" | "onToolCall" | "session"> {
  /** May be left out where `approve` names the dry run of it. */
  readonly code?: string | undefined;
  /** What the code can call; `bind` makes a tool callable by way of the journal. */
  callables(code: string, bind: (declared: PythonFunction) => HostFunction): Callables | Promise<Callables>;
  readonly context?: CallContext | undefined;
  /** Id of the execution whose calls are not to be made again, nor those of what resumed it before; or `last`. */
  readonly resumeFrom?: string | undefined;
  /** Makes no writes, but lists them. */
  readonly dryRun?: boolean | undefined;
  /** Id of a dry run: only its writes are made. */
  readonly approve?: string | undefined;
}

export interface Recorded {
  readonly id: string;
  readonly execution: Execution;
  readonly counts: Readonly<CallCounts>;
  /** Length of what the tools returned, as JSON in UTF-8 bytes. */
  readonly returnedBytes: number;
  /** Calls that a program which resumes this one need not make again; 0 where they are not kept. */
  readonly keptCalls: number;
  /** Whether later programs can resume it, and get what was printed whole. */
  readonly isKept: boolean;
  /** Whether the result can still be had whole. */
  readonly isResultKept: boolean;
  /** Of a dry run: the writes that the program would make. */
  readonly writes: readonly ListedWrite[] | undefined;
  /** Id of the dry run that was approved. */
  readonly approved: string | undefined;
}

/** The programs of one connection, with a journal of their tool calls and their results kept for later programs. */
export class Executions {
  private readonly store: ExecutionStore;

  constructor(private readonly options: ExecutionsOptions) {
    this.store = new ExecutionStore(options.keep);
  }

  /**
   * Runs a program. A failure of it is a value.
   *
   * @throws ExecutionError when `resumeFrom` or `approve` names no execution that will do: nothing was run.
   */
  async run(request: ExecutionRequest): Promise<Recorded> {
    const { callables, context, resumeFrom, dryRun, approve, ...program } = request;
    const { store, options } = this;
    const resumed = resumeFrom === undefined ? undefined : store.resumable(resumeFrom);
    const approved = approve === undefined ? undefined : this.approved(approve, request.code);
    const code = request.code ?? approved?.code;
    if (code === undefined) throw new ExecutionError("There is no code to run.");

    const dry = dryRun === true ? new DryRun() : undefined;
    const entry = store.begin(code, resumed);
    const journal = new Journal({
      kept: entry.calls,
      maxBytes: options.keep.bytes * CALLS_SHARE,
      gate: approved?.approval ?? dry,
      onLate() {
        entry.calls = journal.calls;
        if (store.has(entry.id)) store.end(entry);
      },
    });
    let execution: Execution | undefined;
    try {
      execution = await options.sandbox.execute({
        ...program,
        ...(await callables(code, (declared) => journal.bind(declared, context))),
        code,
        owner: options.owner,
        prelude: dry?.prelude,
      });
    } finally {
      journal.end();
      entry.calls = journal.calls;
      if (execution?.ok) entry.result = execution.value.portable();
      entry.stdout = execution?.wholeStdout ?? execution?.stdout ?? "";
      entry.approval = dry?.approval;
      store.end(entry);
    }
    const isKept = store.has(entry.id);
    return {
      id: entry.id,
      execution: dry === undefined ? execution : explained(execution),
      counts: journal.counts,
      returnedBytes: journal.returnedBytes,
      keptCalls: isKept ? entry.calls.filter(({ state }) => state === "done").length : 0,
      isKept,
      isResultKept: isKept && entry.result !== undefined,
      writes: dry?.writes,
      approved: approved?.id,
    };
  }

  /**
   * What is kept of an execution.
   *
   * @throws ExecutionError where there is none of that id, or it is still running.
   */
  find(id: string): KeptExecution {
    return this.store.find(id);
  }

  /** Ids of what is kept, the oldest first. */
  ids(): readonly string[] {
    return this.store.ids();
  }

  /** Forgets everything. */
  close(): void {
    this.store.close();
  }

  private approved(id: string, code: string | undefined) {
    const { id: named, approval, code: dryCode } = this.store.find(id);
    if (approval === undefined)
      throw new ExecutionError(
        `The execution ${named} was no dry run: there is nothing to approve. Run the program with dry_run first.`,
      );
    if (code !== undefined && code !== dryCode)
      throw new ExecutionError(
        `The code is not that of the dry run ${named}: leave it out, or dry-run the new program.`,
      );
    return { id: named, approval, code: dryCode };
  }
}

function explained(execution: Execution): Execution {
  if (execution.ok) return execution;
  const { failure } = execution;
  const hint = dryRunHint(failure.message);
  return hint === undefined ? execution : { ...execution, failure: { ...failure, hint } };
}
