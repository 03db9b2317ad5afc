import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ChatModel, type ChatRequest, ModelError } from "../../../src/ask/models/model.js";
import { openaiModel } from "../../../src/ask/models/openai.js";
import { Secret } from "../../../src/secret.js";
import { ModelEndpoint, type Script, type ScriptedReply } from "../../support/model-endpoint.js";
import { until } from "../../support/until.js";

const KEY = "sk-test-4711-very-secret";
const REQUEST: ChatRequest = {
  messages: [
    { role: "system", content: "You help." },
    { role: "user", content: "Who is in Sales?" },
  ],
};
const TOOLS: ChatRequest = {
  ...REQUEST,
  tools: [
    {
      name: "get_team_members",
      description: "Lists a team.",
      parameters: { type: "object", properties: { department: { type: "string" } } },
    },
  ],
};
const NEVER = new AbortController().signal;
const NO_WAIT = { "retry-after-ms": "0" };

interface Settings {
  readonly baseUrl?: string;
  readonly apiKey?: string | null;
  readonly timeoutMs?: number;
}

function modelAt(endpoint: ModelEndpoint, settings: Settings = {}): ChatModel {
  const { baseUrl = endpoint.url, apiKey = KEY, timeoutMs = 20_000 } = settings;
  return openaiModel({
    apiKey: apiKey === null ? undefined : new Secret(apiKey),
    baseUrl,
    name: "test-model",
    timeoutMs,
  });
}

/** The failure of one request, and how many requests it took. */
async function failureOf(script: Script, settings: Settings & { onText?: (piece: string) => void } = {}) {
  await using endpoint = await ModelEndpoint.start(script);
  const error = await modelAt(endpoint, settings)
    .complete(REQUEST, { signal: NEVER, onText: settings.onText })
    .then(
      () => expect.fail("got a reply"),
      (reason: unknown) => reason,
    );
  expect(endpoint.ranOut).toBe(false);
  expect(error).toBeInstanceOf(ModelError);
  expectNoSecret(error);
  const { message } = error as ModelError;
  return { message, requests: endpoint.requests.length, origin: new URL(endpoint.url).origin };
}

function expectNoSecret(value: unknown) {
  const shown = inspect(value, { depth: null, showHidden: true }) + String((value as Error).stack);
  expect(shown).not.toContain(KEY);
  expect(shown).not.toMatch(/bearer|authorization/i);
}

async function replyTo(script: readonly ScriptedReply[], request = REQUEST, settings: Settings = {}) {
  await using endpoint = await ModelEndpoint.start(script);
  const reply = await modelAt(endpoint, settings).complete(request, { signal: NEVER });
  return { reply, requests: endpoint.requests };
}

async function streamOf(script: readonly ScriptedReply[], request = REQUEST) {
  await using endpoint = await ModelEndpoint.start(script);
  const pieces: string[] = [];
  const onText = (piece: string) => void pieces.push(piece);
  const reply = await modelAt(endpoint).complete(request, { signal: NEVER, onText });
  return { reply, pieces, requests: endpoint.requests };
}

