import { Console } from "node:console";
import type { Config } from "../config.js";
import { createLogger, type Logger } from "../logger.js";
import type { Tracing } from "../telemetry/tracing.js";
import { openSandbox } from "./open-sandbox.js";
import { openTracing } from "./open-tracing.js";

/** Serves MCP over stdio, or over HTTP where the settings say so, until the client leaves or the process is told to stop. */
export async function serve(config: Config): Promise<void> {
  const logger = createLogger(config.logLevel);
  // What tools of the user print must not get between the messages on stdout.
  globalThis.console = new Console(process.stderr);
  const tracing = await openTracing(config, { warn: (problem) => logger.warn(problem) });
  try {
    if (config.http.enabled) {
      const { serveOverHttp } = await import("./serve-http.js");
      await serveOverHttp(config, logger, tracing);
    } else {
      await serveOverStdio(config, logger, tracing);
    }
  } finally {
    await tracing?.close();
  }
  // Tools of the user may hold the event loop.
  process.exit();
}

async function serveOverStdio(config: Config, logger: Logger, tracing: Tracing | undefined): Promise<void> {
  const sandbox = openSandbox(config, tracing);
  try {
    // Imported late: the sandbox processes start meanwhile.
    const { serveTools } = await import("./serve-tools.js");
    await serveTools(config, sandbox, logger, tracing);
  } finally {
    await sandbox.close();
  }
}
