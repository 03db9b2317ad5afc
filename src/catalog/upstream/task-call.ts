import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import type { RequestOptions } from "@modelcontextprotocol/sdk/shared/protocol.js";
import {
  type CallToolRequest,
  type CallToolResult,
  CallToolResultSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { unlessAborted } from "../../waiting.js";

/**
 * Calls a tool that runs as a task of the server: asks for its state until it is done. When the signal aborts, the
 * task is cancelled.
 *
 * @throws McpError when a request or the task fails; the signal's reason.
 */
export async function callAsTask(
  client: Client,
  params: CallToolRequest["params"],
  { signal, timeout }: { readonly signal: AbortSignal; readonly timeout: number },
): Promise<CallToolResult> {
  const options: RequestOptions = { signal, timeout };
  const { tasks } = client.experimental;
  const steps = tasks.callToolStream(params, CallToolResultSchema, { ...options, task: {} });
  let task: string | undefined;
  try {
    for (;;) {
      // The wait between two questions is as long as the server likes.
      const { value: step } = await unlessAborted(steps.next(), signal);
      if (step?.type === "taskCreated") task = step.task.taskId;
      else if (step?.type === "result") return step.result;
      else if (step?.type === "error") throw step.error;
      else if (step === undefined) throw new Error("its task ended without a result");
    }
  } catch (error) {
    if (signal.aborted && task !== undefined) tasks.cancelTask(task, { timeout }).catch(() => undefined);
    throw error;
  }
}
