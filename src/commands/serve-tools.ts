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
  const tools = await openTools(config, logger, (problem) => problems.push(problem));
  try {
    await tools.started();
    const { catalog } = tools;
    const { limits, model, ask } = config;
    await serveStdio(
      createServer({ catalog, sandbox, limits, model, ask, logger, tracing, problems }),
      logger,
    );
  } finally {
    await tools.close();
  }
}
