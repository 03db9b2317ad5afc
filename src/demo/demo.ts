import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { Tool } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { type Config, readConfig } from "../config.js";
import { formatJson } from "../format-json.js";
import { type Paint, painter } from "../paint.js";
import { PACKAGE_ROOT } from "../paths.js";
import { VERSION } from "../version.js";
import { MAX_LATENCY_MS, MIN_LATENCY_MS } from "./latency.js";
import { type DemoProgram, PROGRAMS } from "./programs.js";
import { paintPython } from "./python.js";
import { modelNote, showSession, wrap } from "./session.js";
import { milliseconds, timeline } from "./timeline.js";

const SERVER = fileURLToPath(new URL("dist/bin/demo-server.js", PACKAGE_ROOT));

/** Columns: no fewer than the code needs, no more than a reader likes. */
const MIN_WIDTH = 80;
const MAX_WIDTH = 100;

/** The part of the answer of `execute_python` that the demo shows. */
const Answer = z.object({
  content: z.array(
    z.object({ text: z.string(), annotations: z.object({ audience: z.array(z.string()) }).optional() }),
  ),
  structuredContent: z.object({
    execution_id: z.string(),
    result: z.unknown().optional(),
    error: z.object({ kind: z.string() }).optional(),
    stdout: z.string(),
    tool_calls: z.array(
      z.object({
        name: z.string(),
        arguments: z.record(z.string(), z.unknown()),
        started_ms: z.number(),
        duration_ms: z.number(),
        error: z.string().nullable(),
      }),
    ),
    duration_ms: z.number(),
    receipt: z.object({
      calls_run: z.int(),
      calls_from_journal: z.int(),
      tool_bytes: z.int(),
      answer_bytes: z.int(),
    }),
  }),
});

type Answer = z.output<typeof Answer>;

type StructuredAnswer = Answer["structuredContent"];

type Receipt = StructuredAnswer["receipt"];

/**
 * Starts a server as an MCP client does and runs the programs of the demo against it, shown for a person.
 *
 * @returns the exit code: 0, or 1 when the server failed or a program did not do what it was to show.
 */
export async function demo(): Promise<number> {
  const env = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [SERVER],
    env: Object.fromEntries(env),
    stderr: "pipe",
  });
  let stderr = "";
  transport.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  // A reader that leaves early, such as `head`, is no reason to fail.
  process.stdout.on("error", () => undefined);
  const client = new Client({ name: "monty-code-mode-demo", version: VERSION });
  try {
    await client.connect(transport);
    const config = readConfig({});
    const screen = new Screen(painter(process.stdout), process.stdout.columns);
    await show(client, config, screen);
    await client.close();
    stderr = "";
    await showSession(config, screen);
    return 0;
  } catch (error) {
    const said = stderr.trim().split("\n").at(-1);
    const why = said || (error instanceof Error ? error.message : String(error));
    process.stderr.write(`monty-code-mode: The demo failed: ${why}\n`);
    return 1;
  } finally {
    await client.close();
  }
}

async function show(client: Client, config: Config, screen: Screen): Promise<void> {
  const { tools } = await client.listTools();
  screen.introduce(tools, config);
  let latest: string | undefined;
  for (const program of PROGRAMS) {
    screen.program(program);
    const args = { code: program.code, ...(program.resumes && { resume_from: latest }) };
    const { success, data: answer } = Answer.safeParse(
      await client.callTool({ name: "execute_python", arguments: args }),
    );
    if (!success) throw new Error("execute_python gave an answer of another form than its schema says.");
    screen.answer(answer);
    const { error, execution_id } = answer.structuredContent;
    latest = execution_id;
    if (error?.kind !== ERROR_KIND[program.outcome])
      throw new Error(`"${program.title}" was to end with a ${program.outcome}.`);
  }
  screen.conversation(config);
}

