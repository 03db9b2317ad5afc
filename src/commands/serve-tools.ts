import type { Config } from "../config.js";
import type { Logger } from "../logger.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { createServer } from "../server/server.js";
import { serveStdio } from "../server/stdio.js";
import { loadCatalog } from "./tools.js";

/** Serves the tools of the configuration and programs on them, until the client leaves. */
export async function serveTools(config: Config, sandbox: Sandbox, logger: Logger): Promise<void> {
  const catalog = await loadCatalog(config, (problem) => logger.warn(problem));
  const { keep, model, ask } = config;
  await serveStdio(createServer({ catalog, sandbox, keep, model, ask, logger }), logger);
}
