import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { CreateMessageRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it } from "vitest";
import { Secret } from "../../src/secret.js";
import { TestConnection, textOf } from "../support/client.js";
import { ModelEndpoint, type ScriptedReply } from "../support/model-endpoint.js";

const KEY = "sk-test-0123456789abcdef";

function modelAt(endpoint: ModelEndpoint) {
  return { apiKey: new Secret(KEY), baseUrl: endpoint.url, name: "scripted", timeoutMs: 10_000 };
}

const PROGRAM = `team = await get_team_members("Engineering")
{"members": [m["name"] for m in team["members"]], "count": len(team["members"])}`;

/** A question that takes all three phases. */
const THREE_PHASES: readonly ScriptedReply[] = [
  { toolCalls: [{ name: "get_team_members", arguments: { department: "Engineering" } }] },
  { text: `\`\`\`python\n${PROGRAM}\n\`\`\`` },
  { text: "There are 5 members." },
];

describe("ask", () => {
  it("answers by a program of the model, with what it cost", async () => {
    await using endpoint = await ModelEndpoint.start(THREE_PHASES);
    await using connection = await TestConnection.open({ model: modelAt(endpoint) });
    const answer = await connection.call("ask", { question: "How many are in the team?" });
    expect(textOf(answer)).toBe("There are 5 members.");
    expect(answer.structuredContent).toMatchObject({
      answer: "There are 5 members.",
      route: "code",
      code: expect.stringContaining("get_team_members"),
      result: { count: 5, members: expect.arrayContaining(["Alice Chen"]) },
      attempts: 1,
      conversation_id: "default",
      usage: {
        phases: [
          { phase: "discovery", prompt_tokens: expect.any(Number), llm_ms: expect.any(Number) },
          { phase: "code" },
          { phase: "answer" },
        ],
        code_ms: expect.any(Number),
      },
    });
  });

  it("answers a follow-up from the conversation with one model call", async () => {
    await using endpoint = await ModelEndpoint.start([...THREE_PHASES, { text: "The first is Alice Chen." }]);
    await using connection = await TestConnection.open({ model: modelAt(endpoint) });
    await connection.call("ask", { question: "Who is in the team?" });
    const answer = await connection.call("ask", { question: "And the first?" });
    expect(answer.structuredContent).toMatchObject({ route: "direct", code: null, attempts: 0 });
    expect(endpoint.requests).toHaveLength(4);
    expect(JSON.stringify(endpoint.requests[3]?.body.messages)).toContain("Alice Chen");
  });

  it("keeps conversations apart, by id and by connection", async () => {
    await using endpoint = await ModelEndpoint.start(() => ({ text: "Noted." }));
    await using one = await TestConnection.open({ model: modelAt(endpoint) });
    await using other = await TestConnection.open({ model: modelAt(endpoint) });
    await one.call("ask", { question: "My word is zebra.", conversation_id: "a" });
    await one.call("ask", { question: "What is my word?", conversation_id: "b" });
    await other.call("ask", { question: "What is my word?", conversation_id: "a" });
    const seen = endpoint.requests.map(({ body }) => JSON.stringify(body.messages).includes("zebra"));
    expect(seen).toEqual([true, false, false]);
  });

  it("names the phase and the attempt in progress notifications", async () => {
    await using endpoint = await ModelEndpoint.start([
      THREE_PHASES[0] as ScriptedReply,
      { text: "```python\n1 / 0\n```" },
      ...THREE_PHASES.slice(1),
    ]);
    await using connection = await TestConnection.open({ model: modelAt(endpoint) });
    const messages: string[] = [];
    await connection.client.callTool({ name: "ask", arguments: { question: "How many?" } }, undefined, {
      onprogress: ({ message }) => messages.push(message ?? ""),
    });
    expect(messages).toEqual([
      "discovery",
      "code, attempt 1",
      "attempt 1 failed",
      "code, attempt 2",
      "the program ran",
      "answer",
    ]);
  });

  it("stops the model call when the request is cancelled, and answers the next question", async () => {
    await using endpoint = await ModelEndpoint.start(({ messages }) =>
      messages.at(-1)?.content.includes("first") ? { hang: true } : { text: "Hi." },
    );
    await using connection = await TestConnection.open({ model: modelAt(endpoint) });
    const cancel = new AbortController();
    const call = connection.client.callTool(
      { name: "ask", arguments: { question: "The first?" } },
      undefined,
      {
        signal: cancel.signal,
        onprogress: () => cancel.abort(),
      },
    );
    await expect(call).rejects.toThrow();
    expect(textOf(await connection.call("ask", { question: "Hello?" }))).toBe("Hi.");
  });

  it("says in one sentence what to set where there is no model, and the rest works", async () => {
    await using connection = await TestConnection.open();
    const answer = await connection.call("ask", { question: "Hello?" });
    expect(answer.isError).toBe(true);
    expect(textOf(answer)).toMatch(/^ask needs a model: set OPENAI_API_KEY .* sampling/);
    expect((await connection.execute("1 + 1")).result).toBe(2);
  });

  it("uses the client's model where it offers sampling", async () => {
    const replies = ["There is nothing to look up: hello."];
    const client = new Client({ name: "test", version: "1" }, { capabilities: { sampling: {} } });
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      model: "the client's own",
      role: "assistant",
      content: { type: "text", text: replies.shift() ?? "" },
    }));
    await using connection = await TestConnection.open({ client });
    const answer = await connection.call("ask", { question: "Hello?" });
    expect(answer.structuredContent).toMatchObject({
      answer: "There is nothing to look up: hello.",
      route: "direct",
    });
  });

  it("says what a model that cannot be reached needs, and never the key", async () => {
    await using endpoint = await ModelEndpoint.start(() => ({
      status: 401,
      body: { error: { message: `bad ${KEY}` } },
    }));
    const logs: string[] = [];
    const log = (message: string, facts?: object) => logs.push(message + JSON.stringify(facts));
    const logger = { debug: log, info: log, warn: log, error: log };
    await using connection = await TestConnection.open({ model: modelAt(endpoint), logger });
    const answer = await connection.call("ask", { question: "Hello?" });
    expect(answer.isError).toBe(true);
    expect(textOf(answer)).toContain("OPENAI_API_KEY");
    expect(textOf(answer) + logs.join()).not.toContain(KEY);
  });

  it("refuses arguments that are none", async () => {
    await using connection = await TestConnection.open();
    expect(textOf(await connection.call("ask", { question: " " }))).toMatch(
      /^ask takes question .*question: /,
    );
    expect(textOf(await connection.call("ask", { query: "x" }))).toMatch(/question: .*query/);
  });

  it("writes the session log where a folder is set", async () => {
    const dir = mkdtempSync(join(tmpdir(), "monty-code-mode-log-"));
    await using endpoint = await ModelEndpoint.start(THREE_PHASES);
    const ask = { attempts: 4, historyTokens: 16_000, sessionLog: dir };
    await using connection = await TestConnection.open({ model: modelAt(endpoint), ask });
    await connection.call("ask", { question: "How many are in the team?" });
    const [file = ""] = readdirSync(dir);
    const text = readFileSync(join(dir, file), "utf8");
    expect(text).toContain("How many are in the team?");
    expect(text).toContain("There are 5 members.");
    expect(text).not.toContain(KEY);
  });
});
