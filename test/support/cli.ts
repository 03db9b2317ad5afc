import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { LATEST_PROTOCOL_VERSION } from "@modelcontextprotocol/sdk/types.js";
import { until } from "./until.js";

/** The repository's own folder. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The built command line: `npm test` builds it first. */
export const CLI = fileURLToPath(new URL("../../dist/bin/monty-code-mode.js", import.meta.url));

export function fixture(path: string): string {
  return fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));
}

/** This process's environment without settings of the server's and of a model, and with those given. */
export function environment(settings: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(MONTY_CODE_MODE|OPENAI|OTEL)_/.test(name));
  return { ...Object.fromEntries(own), ...settings };
}

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line to its end. */
export async function runCli(
  args: readonly string[],
  { input = "", env = {} }: { input?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<CliResult> {
  const running = new ServerProcess(args, env);
  running.child.stdin?.end(input);
  const code = await running.exit;
  return { code, stdout: running.stdout, stderr: running.stderr };
}

/** A message as it stands on a line of stdout. */
export interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { code: number; message: string };
}

/** The command line as a child whose stdin and stdout a test reads and writes itself. */
export class ServerProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  /** The exit code; null for a process that a signal ended. */
  readonly exit: Promise<number | null>;
  stdout = "";
  stderr = "";

  constructor(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [CLI, ...args], { env: environment(env) });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.child.stdin?.on("error", () => undefined);
    this.exit = new Promise((resolve) => this.child.on("close", resolve));
  }

  /** Starts a server and says hello to it. */
  static async serve(args: readonly string[] = []): Promise<ServerProcess> {
    const server = new ServerProcess(["serve", ...args]);
    server.request(0, "initialize", {
      protocolVersion: LATEST_PROTOCOL_VERSION,
      capabilities: {},
      clientInfo: { name: "test", version: "1" },
    });
    await server.answer(0);
    server.write(JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }));
    return server;
  }

  /** Where it serves HTTP, once it does. */
  async listening(): Promise<URL> {
    const [, url = ""] = await until(
      "it listens",
      () => /^monty-code-mode: listening on (http:\S+)$/m.exec(this.stderr),
      10_000,
    );
    return new URL(url);
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** What stands on stdout, line by line; throws where a line is no message. */
  messages(): Message[] {
    const lines = this.stdout.split("\n");
    return lines.slice(0, -1).map((line) => {
      const message = JSON.parse(line);
      if (message.jsonrpc !== "2.0") throw new Error(`no message: ${line}`);
      return message;
    });
  }

  write(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  request(id: number, method: string, params: Record<string, unknown> = {}): void {
    this.write(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
  }

  /** Runs a program; where `told`, the server tells of its tool calls. */
  execute(id: number, code: string, told = false): void {
    this.request(id, "tools/call", {
      name: "execute_python",
      arguments: { code },
      ...(told && { _meta: { progressToken: id } }),
    });
  }

  answer(id: number): Promise<Message> {
    return until(
      `request ${id} is answered`,
      () => this.messages().find((message) => message.id === id),
      10_000,
    );
  }

  /** Starts a program that spins, and waits until it does. */
  async spin(id: number): Promise<void> {
    this.execute(id, "await get_custom_budget(1)\nwhile True:\n    pass", true);
    await until("the program runs", () =>
      this.messages().some(({ method }) => method === "notifications/progress"),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exit;
  }
}

/** The SDK's client and the built server as its child. */
export class StdioConnection implements AsyncDisposable {
  private constructor(
    readonly client: Client,
    readonly pid: number,
    private readonly collected: { stderr: string },
  ) {}

  static async open(
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
    client = new Client({ name: "test", version: "1" }),
  ): Promise<StdioConnection> {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [CLI, ...args],
      stderr: "pipe",
      env: environment(env) as Record<string, string>,
    });
    const collected = { stderr: "" };
    transport.stderr?.on("data", (chunk: Buffer) => {
      collected.stderr += chunk;
    });
    await client.connect(transport);
    await client.listTools();
    return new StdioConnection(client, transport.pid as number, collected);
  }

  get stderr(): string {
    return this.collected.stderr;
  }

  execute(code: string) {
    return this.client.callTool({ name: "execute_python", arguments: { code } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}
