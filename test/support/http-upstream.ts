import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

/** An MCP server over HTTP that can forget its sessions, go away and come back; it ends with the `await using` block. */
export class HttpUpstream implements AsyncDisposable {
  private readonly sessions = new Map<string, { transport: StreamableHTTPServerTransport; server: Server }>();
  private server: HttpServer | undefined;
  private port = 0;
  tools = ["count", "hang"];
  calls = 0;
  /** What the requests had in the header `Authorization`. */
  readonly authorizations = new Set<string>();
  /** Answers a request in place of the server, where it says so. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;

  static async start(): Promise<HttpUpstream> {
    const upstream = new HttpUpstream();
    await upstream.listen();
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/mcp`;
  }

  get opened(): number {
    return this.sessions.size;
  }

  async listen(): Promise<void> {
    this.server = createServer((request, response) => void this.handle(request, response));
    this.server.listen(this.port, "127.0.0.1");
    await once(this.server, "listening");
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Breaks all connections, and answers no more. */
  async stop(): Promise<void> {
    this.forgetSessions();
    this.server?.closeAllConnections();
    this.server?.close();
    await once(this.server as HttpServer, "close");
  }

  forgetSessions(): void {
    this.sessions.clear();
  }

  async changeTools(tools: string[]): Promise<void> {
    this.tools = tools;
    await Promise.all(Array.from(this.sessions.values(), ({ server }) => server.sendToolListChanged()));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.authorizations.add(request.headers.authorization ?? "none");
    if (this.intercept?.(request, response)) return;
    const id = request.headers["mcp-session-id"];
    const known = this.sessions.get(String(id));
    if (id !== undefined && known === undefined) {
      response.writeHead(404).end("Session not found");
      return;
    }
    await (known?.transport ?? (await this.open())).handleRequest(request, response);
  }

  private async open(): Promise<StreamableHTTPServerTransport> {
    const server = new Server(
      { name: "http", version: "1" },
      { capabilities: { tools: { listChanged: true } } },
    );
    server.setRequestHandler(ListToolsRequestSchema, () => ({
      tools: this.tools.map((name) => ({ name, inputSchema: { type: "object" as const } })),
    }));
    server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
      this.calls += 1;
      if (params.name === "hang") return new Promise(() => undefined);
      return { content: [{ type: "text", text: String(this.calls) }] };
    });
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void this.sessions.set(id, { transport, server }),
    });
    await server.connect(transport as Transport);
    return transport;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.server?.listening) await this.stop();
  }
}
