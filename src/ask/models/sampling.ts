import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  type CreateMessageResult,
  type CreateMessageResultWithTools,
  ErrorCode,
  McpError,
  type RequestId,
} from "@modelcontextprotocol/sdk/types.js";
import { withOwnSignal } from "../../own-signal.js";
import { type ChatModel, type ChatReply, type ChatRequest, type ChatTool, ModelError } from "./model.js";
import { estimateUsage } from "./reply.js";
import { describeTools, readToolCalls } from "./text-tools.js";

export interface SamplingOptions {
  /** For one reply, milliseconds: a person may have to approve it first. */
  readonly timeoutMs?: number;
  /** The request of the client that needs the model; over Streamable HTTP, the way to the client. */
  readonly relatedRequestId?: RequestId;
}

const MAX_TOKENS = 4096;
const MAX_QUOTE = 300;

/** Whether the client lends its model; known once it is connected. */
export function canSample(server: Server): boolean {
  return server.getClientCapabilities()?.sampling !== undefined;
}

/**
 * The model of the connected client, by MCP sampling. Tools go as tools where the client declares that it takes them,
 * else as text in the system prompt. Usage is always estimated, since sampling does not tell it; `onText` gets the
 * text in one piece.
 */
export function samplingModel(
  server: Server,
  { timeoutMs = 300_000, relatedRequestId }: SamplingOptions = {},
): ChatModel {
  return {
    name: `sampling:${server.getClientVersion()?.name ?? "client"}`,
    provider: { name: "mcp_client" },
    async complete(request, { signal, onText }) {
      const { tools = [] } = request;
      const native = tools.length > 0 && server.getClientCapabilities()?.sampling?.tools !== undefined;
      const prompt = readPrompt(request, native ? [] : tools);
      const send = async (own: AbortSignal): Promise<Omit<ChatReply, "usage">> => {
        const related = relatedRequestId !== undefined && { relatedRequestId };
        const options = { signal: own, timeout: timeoutMs, ...related };
        try {
          if (native) {
            const used = { tools: tools.map(samplingTool), toolChoice: { mode: "auto" as const } };
            return readContent(await server.createMessage({ ...prompt, ...used }, options));
          }
          const { text } = readContent(await server.createMessage(prompt, options));
          return tools.length > 0 ? readToolCalls(text, tools) : { text, toolCalls: [] };
        } catch (error) {
          throw explain(error, timeoutMs);
        }
      };
      const reply = await withOwnSignal(signal, send);
      if (reply.text !== "") onText?.(reply.text);
      return { ...reply, usage: estimateUsage(request, reply) };
    },
  };
}

function readPrompt({ messages }: ChatRequest, textTools: readonly ChatTool[]) {
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  if (textTools.length > 0) system.push(describeTools(textTools));
  return {
    ...(system.length > 0 && { systemPrompt: system.join("\n\n") }),
    messages: messages.flatMap(({ role, content }) =>
      role === "system" ? [] : [{ role, content: { type: "text" as const, text: content } }],
    ),
    maxTokens: MAX_TOKENS,
  };
}

function samplingTool({ name, description, parameters }: ChatTool) {
  return { name, description, inputSchema: { ...parameters, type: "object" as const } };
}

function readContent({
  content,
}: CreateMessageResult | CreateMessageResultWithTools): Omit<ChatReply, "usage"> {
  const blocks = Array.isArray(content) ? content : [content];
  return {
    text: blocks.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n"),
    toolCalls: blocks.flatMap((block) =>
      block.type === "tool_use" ? [{ name: block.name, arguments: block.input }] : [],
    ),
  };
}

function explain(error: unknown, timeoutMs: number): ModelError {
  if (error instanceof McpError && error.code === ErrorCode.RequestTimeout)
    return new ModelError(`The client's model did not reply within ${timeoutMs} ms.`);
  // Both sides put the code before the message.
  const message = String((error as Error).message)
    .replace(/^(MCP error -?\d+: )+/, "")
    .replace(/\s+/g, " ");
  return new ModelError(`The client's model gave no reply: ${message.slice(0, MAX_QUOTE)}`);
}
