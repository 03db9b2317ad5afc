import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { Recorded } from "../journal/executions.js";
import { failureText } from "../sandbox/failure-text.js";
import type { Execution } from "../sandbox/program.js";
import { executionUri } from "./execution-resources.js";

/** What `execute_python` answers, structured. */
export const ExecutionOutput = z.object({
  execution_id: z.string().describe("Names this execution to later ones of this connection."),
  result: z
    .unknown()
    .optional()
    .describe("JSON of the last expression; a preview where it is too long. Absent when the program failed."),
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
      made: z
        .literal(false)
        .optional()
        .describe("Of a call that was not made: the journal or a dry run answered it."),
    }),
  ),
  duration_ms: z.number(),
  truncated: z.boolean().describe("Whether result or stdout was cut to its limit."),
  result_bytes: z.int().optional().describe("Length of the whole result as JSON, where result is a preview."),
  writes: z
    .array(z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) }))
    .optional()
    .describe("Of a dry run: the writes that the program would make."),
  notes: z.array(z.string()).optional().describe("What was mended in the code or lost on the way to JSON."),
  receipt: z.object({
    calls_run: z.int(),
    calls_from_journal: z.int().describe("Calls of the resumed execution that were not made again."),
    calls_failed: z.int(),
    calls_unknown: z.int().describe("Calls that were sent, and had no answer when the program ended."),
    tool_bytes: z.int().describe("What the tools returned, as JSON."),
    tool_tokens: z.int().describe("The same, estimated."),
    answer_bytes: z.int().describe("The text of this answer."),
    answer_tokens: z.int().describe("The same, estimated."),
  }),
});

/** What is kept out of a context is told in the text of an answer from so many bytes on. */
const WORTH_TELLING_BYTES = 1000;

const BYTES_A_TOKEN = 4;

/** The answer to a program: as text, from which a model goes on, and structured. */
export function executionAnswer(recorded: Recorded): CallToolResult {
  const { id, execution, writes } = recorded;
  const { stdout, notes } = execution;
  const texts = [
    execution.ok ? JSON.stringify(execution.result) : failureText(execution.failure),
    ...(stdout === "" ? [] : [`Printed:\n${stdout}`]),
    ...(writes === undefined ? [] : [dryRunText(recorded, writes)]),
    ...(execution.truncated ? [cutText(recorded)] : []),
    ...(execution.ok ? [] : keptText(recorded)),
    ...notes.map((note) => `Note: ${note}`),
  ];
  const receipt = receiptOf(recorded, Buffer.byteLength(texts.join("\n")));
  return {
    ...(!execution.ok && { isError: true }),
    content: [
      ...texts.map((text) => ({ type: "text" as const, text })),
      ...(receipt.tool_bytes - receipt.answer_bytes < WORTH_TELLING_BYTES ? [] : [receiptContent(receipt)]),
    ],
    structuredContent: {
      execution_id: id,
      ...(execution.ok ? { result: execution.result } : { error: execution.failure }),
      stdout,
      tool_calls: toolCalls(execution),
      duration_ms: round(execution.durationMs),
      truncated: execution.truncated,
      ...(execution.ok && execution.resultBytes !== undefined && { result_bytes: execution.resultBytes }),
      ...(writes !== undefined && { writes }),
      ...(notes.length > 0 && { notes }),
      receipt,
    },
  };
}

function toolCalls({ toolCalls }: Execution) {
  return toolCalls.map((call) => ({
    name: call.name,
    arguments: call.arguments,
    started_ms: round(call.startedMs),
    duration_ms: round(call.durationMs),
    error: call.error,
    ...(!call.isMade && { made: false }),
  }));
}

function round(ms: number): number {
  return Number(ms.toFixed(3));
}

/** What is left out, and how to get it. */
function cutText({ id, execution, isKept, isResultKept }: Recorded): string {
  const parts: string[] = [];
  if (execution.ok && execution.resultBytes !== undefined) {
    const whole = isResultKept
      ? `A program gets all of it by \`await load_result("${id}")\`; it is the resource ${executionUri(id, "result")}.`
      : "It was too long to be kept: return less.";
    parts.push(`The result is a preview; the whole is ${bytes(execution.resultBytes)} of JSON. ${whole}`);
  }
  if (execution.wholeStdout !== undefined) {
    const whole = isKept
      ? `All of it: \`await load_result("${id}", "stdout")\`, or ${executionUri(id, "stdout")}.`
      : "It was too long to be kept: print less.";
    parts.push(`What was printed is cut. ${whole}`);
  }
  return `Cut: ${parts.join(" ")}`;
}

/** What a program that resumes a failed one need not do again, and how to go on. */
function keptText({ id, keptCalls, counts, isKept, writes, approved }: Recorded): string[] {
  const kept = keptCalls > 0 ? [`${count(keptCalls, "call")} done`] : [];
  if (counts.unknown > 0) kept.push(`${counts.unknown} of unknown outcome`);
  if (kept.length === 0 || !isKept) return [];
  const from = `resume_from: "${id}"`;
  const mended = `Send the mended program with ${from}`;
  const how =
    approved === undefined
      ? `${mended}${writes === undefined ? "" : " and dry_run: true"}`
      : `Send the same program with approve: "${approved}" and ${from}, or a mended one with dry_run: true and ${from}`;
  return [`Kept: ${kept.join(", ")}. ${how}; calls that were done are then not made again.`];
}

function dryRunText({ id, execution }: Recorded, writes: NonNullable<Recorded["writes"]>): string {
  if (writes.length === 0)
    return execution.ok ? "Dry run: the program makes no writes." : "Dry run: no write was reached.";
  const listed = writes.map(
    ({ name, arguments: args }, index) => `${index + 1}. ${name}(${JSON.stringify(args)})`,
  );
  const upTo = execution.ok ? "" : " before it fails";
  return [
    `Dry run, nothing was written. The program would make ${count(writes.length, "write")}${upTo}:`,
    ...listed,
    `To make them: execute_python with approve: "${id}".`,
  ].join("\n");
}

function receiptOf({ counts, returnedBytes }: Recorded, answerBytes: number) {
  return {
    calls_run: counts.run,
    calls_from_journal: counts.replayed,
    calls_failed: counts.failed,
    calls_unknown: counts.unknown,
    tool_bytes: returnedBytes,
    tool_tokens: Math.ceil(returnedBytes / BYTES_A_TOKEN),
    answer_bytes: answerBytes,
    answer_tokens: Math.ceil(answerBytes / BYTES_A_TOKEN),
  };
}

/** For the person who watches: models need no tokens spent on it. */
function receiptContent({ calls_run, tool_bytes, tool_tokens, answer_bytes, answer_tokens }: Receipt) {
  const text = `Receipt: ${count(calls_run, "call")} returned ${bytes(tool_bytes)} (about ${tool_tokens} tokens); this answer is ${bytes(answer_bytes)} (about ${answer_tokens}).`;
  return { type: "text" as const, text, annotations: { audience: ["user" as const] } };
}

type Receipt = ReturnType<typeof receiptOf>;

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function bytes(size: number): string {
  if (size < 1024) return `${size} bytes`;
  const [unit, divisor] = size < 1024 * 1024 ? ["KiB", 1024] : ["MiB", 1024 * 1024];
  return `${Number((size / (divisor as number)).toFixed(1))} ${unit}`;
}
