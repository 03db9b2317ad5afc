import type { Config } from "../config.js";
import { loadCatalog } from "./tools.js";

/** Prints the Python stubs of all tools to stdout. */
export async function stubs(config: Config): Promise<void> {
  const catalog = await loadCatalog(config, (problem) =>
    process.stderr.write(`monty-code-mode: ${problem}\n`),
  );
  process.stdout.write(`${catalog.stubs.text.trimEnd()}\n`);
}
