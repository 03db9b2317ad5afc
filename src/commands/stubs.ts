import type { Config } from "../config.js";
import { noteLogger, openTools } from "./tools.js";

/** Prints the Python stubs of all tools to stdout, once all servers have started or failed. */
export async function stubs(config: Config): Promise<void> {
  const tools = await openTools(config, noteLogger);
  try {
    await tools.started();
    process.stdout.write(`${tools.catalog.stubs.text.trimEnd()}\n`);
  } finally {
    await tools.close();
  }
}
