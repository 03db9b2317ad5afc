import { Chat } from "../chat/chat.js";
import type { Config } from "../config.js";
import { visible } from "../visible.js";
import { openModel } from "./open-model.js";
import { UserSession } from "./user-session.js";

/** Where the session log goes by default: the folder is in .gitignore. */
const LOG_DIR = "logs";

/**
 * Talks with the user until they quit.
 *
 * @returns the exit code 0: what failed has been said.
 * @throws UsageError when no model is configured.
 */
export async function chat(config: Config): Promise<number> {
  const model = await openModel(config);
  const logDir = config.ask.sessionLog ?? LOG_DIR;
  const session = await UserSession.open(config, { title: "chat", model, logDir });
  try {
    const log = session.openLog();
    if (process.stdin.isTTY && process.stdout.isTTY) {
      const where = log === undefined ? "" : ` Session log: ${log}`;
      process.stdout.write(`Model ${visible(model.name)}. /help shows the commands.${where}\n`);
    }
    await new Chat(session).run();
    return 0;
  } finally {
    await session.close();
  }
}
