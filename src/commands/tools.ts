import { expenseTools } from "../../tools/expenses/index.js";
import { Catalog } from "../catalog/catalog.js";
import type { Tool } from "../catalog/tool.js";
import type { Config } from "../config.js";
import { UsageError } from "./usage-error.js";

/**
 * The expense tools and those of the folders that the user named.
 *
 * @param warn is told about each file that could not be used; the other files are.
 * @throws UsageError when a folder cannot be read or two tools share a name.
 */
export async function loadCatalog(config: Config, warn: (problem: string) => void): Promise<Catalog> {
  const tools: Tool[] = [...expenseTools];
  try {
    for (const dir of config.tools) {
      const { loadTools } = await import("../catalog/local.js");
      const loaded = await loadTools(dir);
      for (const { file, error } of loaded.problems) warn(`${file}: ${error}`);
      tools.push(...loaded.tools);
    }
    return new Catalog(tools);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
