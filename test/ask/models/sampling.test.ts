import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  type ClientCapabilities,
  type CreateMessageRequest,
  CreateMessageRequestSchema,
  type CreateMessageResultWithTools,
  McpError,
} from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it, vi } from "vitest";
import { type ChatRequest, ModelError } from "../../../src/ask/models/model.js";
import { canSample, samplingModel } from "../../../src/ask/models/sampling.js";
import { hang } from "../../support/gate.js";

const REQUEST: ChatRequest = {
  messages: [
    { role: "system", content: "You help." },
    { role: "user", content: "Hello." },
    { role: "assistant", content: "Hello!" },
    { role: "user", content: "Who is in Sales?" },
  ],
};
const TOOLS: ChatRequest = {
  ...REQUEST,
  tools: [
    {
      name: "get_team_members",
      description: "Lists\n  a team.",
      parameters: {
        type: "object",
        properties: {
          department: { enum: ["Sales", "Engineering"] },
          limit: { anyOf: [{ type: "integer" }, { type: "null" }] },
          tags: { type: "array", items: { type: "string" } },
        },
        required: ["department"],
      },
    },
  ],
};
const NEVER = new AbortController().signal;

type Params = CreateMessageRequest["params"];
type Handler = (params: Params, signal: AbortSignal) => unknown;

/** A server whose client answers sampling requests by `handler`. */
async function connect(
  capabilities: ClientCapabilities,
  handler: Handler = () => undefined,
): Promise<Server> {
  const server = new Server({ name: "test", version: "1" });
  const client = new Client({ name: "borrowed", version: "1" }, { capabilities });
  if (capabilities.sampling)
    client.setRequestHandler(
      CreateMessageRequestSchema,
      async ({ params }, { signal }) => (await handler(params, signal)) as CreateMessageResultWithTools,
    );
  const [here, there] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(there), client.connect(here)]);
  return server;
}

function says(content: unknown) {
  return { model: "some-model", role: "assistant", content };
}

const text = (words: string) => ({ type: "text", text: words });

async function replyOf(
  request: ChatRequest,
  content: unknown,
  sampling: ClientCapabilities["sampling"] = {},
) {
  const seen: Params[] = [];
  const server = await connect({ sampling }, (params) => {
    seen.push(params);
    return says(content);
  });
  const reply = await samplingModel(server).complete(request, { signal: NEVER });
  return { reply, params: seen[0] as Params };
}

describe("canSample", () => {
  it("is whether the client declares sampling", async () => {
    expect(canSample(await connect({}))).toBe(false);
    expect(canSample(await connect({ sampling: {} }))).toBe(true);
    expect(canSample(new Server({ name: "unconnected", version: "1" }))).toBe(false);
  });
});

describe("a reply without tools", () => {
  it("is the client's text, with an estimated usage", async () => {
    const { reply, params } = await replyOf(REQUEST, text("Alice and Bob."));
    expect(reply).toEqual({
      text: "Alice and Bob.",
      toolCalls: [],
      usage: { promptTokens: 10, completionTokens: 4 },
    });
    expect(params).toEqual({
      systemPrompt: "You help.",
      messages: REQUEST.messages
        .slice(1)
        .map(({ role, content }) => ({ role, content: { type: "text", text: content } })),
      maxTokens: 4096,
    });
  });

  it("reaches onText in one piece", async () => {
    const server = await connect({ sampling: {} }, () => says(text("Alice and Bob.")));
    const pieces: string[] = [];
    const onText = (piece: string) => void pieces.push(piece);
    await samplingModel(server).complete(REQUEST, { signal: NEVER, onText });
    expect(pieces).toEqual(["Alice and Bob."]);
  });
});

describe("tools, where the client takes them", () => {
  it("go and come as tools", async () => {
    const args = { department: "Sales" };
    const { reply, params } = await replyOf(
      TOOLS,
      [
        text("Let me look."),
        { type: "tool_use", id: "1", name: "get_team_members", input: args },
        { type: "tool_use", id: "2", name: "get_team_members", input: {} },
      ],
      { tools: {} },
    );
    expect(reply).toMatchObject({
      text: "Let me look.",
      toolCalls: [
        { name: "get_team_members", arguments: args },
        { name: "get_team_members", arguments: {} },
      ],
    });
    expect(params.systemPrompt).toBe("You help.");
    expect(params.toolChoice).toEqual({ mode: "auto" });
    expect(params.tools).toMatchObject([
      { name: "get_team_members", inputSchema: { type: "object", required: ["department"] } },
    ]);
  });

  it("may be left alone by the model", async () => {
    const { reply } = await replyOf(TOOLS, text("Alice."), { tools: {} });
    expect(reply).toMatchObject({ text: "Alice.", toolCalls: [] });
  });
});

