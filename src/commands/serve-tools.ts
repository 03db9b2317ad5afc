import type { Config } from "../config.js";
import type { Logger } from "../logger.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { createServer } from "../server/server.js";
import { serveStdio } from "../server/stdio.js";
import type { Tracing } from "../telemetry/tracing.js";
import { openTools } from "./tools.js";

/** Serves the tools of the configuration and programs on them, until the client leaves. */
export async function serveTools(
  config: Config,
  sandbox: Sandbox,
  logger: Logger,
  tracing: Tracing | undefined,
): Promise<void> {
  const problems: string[] = [];
  const catalog = await openTools(config, logger, (problem) => problems.push(problem));
  try {
    // They start meanwhile.
    void catalog.started();
    const { keep, model, ask, exposure } = config;
    await serveStdio(
      createServer({ catalog, sandbox, keep, model, ask, exposure, logger, tracing, problems }),
      logger,
    );
  } finally {
    await catalog.close();
  }
}
