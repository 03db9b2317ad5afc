import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { describe, expect, it } from "vitest";
import { Catalog } from "../../src/catalog/catalog.js";
import { requireConsent } from "../../src/catalog/consent.js";
import { defineTool, type Tool, z } from "../../src/index.js";
import { UserConsent } from "../../src/server/consent.js";
import { createServer } from "../../src/server/server.js";
import { answerOf, TestConnection, textOf } from "../support/client.js";
import { hang } from "../support/gate.js";
import { HEADERS, INITIALIZE, rest, sseEvents, TestHttp } from "../support/http.js";
import { ModelEndpoint } from "../support/model-endpoint.js";
import { TestSandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";
import { ACCEPT, type Answer, clientWithUser, DECLINE } from "../support/user.js";

/** A tool that deletes, and what it has deleted. */
function deletingTool(): { tool: Tool; deleted: string[] } {
  const deleted: string[] = [];
  const tool = defineTool({
    name: "delete_file",
    description: "Deletes a file.",
    annotations: { destructiveHint: true },
    input: z.object({ path: z.string(), note: z.string().default("") }),
    output: z.string(),
    run({ path }) {
      deleted.push(path);
      return `${path} is gone`;
    },
  });
  return { tool, deleted };
}

async function open(
  answer: (question: string, signal: AbortSignal) => Answer,
  more: { timeoutMs?: number } = {},
) {
  const { tool, deleted } = deletingTool();
  const { client, questions } = clientWithUser(answer);
  const connection = await TestConnection.open({ tools: [tool], client, limits: more });
  return { connection, deleted, questions };
}

describe("before a destructive tool runs, the user", () => {
  it("is asked with tool and arguments, and it runs once they agree", async () => {
    const { connection, deleted, questions } = await open(() => ACCEPT);
    await using _ = connection;
    const answer = await connection.call("delete_file", { path: "a.txt" });
    expect(answer.structuredContent).toEqual({ result: "a.txt is gone" });
    expect(questions).toEqual(['Allow a call of delete_file?\n\npath: "a.txt"\nnote: ""']);
    expect(deleted).toEqual(["a.txt"]);
  });

  it("is told where the tool comes from", async () => {
    const tool: Tool = {
      ...deletingTool().tool,
      source: "the server files",
      async call(args, context) {
        await requireConsent(this, args, context);
        return "done";
      },
    };
    const { client, questions } = clientWithUser(() => ACCEPT);
    await using connection = await TestConnection.open({ tools: [tool], client });
    expect((await connection.execute("await delete_file('a')")).result).toBe("done");
    expect(questions).toEqual(['Allow a call of delete_file of the server files?\n\npath: "a"']);
  });

  it.each([
    ["accepts without filling in the form", { action: "accept" }, true],
    ["accepts with an empty form", { action: "accept", content: {} }, true],
    ["accepts with no in the form", { action: "accept", content: { confirm: false } }, false],
    ["declines", DECLINE, false],
    ["cancels", { action: "cancel" }, false],
  ] as const)("who %s is understood", async (_what, answer, isRun) => {
    const { connection, deleted } = await open(() => answer);
    await using _ = connection;
    const result = await connection.call("delete_file", { path: "a.txt" });
    expect(deleted).toEqual(isRun ? ["a.txt"] : []);
    if (!isRun)
      expect(textOf(result)).toBe("delete_file: The user did not agree to the call. Nothing was done.");
  });

  it("is asked in a program, which can catch a refusal", async () => {
    const { connection, deleted } = await open((question) => (question.includes("keep") ? DECLINE : ACCEPT));
    await using _ = connection;
    const { result } = await connection.execute(`async def attempt(path):
    try:
        return await delete_file(path)
    except PermissionError as error:
        return str(error)
[await attempt(p) for p in ["a", "keep", "b"]]`);
    expect(result).toEqual([
      "a is gone",
      "delete_file: The user did not agree to the call. Nothing was done.",
      "b is gone",
    ]);
    expect(deleted.sort()).toEqual(["a", "b"]);
  });

  it("is asked one question at a time", async () => {
    let open_ = 0;
    let most = 0;
    const { connection, questions } = await open(async () => {
      open_ += 1;
      most = Math.max(most, open_);
      await new Promise((resolve) => setImmediate(resolve));
      open_ -= 1;
      return ACCEPT;
    });
    await using _ = connection;
    await Promise.all([
      connection.execute('import asyncio\nawait asyncio.gather(delete_file("a"), delete_file("b"))'),
      connection.call("delete_file", { path: "c" }),
    ]);
    expect(questions).toHaveLength(3);
    expect(most).toBe(1);
  });

  it("is not asked about a call whose arguments are wrong", async () => {
    const { connection, questions } = await open(() => ACCEPT);
    await using _ = connection;
    expect((await connection.call("delete_file", { path: 1 })).isError).toBe(true);
    expect(questions).toEqual([]);
  });

  it("sees long arguments cut, and nothing that a terminal would obey", async () => {
    const { connection, questions } = await open(() => DECLINE);
    await using _ = connection;
    await connection.call("delete_file", {
      path: `\u001b[2J\u202e${"x".repeat(5000)}`,
      note: "y".repeat(5000),
    });
    expect(questions[0]?.length).toBeLessThan(1200);
    expect(questions[0]).toContain("more characters)");
    expect(questions[0]).not.toContain("\u001b");
    expect(questions[0]).not.toContain("\u202e");
  });

  it("may think for longer than a program may run", async () => {
    const limit = 400;
    const { connection, deleted } = await open(
      () => new Promise((resolve) => setTimeout(resolve, 2 * limit, ACCEPT)),
      { timeoutMs: limit },
    );
    await using _ = connection;
    expect((await connection.execute('await delete_file("a")')).result).toBe("a is gone");
    expect(deleted).toEqual(["a"]);
  });

  it("is no longer asked when the request is cancelled", async () => {
    let asked: AbortSignal | undefined;
    const { connection, deleted } = await open((question, signal) => {
      if (question.includes("first")) return ACCEPT;
      asked = signal;
      return hang(signal);
    });
    await using _ = connection;
    // The SDK's client does not take back a request with the id 0.
    await connection.call("delete_file", { path: "first" });
    const cancel = new AbortController();
    const call = connection.client.callTool(
      { name: "execute_python", arguments: { code: 'await delete_file("a")' } },
      undefined,
      { signal: cancel.signal },
    );
    await until("the user is asked", () => asked);
    cancel.abort();
    await expect(call).rejects.toThrow();
    await until("the question is taken back", () => asked?.aborted);
    expect(deleted).toEqual(["first"]);
  });

  it("who answers with an error has not agreed", async () => {
    const { connection, deleted } = await open(() => Promise.reject(new Error("the window is gone")));
    await using _ = connection;
    const { error } = await connection.execute('await delete_file("a")');
    expect(error?.message).toMatch(
      /^PermissionError: .*gave no answer: .*the window is gone\. Nothing was done\./,
    );
    expect(deleted).toEqual([]);
  });
});

it("a client that cannot ask its user is told, and nothing is done", async () => {
  const { tool, deleted } = deletingTool();
  await using connection = await TestConnection.open({ tools: [tool] });
  expect(textOf(await connection.call("delete_file", { path: "a" }))).toMatch(
    /an MCP client that offers elicitation/,
  );
  const { error } = await connection.execute('await delete_file("a")');
  expect(error?.message).toMatch(/^PermissionError: .*an MCP client that offers elicitation/);
  expect(deleted).toEqual([]);
});

it("a user who does not answer in time has not agreed", async () => {
  const { client } = clientWithUser((_question, signal) => hang(signal));
  await using test = new TestSandbox();
  const server = createServer({ catalog: new Catalog([]), sandbox: test.sandbox });
  const [here, there] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(there), client.connect(here)]);
  const confirm = new UserConsent(server, 50).confirmFor(1);
  const request = { tool: "x", source: undefined, arguments: {} };
  await expect(confirm?.(request, new AbortController().signal)).rejects.toThrow(
    "The call needs the user's consent, and the client gave no answer: nobody answered within 0.05 s. Nothing was done.",
  );
  await client.close();
});

