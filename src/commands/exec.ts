import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { messageOf } from "../bind.js";
import { sourceOf } from "../catalog/catalog.js";
import type { Config } from "../config.js";
import { callablesOf, catalogFor } from "../program/callables.js";
import { searchToolsFunction } from "../program/search-tools.js";
import { failureText } from "../sandbox/failure-text.js";
import { openSandbox } from "./open-sandbox.js";
import { loadCatalog } from "./tools.js";
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
  const note = (line: string) => process.stderr.write(`monty-code-mode: ${line}\n`);
  const sandbox = openSandbox(config);
  const interrupt = new AbortController();
  process.once("SIGINT", () => interrupt.abort());
  try {
    const source = sourceOf(await loadCatalog(config, note));
    await catalogFor(code, source, interrupt.signal);
    const execution = await sandbox.execute({
      code,
      ...callablesOf(code, { source, own: [searchToolsFunction(source)] }),
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
    await sandbox.close();
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
