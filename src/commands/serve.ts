import { Console } from "node:console";
import type { Config } from "../config.js";
import { createLogger } from "../logger.js";
import { Sandbox } from "../sandbox/sandbox.js";

/** Serves MCP over stdio until the client leaves or the process is told to stop. */
export async function serve(config: Config): Promise<void> {
  const { limits, poolSize, maxPrograms, maxWaitMs, runtime } = config;
  const logger = createLogger(config.logLevel);
  // What tools of the user print must not get between the messages on stdout.
  globalThis.console = new Console(process.stderr);
  const sandbox = new Sandbox({ limits, poolSize, maxPrograms, maxWaitMs, executable: runtime });
  try {
    // Imported late: the sandbox processes start meanwhile.
    const { serveTools } = await import("./serve-tools.js");
    await serveTools(config, sandbox, logger);
  } finally {
    await sandbox.close();
  }
  // Tools of the user may hold the event loop.
  process.exit();
}