it("a program of ask asks the user too", async () => {
  await using endpoint = await ModelEndpoint.start([
    { toolCalls: [{ name: "delete_file", arguments: { path: "a" } }] },
    { text: '```python\nawait delete_file("a")\n```' },
    { text: "It is gone." },
  ]);
  const { tool, deleted } = deletingTool();
  const { client, questions } = clientWithUser(() => ACCEPT);
  const model = { apiKey: undefined, baseUrl: endpoint.url, name: "scripted", timeoutMs: 10_000 };
  await using connection = await TestConnection.open({ tools: [tool], client, model });
  expect(textOf(await connection.call("ask", { question: "Delete a." }))).toBe("It is gone.");
  expect(questions).toHaveLength(1);
  expect(deleted).toEqual(["a"]);
});

describe("over HTTP, the user", () => {
  it.each([
    ["agrees", ACCEPT, ["a"]],
    ["refuses", DECLINE, []],
  ] as const)("%s, in a program and in a direct call", async (_what, answer, expected) => {
    const { tool, deleted } = deletingTool();
    const { client, questions } = clientWithUser(() => answer);
    await using http = await TestHttp.start({ tools: [tool] });
    await http.connect(undefined, client);
    await client.callTool({ name: "delete_file", arguments: { path: "a" } });
    expect(deleted).toEqual(expected);
    const program = { name: "execute_python", arguments: { code: 'await delete_file("b")' } };
    const { error } = answerOf(await client.callTool(program));
    expect(error?.message.startsWith("PermissionError") ?? false).toBe(expected.length === 0);
    expect(questions).toHaveLength(2);
  });

  it("is asked on the stream of the request", async () => {
    const { tool } = deletingTool();
    await using http = await TestHttp.start({ tools: [tool], settings: { shutdownGraceMs: 20 } });
    const params = { ...INITIALIZE.params, capabilities: { elicitation: {} } };
    const opened = await http.post({ ...INITIALIZE, params });
    await opened.text();
    const session = { "Mcp-Session-Id": opened.headers.get("mcp-session-id") ?? "" };
    const call = { name: "delete_file", arguments: { path: "a" } };
    const events = sseEvents(
      await http.post({ jsonrpc: "2.0", id: 1, method: "tools/call", params: call }, session),
    );
    await events.next();
    expect((await events.next()).value.message).toMatchObject({
      method: "elicitation/create",
      params: { mode: "form", requestedSchema: { properties: { confirm: { type: "boolean" } } } },
    });
  });

  it("is asked on the resumed stream where the first one was lost, and the call is made once", async () => {
    const { tool, deleted } = deletingTool();
    await using http = await TestHttp.start({ tools: [tool] });
    const params = { ...INITIALIZE.params, capabilities: { elicitation: {} } };
    const opened = await http.post({ ...INITIALIZE, params });
    await opened.text();
    const session = { "Mcp-Session-Id": opened.headers.get("mcp-session-id") ?? "" };
    const program = { name: "execute_python", arguments: { code: 'await delete_file("a")' } };
    const connection = new AbortController();
    const lost = sseEvents(
      await http.post(
        { jsonrpc: "2.0", id: 1, method: "tools/call", params: program },
        session,
        connection.signal,
      ),
    );
    const first = (await lost.next()).value;
    const asked = (await lost.next()).value.message;
    connection.abort();
    await expect(lost.next()).rejects.toThrow();

    const headers = { ...HEADERS, ...session, "Last-Event-ID": first.id };
    const resumed = sseEvents(await fetch(http.server.url, { headers }));
    const question = (await resumed.next()).value.message;
    expect(question).toEqual(asked);
    expect(deleted).toEqual([]);
    const accepted = await http.post({ jsonrpc: "2.0", id: question.id, result: ACCEPT }, session);
    expect(accepted.status).toBe(202);
    const [answer] = await rest(resumed);
    expect(answer?.message).toMatchObject({ id: 1, result: { structuredContent: { result: "a is gone" } } });
    expect(deleted).toEqual(["a"]);
  });
});
