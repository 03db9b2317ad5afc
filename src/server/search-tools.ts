import { z } from "zod";
import { messageOf } from "../bind.js";
import type { CatalogSource } from "../catalog/catalog.js";
import { explainInput } from "../program/explain-input.js";
import {
  SEARCH_TAKES,
  SEARCH_TOOLS,
  SearchInput,
  searchTools,
  type ToolMatches,
} from "../program/search-tools.js";
import { errorResult, jsonSchema, type ServerTool } from "./server-tool.js";

const Output = z.object({
  matches: z.array(
    z.object({
      name: z.string(),
      description: z.string().optional(),
      stub: z.string().optional(),
    }),
  ),
  total: z.int().describe("Matches, those beyond the limit too."),
  notes: z.array(z.string()).optional().describe("Servers whose tools may be missing."),
});

/** The tool that finds what a program can call. */
export function searchToolsTool(source: CatalogSource): ServerTool {
  return {
    listing: {
      name: SEARCH_TOOLS,
      title: "Find tools for a program",
      description: "Finds functions that a program of execute_python can call, with their Python stubs.",
      inputSchema: jsonSchema(SearchInput, "input"),
      outputSchema: jsonSchema(Output, "output"),
      annotations: { title: "Search tools", readOnlyHint: true, openWorldHint: false },
    },
    async call(args, { signal }) {
      const input = SearchInput.safeParse(args);
      if (!input.success) return errorResult(explainInput(SEARCH_TAKES, input.error));
      try {
        const found = await searchTools(input.data, source, signal);
        const { notes, ...rest } = found;
        return {
          content: [{ type: "text", text: textOf(found) }],
          structuredContent: { ...rest, ...(notes.length > 0 && { notes }) },
        };
      } catch (error) {
        return errorResult(`${SEARCH_TOOLS}: ${messageOf(error)}`);
      }
    },
  };
}

/** For a model to read: Python, with the rest as comments. */
function textOf({ matches, total, notes }: ToolMatches): string {
  const blocks = matches.map(({ name, description, stub }) =>
    [...(description === undefined ? [] : [`# ${description}`]), stub ?? name].join("\n"),
  );
  const isLong = matches.some(({ stub }) => stub !== undefined);
  const left = total - matches.length;
  const more = left > 0 ? [`# ${left} more: a longer query, or a higher limit.`] : [];
  const none =
    matches.length === 0 ? ["# Nothing fits: use other words, or an empty query for all names."] : [];
  return [blocks.join(isLong ? "\n\n" : "\n"), ...none, ...more, ...notes.map((note) => `# ${note}`)]
    .filter((part) => part !== "")
    .join("\n\n");
}
