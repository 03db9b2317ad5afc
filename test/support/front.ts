import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { ServerProcess, StdioConnection } from "./cli.js";
import { type Answer, answerOf } from "./client.js";
import type { Entry } from "./upstream.js";

let files = 0;

/** Writes a file of servers into a folder, and gives its name. */
export async function configFile(dir: string, mcpServers: Readonly<Record<string, Entry>>): Promise<string> {
  files += 1;
  const file = join(dir, `servers-${files}.json`);
  await writeFile(file, JSON.stringify({ mcpServers }));
  return file;
}

/** A client of the built server in front of others; both end with the `await using` block. */
export class Front implements AsyncDisposable {
  /** How often it was told that the list of tools has changed. */
  changes = 0;

  private constructor(
    readonly client: Client,
    private readonly end: () => Promise<void>,
  ) {
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      this.changes += 1;
    });
  }

  static async open(
    config: string,
    flags: readonly string[] = [],
    client = new Client({ name: "test", version: "1" }),
  ): Promise<Front> {
    const args = ["serve", "--config", config, ...flags];
    const connection = await StdioConnection.open(args, {}, client);
    return new Front(client, () => connection[Symbol.asyncDispose]());
  }

  static async overHttp(config: string, client: Client): Promise<Front> {
    const server = new ServerProcess(["serve", "--http", "--port", "0", "--config", config]);
    const transport = new StreamableHTTPClientTransport(await server.listening());
    // Its session id may be undefined, which the type of transports does not say.
    await client.connect(transport as Parameters<Client["connect"]>[0]);
    return new Front(client, async () => {
      await client.close();
      await server[Symbol.asyncDispose]();
    });
  }

  async execute(code: string): Promise<Answer> {
    return answerOf(await this.call("execute_python", { code }));
  }

  call(name: string, args: Record<string, unknown> = {}) {
    return this.client.callTool({ name, arguments: args });
  }

  async names(): Promise<string[]> {
    return (await this.client.listTools()).tools.map(({ name }) => name);
  }

  async stubs(): Promise<string> {
    const { contents } = await this.client.readResource({ uri: "monty-code-mode://stubs" });
    return contents.map((content) => ("text" in content ? content.text : "")).join("");
  }

  /** The description of execute_python. */
  async description(): Promise<string> {
    const { tools } = await this.client.listTools();
    return tools.find(({ name }) => name === "execute_python")?.description ?? "";
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }
}
