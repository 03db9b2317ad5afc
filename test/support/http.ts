import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Catalog } from "../../src/catalog/catalog.js";
import { defineTool, type Tool } from "../../src/catalog/tool.js";
import { type HttpSettings, readConfig } from "../../src/config.js";
import { z } from "../../src/index.js";
import type { PoolState } from "../../src/sandbox/monty/pool.js";
import { type HttpOptions, type HttpServer, serveHttp } from "../../src/server/http.js";
import { TestSandbox } from "./sandbox.js";

export const VERSION = "2025-11-25";

export const HEADERS = {
  "Content-Type": "application/json",
  Accept: "application/json, text/event-stream",
  "Mcp-Protocol-Version": VERSION,
};

export const INITIALIZE = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: VERSION, capabilities: {}, clientInfo: { name: "test", version: "1" } },
};

export interface SseEvent {
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: a message of any kind
  readonly message: any;
}

/** A server on a free port, with what it needs; all ends with the `await using` block. */
export class TestHttp implements AsyncDisposable {
  private readonly clients: Client[] = [];

  private constructor(
    readonly server: HttpServer,
    private readonly test: TestSandbox,
  ) {}

  static async start({
    tools = [],
    settings = {},
    ...options
  }: { tools?: Iterable<Tool>; settings?: Partial<HttpSettings> } & Partial<
    Omit<HttpOptions, "settings">
  > = {}): Promise<TestHttp> {
    const test = new TestSandbox();
    const { http } = readConfig({}, {});
    const server = await serveHttp({
      catalog: new Catalog(tools),
      sandbox: test.sandbox,
      ...options,
      settings: { ...http, port: 0, ...settings },
    }).catch(async (error) => {
      await test.sandbox.close();
      throw error;
    });
    return new TestHttp(server, test);
  }

  get pool(): PoolState {
    return this.test.sandbox.state;
  }

  get origin(): string {
    return new URL(this.server.url).origin;
  }

  /** The SDK's client, connected. */
  async connect(token?: string, client = new Client({ name: "test", version: "1" })): Promise<Client> {
    const requestInit = token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } };
    const transport = new StreamableHTTPClientTransport(new URL(this.server.url), { requestInit });
    this.clients.push(client);
    // Its session id may be undefined, which the type of transports does not say.
    await client.connect(transport as Parameters<Client["connect"]>[0]);
    return client;
  }

  post(
    body: unknown,
    headers: Record<string, string> = {},
    signal: AbortSignal | null = null,
  ): Promise<Response> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return fetch(this.server.url, {
      method: "POST",
      body: text,
      headers: { ...HEADERS, ...headers },
      signal,
    });
  }

  /** Opens a session by hand, and gives its header. */
  async initialize(headers: Record<string, string> = {}): Promise<{ "Mcp-Session-Id": string }> {
    const response = await this.post(INITIALIZE, headers);
    await response.text();
    return { "Mcp-Session-Id": response.headers.get("mcp-session-id") ?? "" };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close().catch(() => undefined)));
    await this.server.close();
    await this.test.sandbox.close();
  }
}

/** A tool that waits until it is let go, and tells when it was called. */
export class WaitingTool {
  private letGo: (value: string) => void = () => {};
  private wasCalled = () => {};
  private readonly released = new Promise<string>((resolve) => {
    this.letGo = resolve;
  });
  readonly called = new Promise<void>((resolve) => {
    this.wasCalled = resolve;
  });
  /** Whether a call was signalled to end. */
  aborted = false;
  readonly tool = defineTool({
    name: "wait",
    description: "Waits.",
    input: z.object({}),
    output: z.string(),
    run: (_, { signal }) => {
      this.wasCalled();
      signal.addEventListener("abort", () => {
        this.aborted = true;
      });
      return this.released;
    },
  });

  release(): void {
    this.letGo("released");
  }
}

/** The events of a stream, up to its end. */
export async function* sseEvents(response: Response): AsyncGenerator<SseEvent> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, id] = /^id: (.*)$/m.exec(block) ?? [];
      const [, data = ""] = /^data: (.*)$/m.exec(block) ?? [];
      if (id !== undefined) yield { id, message: data.trim() === "" ? null : JSON.parse(data) };
    }
  }
}

/** All that are left of them. */
export async function rest(events: AsyncGenerator<SseEvent>): Promise<SseEvent[]> {
  const all: SseEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}
