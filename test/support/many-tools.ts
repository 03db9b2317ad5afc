import type { UpstreamState } from "../../src/catalog/catalog.js";
import type { Tool } from "../../src/catalog/tool.js";

const { tools, servers } = (await import(new URL("../../bench/many/index.mjs", import.meta.url).href)) as {
  tools: readonly Tool[];
  servers: Readonly<Record<string, string>>;
};

/** 500 tools such as twenty servers would bring. */
export const manyTools = tools;

/** Those servers, all of them started. */
export const manyUpstreams: readonly UpstreamState[] = Object.entries(servers).map(([name, description]) => ({
  name,
  prefix: `${name}_`,
  description,
  state: "ready",
  tools: tools.filter((tool) => tool.name.startsWith(`${name}_`)).length,
  problem: undefined,
}));

/** Those of the tools that a server brings. */
export function toolsOf(server: string): readonly Tool[] {
  return tools.filter(({ name }) => name.startsWith(`${server}_`));
}
