import { Console } from "node:console";
import { pino } from "pino";
import type { Config } from "../config.js";
import { Sandbox } from "../sandbox/sandbox.js";
import { createServer } from "../server/server.js";
import { serveStdio } from "../server/stdio.js";
import { loadCatalog } from "./tools.js";

/** Serves MCP over stdio until the client leaves or the process is told to stop. */
export async function serve(config: Config): Promise<void> {
  const { limits, poolSize, maxPrograms, runtime } = config;
  const logger = pino({ name: "monty-code-mode", level: config.logLevel }, pino.destination(2));
  // What tools of the user print must not get between the messages on stdout.
  globalThis.console = new Console(process.stderr);
  // First: the processes start while the rest is loaded.
  const sandbox = new Sandbox({ limits, poolSize, maxPrograms, executable: runtime });
  try {
    const catalog = await loadCatalog(config, (problem) => logger.warn(problem));
    await serveStdio(createServer({ catalog, sandbox, limits }), logger);
  } finally {
    await sandbox.close();
  }
  // Tools of the user may hold the event loop.
  process.exit();
}