// The wait before a retry is a random part of a second or more.
beforeEach(() => void vi.spyOn(Math, "random").mockReturnValue(0));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe("a reply", () => {
  it("holds the text and the usage that the server counted", async () => {
    const usage = { promptTokens: 12, completionTokens: 3 };
    const { reply, requests } = await replyTo([{ text: "Alice.", usage }]);
    expect(reply).toEqual({ text: "Alice.", toolCalls: [], usage });
    expect(requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(requests[0]?.body).toEqual({ model: "test-model", messages: REQUEST.messages });
  });

  it("has an estimated usage where the server does not count", async () => {
    const { reply } = await replyTo([{ text: "Alice and Bob." }]);
    expect(reply.usage).toEqual({ promptTokens: 7, completionTokens: 4 });
  });

  it("gives the tools that the model asked for", async () => {
    const toolCalls = [
      { name: "get_team_members", arguments: { department: "Sales" } },
      { name: "get_team_members", arguments: {} },
    ];
    const { reply, requests } = await replyTo([{ toolCalls }], TOOLS);
    expect(reply).toMatchObject({ text: "", toolCalls });
    expect(requests[0]?.body).toMatchObject({
      tool_choice: "auto",
      tools: [{ type: "function", function: TOOLS.tools?.[0] }],
    });
  });

  it.each(["{department: ", "[1]", "null", ""])("takes the arguments %j as none", async (args) => {
    const { reply } = await replyTo([{ toolCalls: [{ name: "get_team_members", arguments: args }] }], TOOLS);
    expect(reply.toolCalls).toEqual([{ name: "get_team_members", arguments: {} }]);
  });
});

describe("a streamed reply", () => {
  it("comes piece by piece, and whole with its usage at the end", async () => {
    const usage = { promptTokens: 12, completionTokens: 3 };
    const { reply, pieces, requests } = await streamOf([{ text: "Alice and\nBob.", usage }]);
    expect(pieces).toEqual(["Alice ", "and\n", "Bob."]);
    expect(reply).toEqual({ text: "Alice and\nBob.", toolCalls: [], usage });
    expect(requests[0]?.body.stream_options).toEqual({ include_usage: true });
  });

  it("has an estimated usage where the server ignores stream_options", async () => {
    const { reply } = await streamOf([{ text: "Alice and Bob." }]);
    expect(reply.usage).toEqual({ promptTokens: 7, completionTokens: 4 });
  });

  it("gathers tool calls from their parts", async () => {
    const toolCalls = [
      { name: "get_team_members", arguments: { department: "Sales" } },
      { name: "get_team_members", arguments: { department: "Engineering" } },
    ];
    const { reply, pieces } = await streamOf([{ toolCalls }], TOOLS);
    expect(reply.toolCalls).toEqual(toolCalls);
    expect(pieces).toEqual([]);
  });

  it("tells tool calls apart that a server numbers all alike", async () => {
    const call = (id: string, name: string) => ({ index: 0, id, function: { name, arguments: "{}" } });
    const chunks = [call("a", "one"), call("b", "two")].map((each) =>
      JSON.stringify({ choices: [{ delta: { tool_calls: [each] } }] }),
    );
    const body = chunks.map((chunk) => `data: ${chunk}\n\n`).join("");
    const { reply } = await streamOf([{ body, headers: { "content-type": "text/event-stream" } }]);
    expect(reply.toolCalls.map(({ name }) => name)).toEqual(["one", "two"]);
  });

  it("is asked for again when the connection drops before any text", async () => {
    const { reply, pieces, requests } = await streamOf([{ drop: true }, { text: "Alice." }]);
    expect(reply.text).toBe("Alice.");
    expect(pieces).toEqual(["Alice."]);
    expect(requests).toHaveLength(2);
  });

  it("fails when the connection drops after some text, which cannot be taken back", async () => {
    const pieces: string[] = [];
    const onText = (piece: string) => void pieces.push(piece);
    const { message, requests } = await failureOf([{ text: "one two three four", drop: true }], { onText });
    expect(pieces.length).toBeGreaterThan(0);
    expect(requests).toBe(1);
    expect(message).toMatch(/^The connection to http:\S+ failed \((ECONNRESET|UND_ERR_SOCKET)\)\.$/);
  });

  it("fails with what the server says in it", async () => {
    const body = `data: ${JSON.stringify({ error: { message: "out of memory" } })}\n\n`;
    const headers = { "content-type": "text/event-stream" };
    const { message, origin } = await failureOf([{ body, headers }], { onText: () => undefined });
    expect(message).toBe(`The model's server at ${origin} broke off its reply: out of memory`);
  });
});

describe("a base URL", () => {
  it.each([
    ["http://host/v1", "", "/v1/chat/completions"],
    ["http://host/v1/", "/", "/v1/chat/completions"],
  ])("like %s is completed", async (_, end, path) => {
    await using endpoint = await ModelEndpoint.start([{ text: "Yes." }]);
    await modelAt(endpoint, { baseUrl: endpoint.url + end }).complete(REQUEST, { signal: NEVER });
    expect(endpoint.requests[0]?.path).toBe(path);
  });

  it("without /v1 is used as it is", async () => {
    await using endpoint = await ModelEndpoint.start([{ text: "Yes." }]);
    const baseUrl = new URL(endpoint.url).origin;
    await modelAt(endpoint, { baseUrl }).complete(REQUEST, { signal: NEVER });
    expect(endpoint.requests[0]?.path).toBe("/chat/completions");
  });

  it("works without a key, whatever key the environment has", async () => {
    vi.stubEnv("OPENAI_API_KEY", KEY);
    const { reply, requests } = await replyTo([{ text: "Yes." }], REQUEST, { apiKey: null });
    expect(reply.text).toBe("Yes.");
    expect(JSON.stringify(requests[0]?.headers)).not.toContain(KEY);
  });

  it.each(["http://me:hunter2@localhost:1/v1", "localhost:11434", "nonsense"])(
    "like %s is refused",
    async (baseUrl) => {
      const { message } = await failureOf([], { baseUrl });
      expect(message).toBe("OPENAI_BASE_URL must be an http or https URL without user name and password.");
    },
  );
});

describe("what may pass is tried again", () => {
  it.each([408, 409, 429, 500, 502, 503])("HTTP %i", async (status) => {
    const { reply, requests } = await replyTo([{ status, headers: NO_WAIT }, { text: "Yes." }]);
    expect(reply.text).toBe("Yes.");
    expect(requests).toHaveLength(2);
  });

  it.each([
    ["before the reply", { drop: true }],
    ["within the reply", { drop: true, text: "Yes, but" }],
  ])("a connection dropped %s", async (_, reply) => {
    const { requests } = await replyTo([reply, { text: "Yes." }]);
    expect(requests).toHaveLength(2);
  });

  it("three times at most", async () => {
    const { message, requests, origin } = await failureOf(Array(4).fill({ drop: true }));
    expect(requests).toBe(4);
    expect(message).toMatch(`The connection to ${origin} failed in each of 4 attempts (`);
  });

  it("unless the server asks to wait longer than the time limit", async () => {
    const { message, requests } = await failureOf([{ status: 429, headers: { "retry-after": "3600" } }]);
    expect(requests).toBe(1);
    expect(message).toContain("it asks to wait 3600 s");
  });
});

describe("a failure is one sentence for whoever set the model up", () => {
  it.each([
    [
      "a refused key",
      { status: 401, body: { error: { message: `Incorrect API key: ${KEY}` } } },
      "refused the key in OPENAI_API_KEY (HTTP 401): set one that is valid there.",
    ],
    [
      "an unknown model",
      { status: 404, body: { error: { message: "no such model" } } },
      "does not know the model test-model, or has no chat completions at this URL (HTTP 404): " +
        "check OPENAI_MODEL and OPENAI_BASE_URL: no such model",
    ],
    [
      "a request that the server refuses",
      { status: 400, body: { error: { message: `bad: ${"x".repeat(400)}` } } },
      `refused the request (HTTP 400): bad: ${"x".repeat(295)}…`,
    ],
    [
      "a server that quotes the request",
      { status: 400, body: { error: { message: `what is ${KEY}?` } } },
      "refused the request (HTTP 400): what is [key]?",
    ],
    ["a refusal without a word", { status: 403, body: "" }, "refused the request (HTTP 403)."],
  ])("%s, after one request", async (_, reply, text) => {
    const { message, requests, origin } = await failureOf([reply]);
    expect(message).toBe(`The model's server at ${origin} ${text}`);
    expect(requests).toBe(1);
  });

  it("a missing key", async () => {
    const { message } = await failureOf([{ status: 401 }], { apiKey: null });
    expect(message).toMatch(/asks for a key \(HTTP 401\): set OPENAI_API_KEY\.$/);
  });

  it.each([
    [
      429,
      "had too many requests in each of 4 attempts (HTTP 429): wait, or check the limits of your key: slow down",
    ],
    [503, "failed in each of 4 attempts (HTTP 503): slow down"],
  ])("HTTP %i that stays", async (status, text) => {
    const body = { error: { message: "slow down" } };
    const { message, requests, origin } = await failureOf(Array(4).fill({ status, body, headers: NO_WAIT }));
    expect(message).toBe(`The model's server at ${origin} ${text}`);
    expect(requests).toBe(4);
  });

  it("a server that is not there", async () => {
    const endpoint = await ModelEndpoint.start([]);
    const { url } = endpoint;
    await endpoint.close();
    const { message } = await failureOf([], { baseUrl: url });
    expect(message).toBe(
      `Nothing listens at ${new URL(url).origin}: start the model's server there, or correct OPENAI_BASE_URL.`,
    );
  });

  it.each([
    ["a page", { body: "<html>Welcome</html>", headers: { "content-type": "text/html" } }],
    ["broken JSON", { body: '{"choices": [', headers: { "content-type": "application/json" } }],
    ["other JSON", { body: { hello: "world" } }],
  ])("%s instead of a completion", async (_, reply) => {
    const text = "is no chat completion: check OPENAI_BASE_URL.";
    const { message, origin } = await failureOf([reply]);
    expect(message).toBe(`What answers at ${origin} ${text}`);
    expect((await failureOf([reply], { onText: () => undefined })).message).toContain(text);
  });

  it("a URL that lacks /v1", async () => {
    await using other = await ModelEndpoint.start([{ status: 404 }]);
    const { message } = await failureOf([], { baseUrl: new URL(other.url).origin });
    expect(message).toContain("check OPENAI_MODEL and OPENAI_BASE_URL, which at most servers ends in /v1");
  });

  it.each([
    ["no reply", { hang: true }],
    ["half a reply", { hang: true, text: "one two three" }],
  ])("%s within the time limit", async (_, reply) => {
    const text = "did not finish its reply within 100 ms: raise --model-timeout-ms or use a faster model.";
    const { message, requests, origin } = await failureOf([reply], { timeoutMs: 100 });
    expect(message).toBe(`The model test-model at ${origin} ${text}`);
    expect(requests).toBe(1);
    const streamed = await failureOf([reply], { timeoutMs: 100, onText: () => undefined });
    expect(streamed.message).toContain(text);
  });
});

describe("cancellation", () => {
  const reason = new Error("the user has gone");

  it.each([
    ["a request", undefined],
    ["a streamed request", () => undefined],
  ])("ends %s that waits", async (_, onText) => {
    const controller = new AbortController();
    await using endpoint = await ModelEndpoint.start(() => {
      controller.abort(reason);
      return { hang: true };
    });
    const reply = modelAt(endpoint).complete(REQUEST, { signal: controller.signal, onText });
    await expect(reply).rejects.toBe(reason);
    expect(await endpoint.requests[0]?.ended).toBe("closed");
    expect(endpoint.requests).toHaveLength(1);
  });

  it("ends a stream that runs", async () => {
    const controller = new AbortController();
    await using endpoint = await ModelEndpoint.start([{ text: "one two three", hang: true }]);
    const onText = () => controller.abort(reason);
    const reply = modelAt(endpoint).complete(REQUEST, { signal: controller.signal, onText });
    await expect(reply).rejects.toBe(reason);
    expect(await endpoint.requests[0]?.ended).toBe("closed");
  });

  it("ends the wait before a retry", async () => {
    const controller = new AbortController();
    await using endpoint = await ModelEndpoint.start([{ status: 429, headers: { "retry-after": "15" } }]);
    const reply = modelAt(endpoint).complete(REQUEST, { signal: controller.signal });
    await until("the request has come", () => endpoint.requests.length);
    expect(await endpoint.requests[0]?.ended).toBe("answered");
    controller.abort(reason);
    await expect(reply).rejects.toBe(reason);
  });

  it("sends nothing when it comes first", async () => {
    await using endpoint = await ModelEndpoint.start([]);
    const reply = modelAt(endpoint).complete(REQUEST, { signal: AbortSignal.abort(reason) });
    await expect(reply).rejects.toBe(reason);
    expect(endpoint.requests).toEqual([]);
  });
});

describe("the key", () => {
  it("is not shown by the model, before and after its use", async () => {
    await using endpoint = await ModelEndpoint.start([{ text: "Yes." }]);
    const model = modelAt(endpoint);
    expectNoSecret(model);
    await model.complete(REQUEST, { signal: NEVER });
    expectNoSecret(model);
    expect(JSON.stringify(model)).toBe(
      JSON.stringify({
        name: "test-model",
        provider: { name: "openai", origin: new URL(endpoint.url).origin },
      }),
    );
  });

  it("is not written to the console, nor is anything else, whatever OPENAI_LOG says", async () => {
    vi.stubEnv("OPENAI_LOG", "debug");
    const written = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, "write"));
    const logged = (["debug", "info", "log", "warn", "error"] as const).map((each) =>
      vi.spyOn(console, each),
    );
    await replyTo([{ status: 500, headers: NO_WAIT }, { text: "Yes." }]);
    for (const spy of [...written, ...logged]) expect(spy).not.toHaveBeenCalled();
  });
});

describe("the scripted endpoint", () => {
  it("fails a request for which it has no reply, once and clearly", async () => {
    await using endpoint = await ModelEndpoint.start([]);
    const reply = modelAt(endpoint).complete(REQUEST, { signal: NEVER });
    await expect(reply).rejects.toThrow("The script of this endpoint has no reply to request 1.");
    expect(endpoint.ranOut).toBe(true);
    expect(endpoint.requests).toHaveLength(1);
  });
});
