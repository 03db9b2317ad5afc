import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { dialectRules } from "../sandbox/dialect.js";
import type { Execution, Failure, HostFunction, Limits, ToolCall } from "../sandbox/program.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { errorResult, type RequestExtra, type ServerTool } from "./server-tool.js";

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
  readonly functions: readonly HostFunction[];
  readonly stubs: string;
  readonly limits: Limits;
  /** The connection: see `Program.owner`. */
  readonly owner: object;
}

/** The tool that runs a program of the client's model in the sandbox. */
export function executePythonTool(options: ExecutePythonOptions): ServerTool {
  const { sandbox, functions, stubs, limits, owner } = options;
  return {
    listing: {
      name: NAME,
      title: "Run a Python program that calls the tools",
      description: describe(stubs),
      inputSchema: listed(z.toJSONSchema(Input, { io: "input" })),
      outputSchema: listed(z.toJSONSchema(Output, { io: "output" })),
      annotations: { title: "Run Python", openWorldHint: false },
    },
    async call(args, extra) {
      const input = Input.safeParse(args);
      if (!input.success) {
        const wrong = input.error.issues.map(
          ({ path, message }) => `${path.join(".") || "arguments"}: ${message}`,
        );
        return errorResult(`${NAME} takes code (a string) and timeout_ms (optional). ${wrong.join("; ")}.`);
      }
      const { code, timeout_ms: timeoutMs } = input.data;
      const execution = await sandbox.execute({
        code,
        functions,
        stubs,
        owner,
        timeoutMs,
        signal: extra.signal,
        onToolCall: reportProgress(extra),
      });
      return answer(execution, limits);
    },
  };
}

function describe(stubs: string): string {
  return [
    "Run one short Python program that calls the tools itself, instead of calling them one by one: loop, filter, sum, " +
      "and return only what matters.",
    dialectRules,
    `Functions it can call:\n\`\`\`python\n${stubs.trim()}\n\`\`\``,
  ].join("\n\n");
}

function listed({ $schema: _, ...schema }: Record<string, unknown>) {
  return { ...schema, type: "object" as const };
}

/** A notification for each tool call that ends, where the client asked for progress. */
function reportProgress(extra: RequestExtra) {
  const progressToken = extra._meta?.progressToken;
  if (progressToken === undefined) return undefined;
  let progress = 0;
  return (call: ToolCall, phase: "start" | "end") => {
    if (phase !== "end") return;
    progress += 1;
    const outcome = call.error === null ? `${Math.round(call.durationMs)} ms` : `failed: ${call.error}`;
    const params = { progressToken, progress, message: `${call.name}: ${outcome}` };
    // A client that has gone cannot be told.
    extra.sendNotification({ method: "notifications/progress", params }).catch(() => undefined);
  };
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

/** A failure as a model reads it to mend its program. */
export function failureText({ kind, message, line, source, hint }: Failure): string {
  const where = line === undefined ? "" : ` in line ${line}`;
  const quoted = source === undefined ? [] : [`  ${line} | ${source}`];
  return [
    `${LABELS[kind]}${where}: ${message}`,
    ...quoted,
    ...(hint === undefined ? [] : [`Hint: ${hint}`]),
  ].join("\n");
}

const LABELS: Record<Failure["kind"], string> = {
  syntax: "syntax error",
  type: "type error",
  runtime: "runtime error",
  limit: "limit reached",
  crash: "crash",
  cancelled: "cancelled",
};

function cutText({ resultBytes, stdoutBytes }: Limits): string {
  const [result, stdout] = [resultBytes, stdoutBytes].map((bytes) => `${bytes / 1024} KiB`);
  return `Cut: a result may be ${result} long as JSON, printed text ${stdout}. Return less: filter or aggregate in the program.`;
}

function round(ms: number): number {
  return Number(ms.toFixed(3));
}
