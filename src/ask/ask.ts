import type { CallContext } from "../bind.js";
import { type Catalog, type CatalogSource, sourceOf } from "../catalog/catalog.js";
import { startedCatalog } from "../catalog/started.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { type Conversation, Conversations } from "./conversation.js";
import { discover } from "./discover.js";
import { generate } from "./generate.js";
import { ModelCalls } from "./model-calls.js";
import type { ChatModel } from "./models/model.js";
import { synthesize } from "./synthesize.js";
import { Toolbox } from "./toolbox.js";
import type { AroundStep, Step, Turn, TurnEvent } from "./turn.js";

const MAX_ATTEMPTS = 4;
const MAX_HISTORY_TOKENS = 16_000;
const STUB_TOKENS = 2000;
/** About 8,000 tokens. */
const RESULT_BYTES = 32 * 1024;

export interface AskerOptions {
  readonly model: ChatModel;
  readonly sandbox: Sandbox;
  readonly catalog: Catalog | CatalogSource;
  /** The connection: see `Program.owner`. */
  readonly owner: object;
  /** Programs that the model may write for a question. */
  readonly maxAttempts?: number | undefined;
  /** Length of a conversation's history, tokens. */
  readonly maxHistoryTokens?: number | undefined;
  /** Length of the stubs that the model is shown, tokens; of a catalog with longer ones, it sees what a search finds. */
  readonly stubTokens?: number | undefined;
  /** Length of a result as JSON and of what was printed, bytes: a longer one goes back to the model. */
  readonly resultBytes?: number | undefined;
  /** Around each turn, and in it around each phase. */
  readonly around?: AroundStep | undefined;
}

export interface AskOptions {
  /** Id of the conversation that the question belongs to; one by default. */
  readonly conversation?: string | undefined;
  /** Answers this question in place of the asker's own model. */
  readonly model?: ChatModel | undefined;
  /** What the calls of its programs are given besides a signal. */
  readonly context?: CallContext | undefined;
  /** Ends the model call and the program. */
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: TurnEvent) => void) | undefined;
  /**
   * Is given the answer piece by piece, where the model streams. An event `phase` or `corrected` takes back what came
   * before it.
   */
  readonly onText?: ((piece: string) => void) | undefined;
}

/** Answers questions in three phases: discovery, a program, the answer. One for each connection; it keeps its conversations. */
export class Asker {
  private readonly conversations: Conversations;
  private readonly source: CatalogSource;

  constructor(private readonly options: AskerOptions) {
    this.conversations = new Conversations(options.maxHistoryTokens ?? MAX_HISTORY_TOKENS);
    this.source = sourceOf(options.catalog);
  }

  /**
   * Answers a question. Questions of one conversation are answered one after the other; one that fails or is cancelled
   * leaves no trace in it.
   *
   * @throws ModelError when the model gives no reply.
   * @throws the signal's reason when it aborts.
   */
  async ask(question: string, options: AskOptions = {}): Promise<Turn> {
    const conversation = this.conversations.get(options.conversation);
    const signal = options.signal ?? new AbortController().signal;
    const onEvent = options.onEvent ?? (() => undefined);
    const { model = this.options.model, context = {}, onText } = options;
    const calls = new ModelCalls({ model, signal, onEvent, onText });
    const answer = async () => {
      const turn = await this.answer(question, conversation, calls, { context, signal, onEvent, onText });
      onEvent({ type: "done", turn });
      return turn;
    };
    try {
      return await this.around("turn", () => conversation.inTurn(signal, answer));
    } catch (error) {
      onEvent({ type: "failed", error, usage: calls.usage });
      throw error;
    }
  }

  /** Forgets a conversation: the one with that id, or the default one. */
  reset(conversation?: string): void {
    this.conversations.delete(conversation);
  }

  private around<T>(step: Step, work: () => Promise<T>): Promise<T> {
    const { around } = this.options;
    return around === undefined ? work() : around(step, work);
  }

  private async answer(
    question: string,
    conversation: Conversation,
    model: ModelCalls,
    { context, signal, onEvent, onText }: TurnOptions,
  ): Promise<Turn> {
    const { sandbox, owner, maxAttempts = MAX_ATTEMPTS, resultBytes = RESULT_BYTES } = this.options;
    const { stubTokens = STUB_TOKENS } = this.options;
    const history = conversation.messages();
    const catalog = await startedCatalog(this.source, () => true, signal);
    const toolbox = await Toolbox.open(catalog, question, stubTokens);

    const discovery = await this.around("discovery", () => discover({ question, history, toolbox }, model));
    if ("answer" in discovery) {
      const { answer } = discovery;
      conversation.add({ question, outcome: null, answer });
      return { ...DIRECT, question, answer, usage: model.usage };
    }
    const { calls, chosen } = discovery;
    onEvent({ type: "discovered", calls });

    const exchanges = conversation.withoutResults();
    const source = { catalog, upstreams: this.source.upstreams };
    const programs = {
      question,
      history: exchanges,
      calls,
      source,
      sandbox,
      owner,
      maxAttempts,
      resultBytes,
    };
    const { outcome, code, attempts, codeMs } = await this.around("code", () =>
      generate({ ...programs, stubs: toolbox.stubs(chosen), context, signal, onEvent }, model),
    );

    const earlier = conversation.sources();
    const { answer, unsupportedNumbers } = await this.around("answer", () =>
      synthesize({ question, outcome, history, earlier, onEvent, onText }, model),
    );
    conversation.add({ question, outcome, answer });
    return {
      question,
      answer,
      route: "code",
      code,
      result: outcome.ok ? outcome.result : null,
      attempts,
      usage: model.usage,
      codeMs,
      unsupportedNumbers,
    };
  }
}

interface TurnOptions {
  readonly context: CallContext;
  readonly signal: AbortSignal;
  readonly onEvent: (event: TurnEvent) => void;
  readonly onText: ((piece: string) => void) | undefined;
}

/** What a direct answer has of a turn. */
const DIRECT = {
  route: "direct",
  code: null,
  result: null,
  attempts: 0,
  codeMs: 0,
  unsupportedNumbers: [],
} as const;
