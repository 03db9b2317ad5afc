import { expenseTools } from "../../tools/expenses/index.js";
import { Catalog, type CatalogSource, fixedSource } from "../catalog/catalog.js";
import type { Tool } from "../catalog/tool.js";
import type { Config } from "../config.js";
import type { Logger } from "../logger.js";
import { visible } from "../visible.js";
import { UsageError } from "./usage-error.js";

/** The tools of the settings; close it, and the processes of other servers end. */
export interface OpenTools extends CatalogSource {
  close(): Promise<void>;
}

/**
 * The expense tools, those of the folders that the user named, and those of the MCP servers in the user's file, none
 * of which is started yet: see `CatalogSource.started`.
 *
 * @param logger is told about each file and each server that cannot be used; the others are.
 * @param onUnusable is told about each file.
 * @throws UsageError when a folder cannot be read or two tools share a name.
 * @throws ConfigError when the file of the servers is wrong.
 */
export async function openTools(
  config: Config,
  logger: Logger,
  onUnusable: (problem: string) => void = () => undefined,
): Promise<OpenTools> {
  const tools = await ownTools(config, (problem) => {
    logger.warn(problem);
    onUnusable(problem);
  });
  if (config.configFile === undefined)
    return { ...fixedSource(new Catalog(tools)), close: async () => undefined };
  // Imported late: most servers stand in front of no others.
  const [{ readConfigFile }, { UpstreamSource }] = await Promise.all([
    import("../catalog/upstream/config-file.js"),
    import("../catalog/upstream.js"),
  ]);
  const { servers, warnings } = await readConfigFile(config.configFile);
  for (const warning of warnings) logger.warn(warning);
  return new UpstreamSource(tools, servers, logger);
}

/** For commands of a person: what is wrong, a line each on stderr. */
export const noteLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: note,
  error: note,
};

/** Tells a person something on stderr. */
export function note(text: string): void {
  process.stderr.write(`monty-code-mode: ${visible(text)}\n`);
}

async function ownTools(config: Config, warn: (problem: string) => void): Promise<Tool[]> {
  const tools: Tool[] = [...expenseTools];
  try {
    for (const dir of config.tools) {
      const { loadTools } = await import("../catalog/local.js");
      const loaded = await loadTools(dir);
      for (const { file, error } of loaded.problems) warn(`${file}: ${error}`);
      tools.push(...loaded.tools);
    }
    // Two of one name are told here, before any server starts.
    new Catalog(tools);
    return tools;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
