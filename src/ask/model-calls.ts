import type { ChatModel, ChatReply, ChatRequest } from "./models/model.js";
import type { Phase, PhaseUsage, TurnEvent } from "./turn.js";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface ModelCallsOptions {
  readonly model: ChatModel;
  readonly signal: AbortSignal;
  readonly onEvent: (event: TurnEvent) => void;
  readonly onText: ((piece: string) => void) | undefined;
}

/** The model calls of one turn: announces each, and adds up what they cost. */
export class ModelCalls {
  private readonly rows = new Map<Phase, Mutable<PhaseUsage>>();

  constructor(private readonly options: ModelCallsOptions) {}

  /** One row a phase that called the model. */
  get usage(): readonly PhaseUsage[] {
    return [...this.rows.values()];
  }

  /**
   * Asks the model; what it says is passed on as it comes, except for programs.
   *
   * @throws ModelError
   * @throws the signal's reason when it aborts.
   */
  async complete(phase: Phase, request: ChatRequest): Promise<ChatReply> {
    const { model, signal, onEvent, onText } = this.options;
    signal.throwIfAborted();
    const row = this.rows.get(phase) ?? { phase, promptTokens: 0, completionTokens: 0, calls: 0, llmMs: 0 };
    this.rows.set(phase, row);
    row.calls += 1;
    onEvent({ type: "phase", phase, attempt: row.calls });
    const started = performance.now();
    let reply: ChatReply;
    try {
      reply = await model.complete(request, { signal, onText: phase === "code" ? undefined : onText });
    } finally {
      row.llmMs += performance.now() - started;
    }
    row.promptTokens += reply.usage.promptTokens;
    row.completionTokens += reply.usage.completionTokens;
    signal.throwIfAborted();
    return reply;
  }
}