const ERROR_KIND: Record<DemoProgram["outcome"], string | undefined> = {
  result: undefined,
  refusal: "type",
  failure: "runtime",
};

class Screen {
  readonly width: number;
  tools: ReadonlySet<string> = new Set();

  constructor(
    readonly paint: Paint,
    columns = MAX_WIDTH,
  ) {
    this.width = Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, columns));
  }

  introduce(tools: readonly Tool[], config: Config): void {
    this.tools = new Set(tools.map(({ name }) => name));
    this.write(
      "An MCP server runs as a child process; this is its client. In this demo each\n" +
        `expense tool takes ${MIN_LATENCY_MS} to ${MAX_LATENCY_MS} ms, as one behind a network would.\n\n` +
        `A conversation comes after the programs. ${modelNote(config)}`,
    );
    const nameWidth = Math.max(...[...this.tools].map(({ length }) => length)) + 2;
    this.section("Tools of the server");
    for (const { name, description = "" } of tools) {
      const [sentence = ""] = description.split(/(?<=[.:;,]) /);
      this.write(`  ${this.paint("cyan", name.padEnd(nameWidth))}${sentence.replace(/[.:;,]$/, "")}`);
    }
  }

  program({ title, code }: DemoProgram): void {
    this.write(`\n\n${this.paint("bold", title)}\n${this.paint("dim", "─".repeat(this.width))}`);
    this.write(paintPython(code, this.tools, this.paint));
  }

  answer({ content, structuredContent }: Answer): void {
    const { result, error, stdout, tool_calls: calls, duration_ms: duration, receipt } = structuredContent;
    if (calls.length > 0) {
      this.section("Tool calls");
      this.write(indent(timeline(calls, duration, this.width - 2, this.paint)));
    }
    if (stdout !== "") {
      this.section("Printed");
      this.write(indent(stdout.trimEnd()));
    }
    if (error) {
      this.section(error.kind === "type" ? "Refused before anything ran" : "Failed");
      const [failure = "", ...rest] = content
        .filter(({ annotations }) => !annotations)
        .map(({ text }) => text);
      this.write(indent(this.paint("red", wrap(failure, this.width - 2))));
      for (const text of rest) this.write(indent(wrap(text, this.width - 2)));
    } else {
      this.section("Result");
      this.write(indent(formatJson(result, this.width - 2)));
    }
    if (calls.length > 0) {
      this.section("Receipt");
      this.write(`  ${receiptLine(receipt)}`);
    }
    this.section("Time");
    this.write(`  ${milliseconds(duration)}${comparison(calls, receipt)}`);
  }

  conversation(config: Config): void {
    this.write(`\n\n${this.paint("bold", "5. A conversation, each question answered by `ask`")}`);
    this.write(modelNote(config));
  }

  readonly write = (text: string): void => {
    process.stdout.write(`${text}\n`);
  };

  private section(title: string): void {
    this.write(`\n${this.paint("bold", title)}`);
  }
}

function receiptLine({ calls_run, calls_from_journal, tool_bytes, answer_bytes }: Receipt): string {
  const calls = `${calls_run} ${calls_run === 1 ? "call" : "calls"} made`;
  const kept = calls_from_journal > 0 ? `, ${calls_from_journal} not made again` : "";
  return `${calls}${kept}; the tools returned ${bytes(tool_bytes)}, the model gets ${bytes(answer_bytes)}`;
}

function bytes(count: number): string {
  return `${count.toLocaleString("en-US")} bytes`;
}

function comparison(calls: StructuredAnswer["tool_calls"], { calls_from_journal }: Receipt): string {
  if (calls.length === 0) return ", no tool was called";
  if (calls_from_journal > 0) return "";
  const waited = calls.reduce((sum, call) => sum + call.duration_ms, 0);
  return `; one at a time, its ${calls.length} tool calls would have taken ${milliseconds(waited)}`;
}

function indent(text: string): string {
  return text.replace(/^/gm, "  ");
}
