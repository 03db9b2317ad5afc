import { Asker, type AskOptions } from "../ask/ask.js";
import type { ChatModel } from "../ask/models/model.js";
import { SessionLog } from "../ask/session-log.js";
import type { Turn } from "../ask/turn.js";
import type { Config } from "../config.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { openSandbox } from "./open-sandbox.js";
import { loadCatalog } from "./tools.js";

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
    private readonly log: SessionLog | undefined,
    asker: Omit<ConstructorParameters<typeof Asker>[0], "sandbox">,
  ) {
    this.asker = new Asker({ ...asker, sandbox });
  }

  /**
   * @throws RuntimeMissingError when there is no runtime.
   * @throws UsageError when the tools of the settings cannot be used.
   */
  static async open(config: Config, { title, model, logDir }: UserSessionOptions): Promise<UserSession> {
    const { ask, exposure } = config;
    const sandbox = openSandbox(config);
    try {
      const log =
        logDir === undefined
          ? undefined
          : new SessionLog({ dir: logDir, title: `${title}, model ${model.name}`, warn });
      return new UserSession(sandbox, log, {
        model,
        catalog: await loadCatalog(config, warn),
        owner: sandbox,
        maxAttempts: ask.attempts,
        maxHistoryTokens: ask.historyTokens,
        stubTokens: exposure.stubTokens,
      });
    } catch (error) {
      await sandbox.close();
      throw error;
    }
  }

  /** As `Asker.ask`, with its record. */
  async ask(question: string, { onEvent, ...options }: AskOptions = {}): Promise<Turn> {
    const record = this.log?.turn(question);
    try {
      const turn = await this.asker.ask(question, {
        ...options,
        onEvent: (event) => {
          record?.event(event);
          onEvent?.(event);
        },
      });
      this.turns.push(turn);
      return turn;
    } catch (error) {
      record?.failed(options.signal?.aborted ? "cancelled" : error);
      throw error;
    }
  }

  /** Forgets the conversation; its turns stay in the record. */
  reset(): void {
    this.asker.reset();
  }

  /** Begins the session log; undefined where there is none. */
  openLog(): string | undefined {
    return this.log?.open();
  }

  /** Ends the session log and the sandbox. */
  async close(): Promise<void> {
    this.log?.close();
    await this.sandbox.close();
  }
}

function warn(problem: string): void {
  process.stderr.write(`monty-code-mode: ${problem}\n`);
}
