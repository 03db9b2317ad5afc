import { type PythonFunction, type PythonStubs, pythonStubs } from "./python-stubs.js";
import type { SearchIndex } from "./search.js";
import type { Tool } from "./tool.js";

/** Tools that may come and go while they are served. */
export interface CatalogSource {
  /** The tools as they are now; another object after each change. */
  readonly catalog: Catalog;
  /** The other MCP servers that tools come from, in the order of the configuration. */
  readonly upstreams: readonly UpstreamState[];
  /** Resolves when those of the servers have started or failed for which `isWanted` is true; all of them where absent. */
  started(isWanted?: (upstream: UpstreamState) => boolean): Promise<void>;
  /** Calls `listener` after each change of `catalog`, until the function that it returns is called. */
  onChange(listener: () => void): () => void;
}

export interface UpstreamState {
  /** As in the configuration. */
  readonly name: string;
  /** What the names of its functions begin with, `_` included. */
  readonly prefix: string;
  /** What the server says of itself, in a line. */
  readonly description: string | undefined;
  readonly state: "starting" | "ready" | "down";
  /** How many of the catalog's tools are its own; it keeps them while it is down. */
  readonly tools: number;
  /** Why it is down; undefined where it is not. */
  readonly problem: string | undefined;
}

/** A source whose tools stay as they are. */
export function fixedSource(catalog: Catalog): CatalogSource {
  return { catalog, upstreams: [], started: async () => undefined, onChange: () => () => undefined };
}

/** A source of catalogs, from what may be one catalog alone. */
export function sourceOf(catalog: Catalog | CatalogSource): CatalogSource {
  return catalog instanceof Catalog ? fixedSource(catalog) : catalog;
}

/** The set of tools that a program and a client can reach; iterates in the order in which they were given. */
export class Catalog implements Iterable<Tool> {
  readonly #tools = new Map<string, Tool>();
  #stubs: PythonStubs | undefined;
  #index: Promise<SearchIndex> | undefined;

  /** @throws Error when two tools share a name; it names both sources where they are known. */
  constructor(tools: Iterable<Tool>) {
    for (const tool of tools) {
      const first = this.#tools.get(tool.name);
      if (first) throw new Error(duplicateMessage(first, tool));
      this.#tools.set(tool.name, tool);
    }
  }

  get size(): number {
    return this.#tools.size;
  }

  get(name: string): Tool | undefined {
    return this.#tools.get(name);
  }

  /** The Python stubs of all tools; written once, for every session that serves them. */
  get stubs(): PythonStubs {
    this.#stubs ??= pythonStubs([...this]);
    return this.#stubs;
  }

  /**
   * The functions that fit the words of a query, by their names, descriptions and parameters, the best first; all of
   * them where it has no words. The index is made with the first search.
   */
  async search(query: string): Promise<readonly PythonFunction[]> {
    const { functions } = this.stubs;
    this.#index ??= import("./search.js").then(({ SearchIndex }) => new SearchIndex(functions));
    return (await this.#index).search(query);
  }

  [Symbol.iterator](): IterableIterator<Tool> {
    return this.#tools.values();
  }
}

function duplicateMessage(first: Tool, second: Tool): string {
  const origin = (tool: Tool) => (tool.source === undefined ? "a built-in tool" : `one from ${tool.source}`);
  return `Two tools are named ${first.name}: ${origin(first)} and ${origin(second)}. Rename one of them.`;
}
