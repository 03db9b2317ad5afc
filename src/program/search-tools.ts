import { z } from "zod";
import type { CatalogSource } from "../catalog/catalog.js";
import type { PythonFunction } from "../catalog/python-stubs.js";
import { startedCatalog } from "../catalog/started.js";
import { PythonError } from "../sandbox/monty/calls.js";
import { stateOf } from "./callables.js";
import { explainInput } from "./explain-input.js";
import type { OwnFunction } from "./own-function.js";

export const SEARCH_TOOLS = "search_tools";

const DETAILS = ["names", "signatures", "full"] as const;
const DEFAULT_DETAIL = "full";
const DEFAULT_LIMIT = 5;
const MAX_LIMIT = 500;
const MAX_QUERY = 1000;

/** What the search takes, over MCP and in programs. */
export const SearchInput = z.strictObject({
  query: z
    .string()
    .max(MAX_QUERY)
    .default("")
    .describe('Words of what the tool does, such as "create issue"; all tools where it is empty.'),
  detail: z
    .enum(DETAILS)
    .default(DEFAULT_DETAIL)
    .describe("names; signatures: with a line of description; full: the stub with docstring and types."),
  limit: z.int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT).describe("Matches at most."),
});

export const SEARCH_TAKES = `${SEARCH_TOOLS} takes query (text), detail (${DETAILS.join(", ")}) and limit (1 to ${MAX_LIMIT}), all optional`;

/** A function that was found. */
export interface ToolMatch {
  /** As programs call it. */
  readonly name: string;
  readonly description?: string;
  readonly stub?: string;
}

export interface ToolMatches {
  /** The best first. */
  readonly matches: readonly ToolMatch[];
  /** How many there are, beyond the limit too. */
  readonly total: number;
  /** What the search could not see: servers that are not there. A sentence each. */
  readonly notes: readonly string[];
}

/** Searches the tools, also those of servers that are just starting. */
export async function searchTools(
  { query, detail, limit }: z.output<typeof SearchInput>,
  source: CatalogSource,
  signal: AbortSignal,
): Promise<ToolMatches> {
  const catalog = await startedCatalog(source, () => true, signal);
  const found = await catalog.search(query);
  const missing = source.upstreams.filter(({ state }) => state !== "ready");
  return {
    matches: found.slice(0, limit).map(MATCH[detail]),
    total: found.length,
    notes: missing.map((upstream) => `Tools of ${upstream.name} may be missing: ${stateOf(upstream)}.`),
  };
}

const MATCH: Record<(typeof DETAILS)[number], (found: PythonFunction) => ToolMatch> = {
  names: ({ name }) => ({ name }),
  signatures: ({ name, tool, signature }) => ({
    name,
    description: firstLine(tool.description),
    stub: `${signature}: ...`,
  }),
  full: ({ name, types, stub }) => ({ name, stub: [...types, stub].join("\n\n") }),
};

const LONGEST_LINE = 200;

export function firstLine(text: string): string {
  const line = text.trim().split("\n", 1)[0]?.trim() ?? "";
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE - 1).trimEnd()}…` : line;
}

/** Lets programs search. */
export function searchToolsFunction(source: CatalogSource): OwnFunction {
  return {
    declaration: `from typing import Literal

async def ${SEARCH_TOOLS}(
    query: str = "",
    detail: Literal[${DETAILS.map((detail) => `"${detail}"`).join(", ")}] = "${DEFAULT_DETAIL}",
    limit: int = ${DEFAULT_LIMIT},
) -> list[dict[str, str]]:
    """Finds functions by words of their names, descriptions and parameters; an empty query lists them. Each match has
    "name", and as the detail says "description" and "stub". What it finds can be called in the next program."""
    ...`,
    host: {
      name: SEARCH_TOOLS,
      parameters: ["query", "detail", "limit"],
      async call(args, signal) {
        const input = SearchInput.safeParse(args);
        if (!input.success) throw new PythonError("ValueError", explainInput(SEARCH_TAKES, input.error));
        return (await searchTools(input.data, source, signal)).matches;
      },
    },
  };
}
