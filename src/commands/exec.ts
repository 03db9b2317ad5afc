import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { bindTool, messageOf } from "../bind.js";
import type { Config } from "../config.js";
import { ByteStore } from "../program/byte-store.js";
import { callablesOf, isNamedIn } from "../program/callables.js";
import { loadBytesFunction } from "../program/load-bytes.js";
import { searchToolsFunction } from "../program/search-tools.js";
import { failureText } from "../sandbox/failure-text.js";
import { openSandbox } from "./open-sandbox.js";
import { EXPORT_MS, openTracing } from "./open-tracing.js";
import { note, noteLogger, type OpenTools, openTools } from "./tools.js";
import { UsageError } from "./usage-error.js";

/**
 * Runs the program of a file, or of stdin for `-`: what it prints and its result go to stdout, a
 * failure to stderr.
 *
 * @returns the exit code: 0, or 1 for a failed program.
 * @throws UsageError when the file cannot be read.
 */
export async function exec(file: string, config: Config): Promise<number> {
  const code = await readProgram(file);
  const tracing = await openTracing(config, { warn: note, exportMs: EXPORT_MS });
  const sandbox = openSandbox(config, tracing);
  let tools: OpenTools | undefined;
  const interrupt = new AbortController();
  process.once("SIGINT", () => interrupt.abort());
  try {
    tools = await openTools(config, noteLogger);
    // The others would be started for nothing.
    await Promise.race([tools.started(isNamedIn(code)), once(interrupt.signal, "abort")]);
    const bytes = new ByteStore();
    const execution = await sandbox.execute({
      code,
      ...callablesOf(code, {
        source: tools,
        own: [searchToolsFunction(tools), ...(tools.upstreams.length > 0 ? [loadBytesFunction(bytes)] : [])],
        bind: (declared) => bindTool(declared, { keepBytes: (base64) => bytes.keep(base64) }),
      }),
      owner: sandbox,
      signal: interrupt.signal,
    });
    process.stdout.write(execution.stdout);
    execution.notes.forEach(note);
    if (!execution.ok) {
      process.stderr.write(`${failureText(execution.failure)}\n`);
      return 1;
    }
    if (execution.result !== null || execution.stdout === "") {
      process.stdout.write(`${JSON.stringify(execution.result, null, 2)}\n`);
    }
    return 0;
  } finally {
    await Promise.all([sandbox.close(), tools?.close()]);
    await tracing?.close();
  }
}

async function readProgram(file: string): Promise<string> {
  if (file === "-") return text(process.stdin);
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such file" : messageOf(error);
    throw new UsageError(`Cannot read the program ${file}: ${why}.`);
  }
}
