import type { CallContext } from "../bind.js";
import type { CatalogSource } from "../catalog/catalog.js";
import { Executions } from "../journal/executions.js";
import { callablesOf } from "../program/callables.js";
import { failureText } from "../sandbox/failure-text.js";
import type { Execution } from "../sandbox/program.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { callOnce } from "./dedupe.js";
import type { ModelCalls } from "./model-calls.js";
import type { ChatMessage } from "./models/model.js";
import { programInReply } from "./program-in-reply.js";
import { codePrompt, codeRequest, mendRequest } from "./prompts.js";
import type { Outcome } from "./tool-results.js";
import type { TurnEvent } from "./turn.js";

export interface GenerateOptions {
  readonly question: string;
  /** Questions and replies before it. */
  readonly history: readonly ChatMessage[];
  /** Python calls to start from. */
  readonly calls: readonly string[];
  /** The stubs that the model is shown. */
  readonly stubs: string;
  /** What its programs can call. */
  readonly source: Pick<CatalogSource, "catalog" | "upstreams">;
  /** What their calls are given besides a signal. */
  readonly context: CallContext;
  readonly sandbox: Sandbox;
  readonly owner: object;
  /** Programs that the model may write. */
  readonly maxAttempts: number;
  /** Bytes that a result as JSON and what was printed may have together. */
  readonly resultBytes: number;
  readonly signal: AbortSignal;
  readonly onEvent: (event: TurnEvent) => void;
}

export interface Generated {
  readonly outcome: Outcome;
  /** The last program; null where the model wrote none. */
  readonly code: string | null;
  readonly attempts: number;
  /** Milliseconds spent in programs. */
  readonly codeMs: number;
}

/** What the programs of one question keep for the next one, while it is answered. */
const KEEP = { executions: 1, bytes: 64 * 1024 * 1024, ms: 60 * 60 * 1000 };

/**
 * The second phase: the model writes a program, which runs; what fails goes back to the model with the error, until
 * one succeeds or the attempts are used up. A call that one program has made is not made again by the next.
 */
export async function generate(options: GenerateOptions, model: ModelCalls): Promise<Generated> {
  const { sandbox, owner } = options;
  const executions = new Executions({ sandbox, owner, keep: KEEP });
  try {
    return await attempts(options, model, executions);
  } finally {
    executions.close();
  }
}

async function attempts(
  options: GenerateOptions,
  model: ModelCalls,
  executions: Executions,
): Promise<Generated> {
  const { question, history, calls, stubs, maxAttempts, signal, onEvent } = options;
  const messages: ChatMessage[] = [
    { role: "system", content: codePrompt(stubs) },
    ...history,
    { role: "user", content: codeRequest(question, calls) },
  ];
  let lastCode: string | null = null;
  let lastId: string | undefined;
  let codeMs = 0;
  for (let attempt = 1; ; attempt += 1) {
    const { text } = await model.complete("code", { messages });
    const { code, id, execution, outcome } = await tryProgram(text, options, executions, lastId);
    lastCode = code ?? lastCode;
    lastId = id ?? lastId;
    codeMs += execution?.durationMs ?? 0;
    const error = "error" in outcome ? outcome.error : null;
    onEvent({ type: "attempt", attempt, code, execution, error });
    signal.throwIfAborted();
    const end = { code: lastCode, attempts: attempt, codeMs };
    if (!("error" in outcome)) return { ...end, outcome: { ok: true, ...outcome } };
    if (attempt === maxAttempts)
      return { ...end, outcome: { ok: false, attempts: attempt, error: outcome.error } };
    messages.push(
      // Some endpoints refuse an empty message.
      { role: "assistant", content: text.trim() === "" ? "(nothing)" : text },
      { role: "user", content: mendRequest(outcome.error) },
    );
  }
}

interface Attempt {
  readonly code: string | null;
  /** Of the execution; absent where nothing was run. */
  readonly id?: string;
  readonly execution: Execution | null;
  /** The data for the answer, or what keeps the program from giving any, as its author needs to know it. */
  readonly outcome: { readonly result: unknown; readonly printed: string } | { readonly error: string };
}

async function tryProgram(
  reply: string,
  options: GenerateOptions,
  executions: Executions,
  resumeFrom: string | undefined,
): Promise<Attempt> {
  const program = programInReply(reply);
  if ("error" in program) return { code: null, execution: null, outcome: program };
  const { source, context, signal, resultBytes } = options;
  const { code } = program;
  const { id, execution } = await executions.run({
    code,
    callables: (code, bind) =>
      callablesOf(code, { source, bind: (declared) => callOnce(declared, bind(declared)) }),
    context,
    signal,
    resumeFrom,
  });
  return { code, id, execution, outcome: outcomeOf(execution, resultBytes) };
}

/** Printed text that goes back beside a failure, characters. */
const MAX_PRINTED = 2000;

function outcomeOf(execution: Execution, resultBytes: number): Attempt["outcome"] {
  const { stdout: printed, notes, truncated } = execution;
  if (!execution.ok) {
    const before = printed === "" ? "" : `\nPrinted before: ${printed.slice(0, MAX_PRINTED)}`;
    return { error: `The program failed.\n${failureText(execution.failure)}${before}` };
  }
  const { result } = execution;
  if (result === null && printed.trim() === "") return { error: [NO_RESULT, ...notes].join("\n") };
  const bytes = Buffer.byteLength(JSON.stringify(result)) + Buffer.byteLength(printed);
  if (!truncated && bytes <= resultBytes) return { result, printed };
  const size = truncated ? "it was cut" : `${bytes} bytes, and ${resultBytes} are allowed`;
  return {
    error: `The result with what was printed is too long (${size}): filter, select or sum up in the program.`,
  };
}

const NO_RESULT =
  "The result is None and nothing was printed, so there is nothing to answer from. End the program with an expression " +
  'for what it found; where it found nothing, with one that says so, such as {"found": False}.';
