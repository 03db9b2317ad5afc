import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { Catalog } from "../../src/catalog/catalog.js";
import type { Tool } from "../../src/catalog/tool.js";
import type { Limits } from "../../src/sandbox/program.js";
import { createServer, type ServerOptions } from "../../src/server/server.js";
import { expenseTools } from "../../tools/expenses/index.js";
import { TestSandbox } from "./sandbox.js";

/** What `execute_python` gives as structured content. */
export interface Answer {
  readonly execution_id: string;
  readonly result?: unknown;
  readonly error?: { kind: string; message: string; line?: number; source?: string; hint?: string };
  readonly stdout: string;
  readonly tool_calls: readonly {
    name: string;
    arguments: Record<string, unknown>;
    duration_ms: number;
    error: string | null;
  }[];
  readonly duration_ms: number;
  readonly truncated: boolean;
  readonly notes?: readonly string[];
  readonly result_bytes?: number;
  readonly writes?: readonly { name: string; arguments: Record<string, unknown> }[];
  readonly receipt: Readonly<Record<string, number>>;
}

/** A client of the SDK and the server it is connected to in this process; both end with the `await using` block. */
export class TestConnection implements AsyncDisposable {
  private constructor(
    readonly client: Client,
    private readonly test: TestSandbox,
  ) {}

  static async open({
    tools = expenseTools,
    catalog = new Catalog(tools),
    limits = {},
    client = new Client({ name: "test", version: "1" }),
    ...options
  }: {
    tools?: Iterable<Tool>;
    catalog?: ServerOptions["catalog"];
    limits?: Partial<Limits>;
    client?: Client;
  } & Pick<ServerOptions, "model" | "ask" | "exposure" | "logger" | "observer" | "keep"> = {}) {
    const test = new TestSandbox({ limits });
    const server = createServer({
      catalog,
      sandbox: test.sandbox,
      ...options,
    });
    const [here, there] = InMemoryTransport.createLinkedPair();
    await Promise.all([server.connect(there), client.connect(here)]);
    // The client checks structured content only against schemas that it has seen.
    await client.listTools();
    return new TestConnection(client, test);
  }

  async call(name: string, args: Record<string, unknown>): Promise<CallToolResult> {
    return (await this.client.callTool({ name, arguments: args })) as CallToolResult;
  }

  async execute(code: string, more: Record<string, unknown> = {}): Promise<Answer> {
    return answerOf(await this.call("execute_python", { code, ...more }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.test.sandbox.close();
  }
}

export function answerOf(result: unknown): Answer {
  return (result as { structuredContent: Answer }).structuredContent;
}

/** All text of a result. */
export function textOf(result: unknown): string {
  const { content } = result as CallToolResult;
  return content.map((part) => (part.type === "text" ? part.text : `<${part.type}>`)).join("\n");
}
