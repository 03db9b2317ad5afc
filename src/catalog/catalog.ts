import { type PythonStubs, pythonStubs } from "./python-stubs.js";
import type { Tool } from "./tool.js";

/** The set of tools that a program and a client can reach; iterates in the order in which they were given. */
export class Catalog implements Iterable<Tool> {
  readonly #tools = new Map<string, Tool>();
  #stubs: PythonStubs | undefined;

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

  [Symbol.iterator](): IterableIterator<Tool> {
    return this.#tools.values();
  }
}

function duplicateMessage(first: Tool, second: Tool): string {
  const origin = (tool: Tool) => (tool.source === undefined ? "a built-in tool" : `one from ${tool.source}`);
  return `Two tools are named ${first.name}: ${origin(first)} and ${origin(second)}. Rename one of them.`;
}
