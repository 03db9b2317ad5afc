import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { UpstreamState } from "../../src/catalog/catalog.js";
import type { Tool, ToolContext } from "../../src/catalog/tool.js";
import { readConfigFile } from "../../src/catalog/upstream/config-file.js";
import { UpstreamSource } from "../../src/catalog/upstream.js";
import type { Logger } from "../../src/logger.js";
import { fixture } from "./cli.js";

/** What stands in `mcpServers`. */
export type Entry = Readonly<Record<string, unknown>>;

/** The fixture server, with what it is told to do. */
export function fixtureServer(options: Readonly<Record<string, unknown>> = {}, entry: Entry = {}): Entry {
  return {
    command: process.execPath,
    args: [fixture("upstream/server.mjs"), JSON.stringify(options)],
    ...entry,
  };
}

/** One of the reference servers of the registry. */
export function referenceServer(name: string, args: readonly string[] = [], entry: Entry = {}): Entry {
  return { command: process.execPath, args: [binOf(name), ...args], ...entry };
}

export function binOf(name: string): string {
  const manifest = createRequire(import.meta.url).resolve(
    `@modelcontextprotocol/server-${name}/package.json`,
  );
  const { bin } = createRequire(import.meta.url)(manifest) as { bin: Record<string, string> };
  return join(dirname(manifest), Object.values(bin)[0] ?? "");
}

/** Other servers, read from a file and started; all ends with the `await using` block. */
export class TestUpstreams implements AsyncDisposable {
  private constructor(
    readonly source: UpstreamSource,
    /** What was logged: `warn: text`. */
    readonly log: readonly string[],
    readonly dir: string,
  ) {}

  static async open(
    mcpServers: Readonly<Record<string, Entry>>,
    { tools = [], start = true }: { tools?: readonly Tool[]; start?: boolean } = {},
  ): Promise<TestUpstreams> {
    const dir = await mkdtemp(join(tmpdir(), "monty-code-mode-upstream-"));
    const file = join(dir, "mcp.json");
    await writeFile(file, JSON.stringify({ mcpServers }));
    const log: string[] = [];
    const at = (level: string) => (text: string) => void log.push(`${level}: ${text}`);
    const logger: Logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
    const { servers } = await readConfigFile(file);
    const test = new TestUpstreams(new UpstreamSource(tools, servers, logger), log, dir);
    if (start) await test.source.started();
    return test;
  }

  get names(): string[] {
    return [...this.source.catalog].map(({ name }) => name);
  }

  tool(name: string): Tool {
    const tool = this.source.catalog.get(name);
    if (tool === undefined) throw new Error(`There is no tool ${name} among ${this.names.join(", ")}.`);
    return tool;
  }

  state(name: string): UpstreamState {
    return this.source.upstreams.find((one) => one.name === name) as UpstreamState;
  }

  async call(
    name: string,
    args: Record<string, unknown> = {},
    context: Partial<ToolContext> = {},
  ): Promise<unknown> {
    return this.tool(name).call(args, { signal: new AbortController().signal, ...context });
  }

  /** What a call that must fail throws. */
  async failure(
    name: string,
    args: Record<string, unknown> = {},
    context: Partial<ToolContext> = {},
  ): Promise<Error> {
    try {
      await this.call(name, args, context);
    } catch (error) {
      return error as Error;
    }
    throw new Error(`${name} did not fail.`);
  }

  /** The warnings that were logged. */
  get warnings(): string[] {
    return this.log.filter((line) => line.startsWith("warn: "));
  }

  /** The lines of a file in the folder of the configuration. */
  async lines(name: string): Promise<string[]> {
    const text = await readFile(join(this.dir, name), "utf8").catch(() => "");
    return text.split("\n").filter((line) => line !== "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}
