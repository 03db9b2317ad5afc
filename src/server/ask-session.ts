import type { RequestId } from "@modelcontextprotocol/sdk/types.js";
import { Asker } from "../ask/ask.js";
import type { ChatModel } from "../ask/models/model.js";
import { openaiModel } from "../ask/models/openai.js";
import { canSample, samplingModel } from "../ask/models/sampling.js";
import { SessionLog } from "../ask/session-log.js";
import { logTurnEvent } from "../ask/stats.js";
import type { TurnEvent } from "../ask/turn.js";
import { turnOutput } from "../ask/turn-output.js";
import type { CallContext } from "../bind.js";
import { hasModel } from "../config.js";
import type { AskToolOptions } from "./ask.js";

export interface AskSessionOptions {
  readonly conversation: string;
  /** The request that brings the question: the client's own model is asked on its stream. */
  readonly requestId: RequestId;
  readonly context: CallContext;
  readonly signal: AbortSignal;
  readonly onEvent: (event: TurnEvent) => void;
}

/** The questions of one connection: its conversations, and the log of its session. */
export class AskSession {
  private constructor(
    private readonly asker: Asker,
    private readonly log: SessionLog | undefined,
    private readonly options: AskToolOptions,
  ) {}

  /** Null where there is no model: neither one of the settings nor one of the client. */
  static open(options: AskToolOptions): AskSession | null {
    const model = findModel(options);
    if (model === null) return null;
    const { sandbox, source, owner, ask, exposure, logger, tracing } = options;
    const { attempts: maxAttempts, historyTokens: maxHistoryTokens, sessionLog: dir } = ask;
    const asker = new Asker({
      model,
      sandbox,
      catalog: source,
      owner,
      maxAttempts,
      maxHistoryTokens,
      stubTokens: exposure.stubTokens,
      around: tracing?.step,
    });
    const warn = (problem: string) => logger?.warn(problem);
    const log = dir === undefined ? undefined : new SessionLog({ dir, title: `MCP, ${model.name}`, warn });
    return new AskSession(asker, log, options);
  }

  /**
   * Answers a question.
   *
   * @throws ModelError when the model gives no reply; the signal's reason when it aborts.
   */
  async ask(question: string, { conversation, requestId, context, signal, onEvent }: AskSessionOptions) {
    const record = this.log?.turn(question);
    const { logger } = this.options;
    const model = hasModel(this.options.model) ? undefined : clientModel(this.options, requestId);
    const turn = await this.asker.ask(question, {
      conversation,
      model,
      context,
      signal,
      onEvent(event) {
        record?.event(event);
        if (logger !== undefined) logTurnEvent(logger, event);
        onEvent(event);
      },
    });
    return { answer: turn.answer, output: turnOutput(turn) };
  }

  close(): void {
    this.log?.close();
  }
}

function findModel(options: AskToolOptions): ChatModel | null {
  if (hasModel(options.model)) return traced(openaiModel(options.model), options);
  return canSample(options.server) ? clientModel(options) : null;
}

function clientModel(options: AskToolOptions, relatedRequestId?: RequestId): ChatModel {
  const related = relatedRequestId === undefined ? {} : { relatedRequestId };
  return traced(samplingModel(options.server, related), options);
}

function traced(model: ChatModel, { tracing }: AskToolOptions): ChatModel {
  return tracing?.model(model) ?? model;
}
