import { Catalog, type CatalogSource, type UpstreamState } from "../../src/catalog/catalog.js";
import type { Tool } from "../../src/catalog/tool.js";

/** A source that a test changes. A server in it has started once its state is no longer `starting`. */
export class TestSource implements CatalogSource {
  catalog: Catalog;
  upstreams: readonly UpstreamState[];
  /** Who follows it. */
  readonly listeners = new Set<() => void>();

  constructor(tools: Iterable<Tool> = [], upstreams: readonly UpstreamState[] = []) {
    this.catalog = new Catalog(tools);
    this.upstreams = upstreams;
  }

  set(tools: Iterable<Tool>, upstreams = this.upstreams): void {
    this.catalog = new Catalog(tools);
    this.upstreams = upstreams;
    for (const listener of this.listeners) listener();
  }

  async started(isWanted: (upstream: UpstreamState) => boolean = () => true): Promise<void> {
    while (this.upstreams.some((upstream) => upstream.state === "starting" && isWanted(upstream))) {
      await new Promise<void>((resolve) => {
        const stop = this.onChange(() => {
          stop();
          resolve();
        });
      });
    }
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** A server of a source. */
export function upstream(name: string, more: Partial<UpstreamState> = {}): UpstreamState {
  return {
    name,
    prefix: `${name}_`,
    description: undefined,
    state: "ready",
    tools: 0,
    problem: undefined,
    ...more,
  };
}