describe("tools, where the client does not take them", () => {
  const CALL = { name: "get_team_members", arguments: { department: "Sales" } };
  const JSON_CALL = JSON.stringify(CALL);

  it("are described in the system prompt", async () => {
    const { params } = await replyOf(TOOLS, text("Alice."));
    expect(params).not.toHaveProperty("tools");
    expect(params.systemPrompt).toContain(
      '- get_team_members(department: "Sales" | "Engineering", limit?: integer | null, tags?: array of string)' +
        " - Lists a team.",
    );
  });

  it.each([
    ["a block", `\`\`\`tool_calls\n[${JSON_CALL}]\n\`\`\``],
    ["a block of one object", `\`\`\`tool_calls\n${JSON_CALL}\n\`\`\``],
    ["a block with trailing commas", `\`\`\`tool_calls\n[${JSON_CALL},]\n\`\`\``],
    ["a block that is not closed", `\`\`\`tool_calls\n[${JSON_CALL}]`],
    [
      "arguments as text",
      `\`\`\`tool_calls\n[${JSON.stringify({ ...CALL, arguments: '{"department":"Sales"}' })}]\n\`\`\``,
    ],
    ["a block of JSON", `\`\`\`json\n[${JSON_CALL}]\n\`\`\``],
    ["bare JSON", `[${JSON_CALL}]`],
  ])("are asked for by %s", async (_, words) => {
    const { reply } = await replyOf(TOOLS, text(words));
    expect(reply).toMatchObject({ text: "", toolCalls: [CALL] });
  });

  it("are asked for by several blocks, with text around them", async () => {
    const block = `\`\`\`tool_calls\n[${JSON_CALL}]\n\`\`\``;
    const { reply } = await replyOf(TOOLS, text(`I need this:\n${block}\n${block}`));
    expect(reply).toMatchObject({ text: "I need this:", toolCalls: [CALL, CALL] });
  });

  it("are asked for without arguments by a block of broken JSON", async () => {
    const words = '```tool_calls\n[{"name": "get_team_members", "arguments": {department: Sales}}]\n```';
    const { reply } = await replyOf(TOOLS, text(words));
    expect(reply).toMatchObject({ text: "", toolCalls: [{ name: "get_team_members", arguments: {} }] });
  });

  it.each([
    ["text", "Alice and Bob."],
    ["JSON of other names", '[{"name": "Alice"}, {"name": "Bob"}]'],
    ["other blocks", "Try this:\n```json\n[1, 2]\n```"],
  ])("are not asked for by %s", async (_, words) => {
    const { reply } = await replyOf(TOOLS, text(words));
    expect(reply).toMatchObject({ text: words, toolCalls: [] });
  });
});

describe("a failure", () => {
  async function failureOf(handler: Handler, timeoutMs = 10_000): Promise<string> {
    const server = await connect({ sampling: {} }, handler);
    const reply = samplingModel(server, { timeoutMs }).complete(REQUEST, { signal: NEVER });
    const error = await reply.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ModelError);
    return (error as ModelError).message;
  }

  it("tells why the client refused", async () => {
    const message = await failureOf(() => {
      throw new McpError(-1, "User rejected the request");
    });
    expect(message).toBe("The client's model gave no reply: User rejected the request");
  });

  it("names the time limit", async () => {
    const message = await failureOf((_, signal) => hang(signal), 50);
    expect(message).toBe("The client's model did not reply within 50 ms.");
  });
});

describe("cancellation", () => {
  it("ends the request at the client, and gives the signal's reason", async () => {
    const reason = new Error("the user has gone");
    const controller = new AbortController();
    let asked: Promise<never> | undefined;
    const server = await connect({ sampling: {} }, (_, signal) => {
      asked = hang(signal);
      controller.abort(reason);
      return asked;
    });
    // The SDK's client does not hear that the server's first request, which has the id 0, is cancelled.
    await server.ping();
    const reply = samplingModel(server).complete(REQUEST, { signal: controller.signal });
    await expect(reply).rejects.toBe(reason);
    await expect(asked).rejects.toThrow("the user has gone");
  });

  it("that comes after the reply tells the client nothing", async () => {
    const controller = new AbortController();
    const server = await connect({ sampling: {} }, () => says(text("Alice.")));
    await samplingModel(server).complete(REQUEST, { signal: controller.signal });
    const send = vi.spyOn(server.transport as Transport, "send");
    controller.abort();
    expect(send).not.toHaveBeenCalled();
  });
});
