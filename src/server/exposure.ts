import { estimateTokens } from "../ask/models/reply.js";
import type { Catalog, CatalogSource, UpstreamState } from "../catalog/catalog.js";
import { oneLine } from "../catalog/python-schema.js";
import type { ExposureSettings } from "../config.js";
import { SEARCH_TOOLS } from "../program/search-tools.js";

/** With more tools, clients get those alone that find tools and run programs. */
const MANY_TOOLS = 20;

/** Servers that are named, and characters of what one says of itself, and all of them. */
const MAX_SERVERS = 50;
const MAX_DESCRIPTION = 100;
const MAX_DESCRIPTIONS = 3000;

/** Whether each tool of the catalog is also a tool over MCP. */
export function exposesAll({ size }: Catalog, { expose }: ExposureSettings): boolean {
  return expose === undefined ? size <= MANY_TOOLS : expose === "all";
}

/** What a program can call, as a model is told: the stubs, or where they are too long, the servers and how to search. */
export function describeFunctions(source: CatalogSource, { stubTokens }: ExposureSettings): string {
  const { text } = source.catalog.stubs;
  if (estimateTokens(text) <= stubTokens)
    return `Functions it can call:\n\`\`\`python\n${text.trim()}\n\`\`\``;
  return [
    `It can call ${source.catalog.size} functions, too many to show. Find those you need with the tool ${SEARCH_TOOLS}, or in a ` +
      `program, whose functions include it: \`await ${SEARCH_TOOLS}("create issue")\` gives "name" and "stub" of each match. ` +
      "Call only functions whose stub you have seen. There are:",
    groups(source).join("\n"),
  ].join("\n");
}

function groups({ catalog, upstreams }: CatalogSource): string[] {
  const named = upstreams.slice(0, MAX_SERVERS);
  const said = named.map(whatItSays);
  const isShort = said.join("").length <= MAX_DESCRIPTIONS;
  const ofServers = named.map(
    ({ prefix, state, tools }, index) =>
      `- ${prefix}*: ${tools === 0 ? STATE[state] : tools}${isShort ? said[index] : ""}`,
  );
  const more = upstreams.length - ofServers.length;
  const own = upstreams.reduce((left, { tools }) => left - tools, catalog.size);
  return [
    ...ofServers,
    ...(more > 0 ? [`- and ${more} more servers`] : []),
    ...(own > 0 ? [`- ${own} of this server's own`] : []),
  ];
}

const STATE: Record<UpstreamState["state"], string> = { starting: "starting", ready: "none", down: "down" };

function whatItSays({ description }: UpstreamState): string {
  const line = oneLine(description ?? "");
  if (line === "") return "";
  return `, ${line.length > MAX_DESCRIPTION ? `${line.slice(0, MAX_DESCRIPTION - 1)}…` : line}`;
}
