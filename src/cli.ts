#!/usr/bin/env node
import { readConfig } from "./config.js";

/** Bad flags, a file that cannot be read, no runtime: nothing was run. */
const EXIT_USAGE = 2;

/** Errors that the user mends: one line, no stack. */
const USER_ERRORS = new Set(["ConfigError", "RuntimeMissingError", "UsageError"]);

async function main(args: readonly string[]): Promise<void> {
  // As MCP clients start it: what parses flags is not loaded.
  if (args.length === 0 || (args.length === 1 && args[0] === "serve")) {
    const { serve } = await import("./commands/serve.js");
    await serve(readConfig({}));
  } else {
    const { runCommandLine } = await import("./command-line.js");
    await runCommandLine(args);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const mendable = error instanceof Error && USER_ERRORS.has(error.name);
  const text = error instanceof Error ? (mendable ? error.message : error.stack) : String(error);
  process.stderr.write(`monty-code-mode: ${text}\n`);
  process.exitCode = mendable ? EXIT_USAGE : 1;
}
