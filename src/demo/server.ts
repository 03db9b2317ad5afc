import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { expenseTools } from "../../tools/expenses/index.js";
import { Catalog } from "../catalog/catalog.js";
import type { Tool } from "../catalog/tool.js";
import { openSandbox } from "../commands/open-sandbox.js";
import { readConfig } from "../config.js";
import { createLogger } from "../logger.js";
import { createServer } from "../server/server.js";
import { serveStdio } from "../server/stdio.js";
import { MAX_LATENCY_MS, MIN_LATENCY_MS } from "./latency.js";

/** The tool, slowed down. The same call always takes the same time. */
function withLatency(tool: Tool): Tool {
  return {
    ...tool,
    async call(args, context) {
      const hash = createHash("sha256").update(tool.name + JSON.stringify(args));
      const spread = hash.digest().readUInt32LE() % (MAX_LATENCY_MS - MIN_LATENCY_MS + 1);
      await setTimeout(MIN_LATENCY_MS + spread, undefined, { signal: context.signal });
      return tool.call(args, context);
    },
  };
}

try {
  const config = readConfig({});
  const sandbox = openSandbox(config);
  const catalog = new Catalog(expenseTools.map(withLatency));
  await serveStdio(createServer({ catalog, sandbox }), createLogger("warn"));
  await sandbox.close();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
