import type { AuthInfo } from "@modelcontextprotocol/sdk/server/auth/types.js";
import type {
  CallToolRequest,
  CallToolResult,
  Tool as ToolListing,
} from "@modelcontextprotocol/sdk/types.js";
import type { CallContext } from "../bind.js";
import type { Catalog, CatalogSource } from "../catalog/catalog.js";
import { startedCatalog } from "../catalog/started.js";
import type { ExposureSettings } from "../config.js";
import type { Logger } from "../logger.js";
import { catalogTool } from "./catalog-tool.js";
import { exposesAll } from "./exposure.js";
import type { ServerObserver } from "./observer.js";
import { missingScope } from "./scopes.js";
import { invalidParams, type RequestExtra, type ServerTool } from "./server-tool.js";

export interface ConnectionToolsOptions {
  readonly source: CatalogSource;
  /** The tools of the server's own. */
  readonly own: readonly ServerTool[];
  readonly exposure: ExposureSettings;
  /** What a call of a tool of the catalog is given besides its signal. */
  readonly contextOf: (extra: RequestExtra) => CallContext;
  readonly observer: ServerObserver | undefined;
  readonly logger: Logger | undefined;
}

/** The tools that one client is offered; they follow the catalog. */
export class ConnectionTools {
  private catalog: Catalog | undefined;
  private tools: ReadonlyMap<string, ServerTool> = new Map();

  constructor(private readonly options: ConnectionToolsOptions) {}

  list(auth: AuthInfo | undefined): ToolListing[] {
    const { source, exposure } = this.options;
    // Who sees few of the tools will search: the index is made meanwhile.
    if (!exposesAll(source.catalog, exposure))
      setImmediate(() => source.catalog.search("").catch(() => undefined));
    return this.allowed(auth).map(({ listing }) => listing);
  }

  /** @throws McpError when there is no such tool, and none comes with a server that is just starting. */
  async call(
    { name, arguments: args = {} }: CallToolRequest["params"],
    extra: RequestExtra,
  ): Promise<CallToolResult> {
    const { source } = this.options;
    if (!this.current().has(name))
      await startedCatalog(source, ({ prefix }) => name.startsWith(prefix), extra.signal);
    const tool = missingScope(name, extra.authInfo) === null ? this.current().get(name) : undefined;
    if (tool === undefined) {
      const names = this.allowed(extra.authInfo)
        .map(({ listing }) => listing.name)
        .join(", ");
      const isHidden = source.catalog.get(name) !== undefined && !this.current().has(name);
      throw invalidParams(
        isHidden
          ? `${name} is called by a program of execute_python, not directly. The tools are ${names}.`
          : `There is no tool named ${name}. The tools are ${names}.`,
      );
    }
    return tool.call(args, extra);
  }

  private allowed(auth: AuthInfo | undefined): ServerTool[] {
    return Array.from(this.current(), ([name, tool]) => ({ name, tool }))
      .filter(({ name }) => missingScope(name, auth) === null)
      .map(({ tool }) => tool);
  }

  private current(): ReadonlyMap<string, ServerTool> {
    const { source, own, exposure, contextOf, observer, logger } = this.options;
    const { catalog } = source;
    if (catalog === this.catalog) return this.tools;
    const exposed = exposesAll(catalog, exposure) ? [...catalog] : [];
    const names = new Set(own.map(({ listing }) => listing.name));
    for (const { name } of exposed.filter((tool) => names.has(tool.name)))
      logger?.warn("a tool has the name of one of the server's own: only programs reach it", { tool: name });
    const others = exposed.filter((tool) => !names.has(tool.name));
    const tools = [...own, ...others.map((tool) => catalogTool(tool, { contextOf, observer }))];
    this.catalog = catalog;
    this.tools = new Map(tools.map((tool) => [tool.listing.name, tool]));
    return this.tools;
  }
}
