import { Asker, type AskOptions } from "../ask/ask.js";
import type { ChatModel } from "../ask/models/model.js";
import { SessionLog } from "../ask/session-log.js";
import type { Turn } from "../ask/turn.js";
import type { Config } from "../config.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import type { Tracing } from "../telemetry/tracing.js";
import { within } from "../waiting.js";
import { openSandbox } from "./open-sandbox.js";
import { EXPORT_MS, openTracing } from "./open-tracing.js";
import { note, noteLogger, type OpenTools, openTools } from "./tools.js";

export interface UserSessionOptions {
  /** What asks, for the session log. */
  readonly title: string;
  readonly model: ChatModel;
  /** Folder of the session log; none where undefined. */
  readonly logDir?: string | undefined;
}

/** One person's conversation with the model and the tools of the settings, with its record. */
export class UserSession {
  readonly turns: Turn[] = [];
  private readonly asker: Asker;

  private constructor(
    private readonly sandbox: Sandbox,
    private readonly tools: OpenTools,
    private readonly log: SessionLog | undefined,
    private readonly tracing: Tracing | undefined,
    asker: Omit<ConstructorParameters<typeof Asker>[0], "sandbox">,
  ) {
    this.asker = new Asker({ ...asker, sandbox, around: tracing?.step });
  }

  /**
   * @throws RuntimeMissingError when there is no runtime.
   * @throws UsageError when the tools of the settings cannot be used.
   */
  static async open(config: Config, { title, model, logDir }: UserSessionOptions): Promise<UserSession> {
    const { ask, exposure } = config;
    const tracing = await openTracing(config, { warn: note, exportMs: EXPORT_MS });
    const sandbox = openSandbox(config, tracing);
    let tools: OpenTools | undefined;
    try {
      tools = await openTools(config, noteLogger);
      await waitFor(tools);
      const log =
        logDir === undefined
          ? undefined
          : new SessionLog({
              dir: logDir,
              title: `${title}, model ${model.name}`,
              warn: note,
            });
      return new UserSession(sandbox, tools, log, tracing, {
        model: tracing?.model(model) ?? model,
        catalog: tools,
        owner: sandbox,
        maxAttempts: ask.attempts,
        maxHistoryTokens: ask.historyTokens,
        stubTokens: exposure.stubTokens,
      });
    } catch (error) {
      await Promise.all([sandbox.close(), tools?.close()]);
      throw error;
    }
  }

  /** As `Asker.ask`, with its record. */
  async ask(question: string, { onEvent, ...options }: AskOptions = {}): Promise<Turn> {
    const record = this.log?.turn(question);
    const turn = await this.asker.ask(question, {
      ...options,
      onEvent: (event) => {
        const isCancelled = event.type === "failed" && options.signal?.aborted === true;
        record?.event(isCancelled ? { ...event, error: "cancelled" } : event);
        onEvent?.(event);
      },
    });
    this.turns.push(turn);
    return turn;
  }

  /** Forgets the conversation; its turns stay in the record. */
  reset(): void {
    this.asker.reset();
  }

  /** Begins the session log; undefined where there is none. */
  openLog(): string | undefined {
    return this.log?.open();
  }

  /** Ends the session log, the sandbox and the servers. */
  async close(): Promise<void> {
    this.log?.close();
    await Promise.all([this.sandbox.close(), this.tools.close()]);
    await this.tracing?.close();
  }
}

/** How long a person waits for servers whose tools may not even be needed. */
const PATIENCE_MS = 10_000;

async function waitFor(tools: OpenTools): Promise<void> {
  await within(PATIENCE_MS, tools.started());
  const missing = tools.upstreams.filter(({ state }) => state === "starting").map(({ name }) => name);
  if (missing.length > 0) note(`Not started yet, and left out: ${missing.join(", ")}.`);
}
