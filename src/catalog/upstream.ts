import type { Logger } from "../logger.js";
import { Catalog, type CatalogSource, type UpstreamState } from "./catalog.js";
import { functionNames } from "./python-names.js";
import type { Tool } from "./tool.js";
import type { UpstreamSettings } from "./upstream/config-file.js";
import type { ListedTool } from "./upstream/listing.js";
import { nameTools, serverPrefixes } from "./upstream/names.js";
import { UpstreamServer } from "./upstream/server.js";
import { ObservedShape } from "./upstream/shapes.js";
import { upstreamTool } from "./upstream/tool.js";

/** The tools given, and those of other MCP servers as they come and go. */
export class UpstreamSource implements CatalogSource {
  private readonly servers: readonly Member[];
  private readonly names: { readonly prefixes: readonly string[]; readonly others: ReadonlySet<string> };
  private readonly listeners = new Set<() => void>();
  private current: Catalog | undefined;

  /** Starts no server yet: see `started`. */
  constructor(
    private readonly tools: readonly Tool[],
    settings: readonly UpstreamSettings[],
    private readonly logger: Logger,
  ) {
    const names = tools.map(({ name }) => name);
    const prefixes = serverPrefixes(settings.map(({ name }) => name));
    this.names = { prefixes, others: new Set([...names, ...functionNames(names)]) };
    this.servers = settings.map((one, index) => {
      const server = new UpstreamServer(one, logger, () => this.toolsChanged(member));
      const member: Member = { server, prefix: prefixes[index] ?? "", tools: new Map(), shapes: new Map() };
      return member;
    });
  }

  get catalog(): Catalog {
    this.current ??= new Catalog([
      ...this.tools,
      ...this.servers.flatMap(({ tools }) => [...tools.values()]),
    ]);
    return this.current;
  }

  get upstreams(): readonly UpstreamState[] {
    return this.servers.map(({ server, prefix, tools }) => ({
      name: server.name,
      prefix,
      description: server.description,
      ...server.state,
      tools: tools.size,
    }));
  }

  /** Starts the servers that are wanted, all at the same time, where they are not started yet. */
  async started(isWanted: (upstream: UpstreamState) => boolean = () => true): Promise<void> {
    const states = this.upstreams;
    const wanted = this.servers.filter((_, index) => isWanted(states[index] as UpstreamState));
    await Promise.all(wanted.map(({ server }) => server.start()));
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Ends all servers that are processes of ours, and all connections. */
  async close(): Promise<void> {
    this.listeners.clear();
    await Promise.all(this.servers.map(({ server }) => server.close()));
  }

  private toolsChanged(member: Member): void {
    const { server, prefix } = member;
    const names = nameTools(
      prefix,
      server.tools.map(({ name }) => name),
      this.names,
    );
    member.tools.clear();
    for (const listed of server.tools)
      member.tools.set(listed.name, this.makeTool(member, listed, names.get(listed.name) ?? ""));
    this.changed();
  }

  private makeTool(member: Member, listed: ListedTool, name: string): Tool {
    const { server, shapes, tools } = member;
    const shape = shapes.get(listed.name) ?? new ObservedShape();
    shapes.set(listed.name, shape);
    const made = upstreamTool({
      server,
      listed,
      name,
      onResult: (value) => {
        const current = tools.get(listed.name);
        if (!shape.add(value) || current === undefined) return;
        tools.set(listed.name, { ...current, observedResult: shape.text });
        this.changed();
      },
      warn: (problem) => this.logger.warn(`${server.name}: ${problem}`, { upstream: server.name }),
    });
    return listed.outputSchema === undefined ? { ...made, observedResult: shape.text } : made;
  }

  private changed(): void {
    this.current = undefined;
    for (const listener of this.listeners) listener();
  }
}

interface Member {
  readonly server: UpstreamServer;
  readonly prefix: string;
  /** By the server's own names. */
  readonly tools: Map<string, Tool>;
  /** Of the results of tools without an output schema; they outlive a restart of the server. */
  readonly shapes: Map<string, ObservedShape>;
}
