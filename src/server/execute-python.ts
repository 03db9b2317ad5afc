import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { bindTool, type CallContext } from "../bind.js";
import type { CatalogSource } from "../catalog/catalog.js";
import { callablesOf, catalogFor } from "../program/callables.js";
import type { OwnFunction } from "../program/own-function.js";
import { dialectRules } from "../sandbox/dialect.js";
import { failureText } from "../sandbox/failure-text.js";
import type { Execution, Limits, ToolCall } from "../sandbox/program.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import type { ServerObserver } from "./observer.js";
import {
  errorResult,
  explainInput,
  jsonSchema,
  progressReporter,
  type RequestExtra,
  type ServerTool,
} from "./server-tool.js";

const NAME = "execute_python";

const Input = z.strictObject({
  code: z.string().describe("The program. The value of its last expression is the result."),
  timeout_ms: z.int().positive().optional().describe("Lowers the limit on wall clock time, milliseconds."),
});

const Output = z.object({
  result: z.unknown().optional().describe("JSON of the last expression. Absent when the program failed."),
  error: z
    .object({
      kind: z.enum(["syntax", "type", "runtime", "limit", "crash", "cancelled"]),
      message: z.string(),
      line: z.int().optional().describe("1-based, in the code as it was sent."),
      source: z.string().optional(),
      hint: z.string().optional(),
    })
    .optional(),
  stdout: z.string(),
  tool_calls: z.array(
    z.object({
      name: z.string(),
      arguments: z.record(z.string(), z.unknown()),
      started_ms: z.number().describe("From the start of the program."),
      duration_ms: z.number(),
      error: z.string().nullable(),
    }),
  ),
  duration_ms: z.number(),
  truncated: z.boolean().describe("Whether result or stdout was cut to its limit."),
  notes: z.array(z.string()).optional().describe("What was mended in the code or lost on the way to JSON."),
});

export interface ExecutePythonOptions {
  readonly sandbox: Sandbox;
  readonly source: CatalogSource;
  /** Functions of the server's own. */
  readonly own: readonly OwnFunction[];
  /** Tells what a program can call; asked for each listing. */
  readonly describe: () => string;
  /** What calls are given besides their signal. */
  readonly contextOf: (extra: RequestExtra) => CallContext;
  readonly limits: Limits;
  /** The connection: see `Program.owner`. */
  readonly owner: object;
  readonly observer?: ServerObserver | undefined;
}

/** The tool that runs a program of the client's model in the sandbox. */
export function executePythonTool(options: ExecutePythonOptions): ServerTool {
  const { sandbox, source, own, describe, contextOf, limits, owner, observer } = options;
  const listing = {
    name: NAME,
    title: "Run a Python program that calls the tools",
    inputSchema: jsonSchema(Input, "input"),
    outputSchema: jsonSchema(Output, "output"),
    annotations: { title: "Run Python", openWorldHint: false },
  };
  return {
    get listing() {
      return { ...listing, description: [WHAT_IT_IS, dialectRules, describe()].join("\n\n") };
    },
    async call(args, extra) {
      const input = Input.safeParse(args);
      if (!input.success) {
        return errorResult(
          explainInput(`${NAME} takes code (a string) and timeout_ms (optional)`, input.error),
        );
      }
      const { code, timeout_ms: timeoutMs } = input.data;
      const report = progressReporter(extra);
      const catalog = await catalogFor(code, source, extra.signal);
      const context = contextOf(extra);
      const execution = await sandbox.execute({
        code,
        ...callablesOf(code, {
          source: { catalog, upstreams: source.upstreams },
          own,
          bind: (functions) => functions.map((declared) => bindTool(declared, context)),
        }),
        owner,
        timeoutMs,
        signal: extra.signal,
        onToolCall: report && ((call, phase) => phase === "end" && report(progressOf(call))),
      });
      observer?.program?.(execution);
      return answer(execution, limits);
    },
  };
}

const WHAT_IT_IS =
  "Run one short Python program that calls the tools itself, instead of calling them one by one: loop, filter, sum, " +
  "and return only what matters.";

function progressOf({ name, error, durationMs }: ToolCall): string {
  return `${name}: ${error === null ? `${Math.round(durationMs)} ms` : `failed: ${error}`}`;
}

function answer(execution: Execution, limits: Limits): CallToolResult {
  const { stdout, notes } = execution;
  const structuredContent = {
    ...(execution.ok ? { result: execution.result } : { error: execution.failure }),
    stdout,
    tool_calls: execution.toolCalls.map((call) => ({
      name: call.name,
      arguments: call.arguments,
      started_ms: round(call.startedMs),
      duration_ms: round(call.durationMs),
      error: call.error,
    })),
    duration_ms: round(execution.durationMs),
    truncated: execution.truncated,
    ...(notes.length > 0 && { notes }),
  };
  const texts = [execution.ok ? JSON.stringify(execution.result) : failureText(execution.failure)];
  if (stdout !== "") texts.push(`Printed:\n${stdout}`);
  if (execution.truncated) texts.push(cutText(limits));
  texts.push(...notes.map((note) => `Note: ${note}`));
  return {
    ...(!execution.ok && { isError: true }),
    content: texts.map((text) => ({ type: "text", text })),
    structuredContent,
  };
}

function cutText({ resultBytes, stdoutBytes }: Limits): string {
  const [result, stdout] = [resultBytes, stdoutBytes].map((bytes) => `${bytes / 1024} KiB`);
  return `Cut: a result may be ${result} long as JSON, printed text ${stdout}. Return less: filter or aggregate in the program.`;
}

function round(ms: number): number {
  return Number(ms.toFixed(3));
}
