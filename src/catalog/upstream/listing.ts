import { type Tool as McpTool, ToolSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { JsonSchema, ToolAnnotations } from "../tool.js";

/** What a server may ask of us with its list. */
const MAX_TOOLS = 5000;
const MAX_PAGES = 100;
const MAX_DESCRIPTION = 4000;
const MAX_TITLE = 200;
const MAX_SCHEMA_BYTES = 64 * 1024;
const MAX_SCHEMA_DEPTH = 64;

/** A tool as its server lists it. */
export interface ListedTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema?: JsonSchema;
  readonly annotations: ToolAnnotations;
  /** Whether the server runs it only as a task: see `callAsTask`. */
  readonly isTask: boolean;
}

export interface Listing {
  readonly tools: readonly ListedTool[];
  /** What is wrong with the rest, a line each. */
  readonly problems: readonly string[];
}

export interface ListFilter {
  /** As in `UpstreamSettings`. */
  readonly allow: readonly string[] | undefined;
  readonly deny: readonly string[];
  readonly confirm: readonly string[];
}

/** One page of `tools/list`; what is wrong with a tool must not take the others along. */
export const ToolPage = z.object({ tools: z.array(z.unknown()), nextCursor: z.string().optional() });

/** Reads all pages and keeps the tools that the filter lets through and that can be used. */
export async function listTools(
  page: (cursor: string | undefined) => Promise<z.output<typeof ToolPage>>,
  filter: ListFilter,
): Promise<Listing> {
  const problems: string[] = [];
  const found = new Map<string, ListedTool>();
  const offered = new Set<string>();
  let cursor: string | undefined;
  for (let count = 0; ; count++) {
    const { tools, nextCursor } = await page(cursor);
    const room = MAX_TOOLS - offered.size;
    for (const listed of tools.slice(0, room)) {
      const tool = readTool(listed);
      if (typeof tool === "string") problems.push(tool);
      else if (offered.has(tool.name))
        problems.push(`lists two tools named ${tool.name}; the first of them is used`);
      else {
        offered.add(tool.name);
        if (isWanted(tool.name, filter)) found.set(tool.name, tool);
      }
    }
    if (tools.length <= room && nextCursor === undefined) break;
    if (tools.length >= room || nextCursor === cursor || count >= MAX_PAGES) {
      problems.push(`lists too many tools; the first ${offered.size} of them are used`);
      break;
    }
    cursor = nextCursor;
  }
  problems.push(...unmatched(offered, filter));
  return { tools: [...found.values()], problems };
}

/** Whether one of `patterns` is the name; `*` in them stands for any text. */
export function matches(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => {
    const [first = "", ...parts] = pattern.split("*");
    const last = parts.pop();
    if (last === undefined) return pattern === name;
    if (!name.startsWith(first) || !name.slice(first.length).endsWith(last)) return false;
    let rest = name.slice(first.length, name.length - last.length);
    return parts.every((part) => {
      const at = rest.indexOf(part);
      rest = rest.slice(at + part.length);
      return at >= 0;
    });
  });
}

function isWanted(name: string, { allow, deny }: ListFilter): boolean {
  return (allow === undefined || matches(allow, name)) && !matches(deny, name);
}

/** A list that names no tool is most likely misspelt, and what it should keep away is there. */
function unmatched(offered: ReadonlySet<string>, { allow, deny, confirm }: ListFilter): string[] {
  return Object.entries({ allow: allow ?? [], deny, confirm }).flatMap(([list, patterns]) =>
    patterns
      .filter((pattern) => ![...offered].some((name) => matches([pattern], name)))
      .map((pattern) => `has no tool that ${list} means by ${JSON.stringify(pattern)}`),
  );
}

/** The tool, or what is wrong with it. */
function readTool(listed: unknown): ListedTool | string {
  const parsed = ToolSchema.safeParse(listed);
  const named: unknown =
    typeof listed === "object" && listed !== null ? Reflect.get(listed, "name") : undefined;
  const name = typeof named === "string" ? JSON.stringify(named.slice(0, 100)) : "without a name";
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `lists a tool ${name} that is none: ${issue?.path.join(".")}: ${issue?.message}`;
  }
  const tool = parsed.data;
  if (isTooLarge(tool.inputSchema))
    return `lists a tool ${name} whose input schema is too large; it is left out`;
  return {
    name: tool.name,
    description: cut(tool.description ?? tool.title ?? "", MAX_DESCRIPTION),
    inputSchema: tool.inputSchema as JsonSchema,
    // Without it, the result is anything.
    ...(tool.outputSchema &&
      !isTooLarge(tool.outputSchema) && { outputSchema: tool.outputSchema as JsonSchema }),
    annotations: readAnnotations(tool),
    isTask: tool.execution?.taskSupport === "required",
  };
}

function readAnnotations({ title, annotations = {} }: McpTool): ToolAnnotations {
  const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = annotations;
  const shown = title ?? annotations.title;
  return {
    ...(shown !== undefined && { title: cut(shown, MAX_TITLE) }),
    ...(readOnlyHint !== undefined && { readOnlyHint }),
    ...(destructiveHint !== undefined && { destructiveHint }),
    ...(idempotentHint !== undefined && { idempotentHint }),
    ...(openWorldHint !== undefined && { openWorldHint }),
  };
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}

function isTooLarge(schema: object): boolean {
  const isTooDeep = (value: unknown, depth: number): boolean =>
    typeof value === "object" &&
    value !== null &&
    (depth > MAX_SCHEMA_DEPTH || Object.values(value).some((part) => isTooDeep(part, depth + 1)));
  return isTooDeep(schema, 0) || Buffer.byteLength(JSON.stringify(schema)) > MAX_SCHEMA_BYTES;
}
