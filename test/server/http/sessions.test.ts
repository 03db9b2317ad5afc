import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { CreateMessageRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { Router } from "express";
import { describe, expect, it } from "vitest";
import { expenseTools } from "../../../tools/expenses/index.js";
import { answerOf, textOf } from "../../support/client.js";
import { HEADERS, INITIALIZE, rest, sseEvents, TestHttp, WaitingTool } from "../../support/http.js";
import { sandboxPids } from "../../support/processes.js";
import { until } from "../../support/until.js";

const call = (id: number, name: string, args = {}, more = {}) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: args, ...more },
});

describe("a client over HTTP", () => {
  it("lists the tools, calls one, and runs a program with progress", async () => {
    await using http = await TestHttp.start({ tools: expenseTools });
    const client = await http.connect();
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["execute_python", "ask", "sum_amounts"]),
    );
    const progress: (string | undefined)[] = [];
    const code = "len((await get_team_members('Engineering'))['members'])";
    const result = await client.callTool({ name: "execute_python", arguments: { code } }, undefined, {
      onprogress: ({ message }) => progress.push(message),
    });
    expect(answerOf(result).result).toBe(5);
    expect(progress).toEqual([expect.stringMatching(/^get_team_members: \d+ ms$/)]);
  });

  it("cancels a program, whose stream then ends", async () => {
    const waiting = new WaitingTool();
    await using http = await TestHttp.start({ tools: [waiting.tool], settings: { shutdownGraceMs: 20_000 } });
    const client = await http.connect();
    const controller = new AbortController();
    const called = client.callTool(
      { name: "execute_python", arguments: { code: "await wait()" } },
      undefined,
      controller,
    );
    await waiting.called;
    controller.abort();
    await expect(called).rejects.toThrow();
    await until("the tool is told", () => waiting.aborted);
    const started = performance.now();
    await http.server.close();
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it("lends its model to ask, each of two clients to its own conversation", async () => {
    await using http = await TestHttp.start({ tools: expenseTools });
    const ask = async (name: string) => {
      const client = new Client({ name, version: "1" }, { capabilities: { sampling: {} } });
      const asked: string[] = [];
      client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
        asked.push(JSON.stringify(params.messages));
        return {
          model: name,
          role: "assistant" as const,
          content: { type: "text" as const, text: `I am ${name}` },
        };
      });
      await http.connect(undefined, client);
      const question = (text: string) => client.callTool({ name: "ask", arguments: { question: text } });
      return { asked, question };
    };
    const [one, two] = await Promise.all([ask("one"), ask("two")]);
    const answers = await Promise.all([one.question("Who is Ada?"), two.question("Who is Bob?")]);
    for (const [i, { asked }] of [one, two].entries()) {
      expect(asked.length, textOf(answers[i])).toBeGreaterThan(0);
      expect(asked.join()).toContain(["Ada", "Bob"][i]);
      expect(asked.join()).not.toContain(["Bob", "Ada"][i]);
    }
  });

  it("is asked for its model on the stream of the question", async () => {
    await using http = await TestHttp.start({ settings: { shutdownGraceMs: 20 } });
    const params = { ...INITIALIZE.params, capabilities: { sampling: {} } };
    const opened = await http.post({ ...INITIALIZE, params });
    await opened.text();
    const session = { "Mcp-Session-Id": opened.headers.get("mcp-session-id") ?? "" };
    const response = await http.post(call(1, "ask", { question: "Who?" }), session);
    const events = sseEvents(response);
    await events.next();
    expect((await events.next()).value.message.method).toBe("sampling/createMessage");
  });

  it("shares no process with another one that has used it", async () => {
    await using http = await TestHttp.start();
    const [one, two] = await Promise.all([http.connect(), http.connect()]);
    const run = (client: Client, code: string) =>
      client.callTool({ name: "execute_python", arguments: { code } });
    const results = await Promise.all([run(one, "mine = 1\nmine"), run(two, "2")]);
    expect(results.map((result) => answerOf(result).result)).toEqual([1, 2]);
    expect(answerOf(await run(two, "mine")).error).toBeDefined();
  });
});

describe("a stream that was lost", () => {
  it("is resumed without loss or repetition", async () => {
    const waiting = new WaitingTool();
    await using http = await TestHttp.start({ tools: [...expenseTools, waiting.tool] });
    const session = await http.initialize();
    const connection = new AbortController();
    const code = "await get_custom_budget(1)\nawait wait()\nawait get_custom_budget(2)\n'end'";
    const params = { _meta: { progressToken: "p" } };
    const response = await http.post(call(7, "execute_python", { code }, params), session, connection.signal);
    const events = sseEvents(response);
    const first = (await events.next()).value;
    const second = (await events.next()).value;
    expect(first.message).toBeNull();
    expect(second.message.params.progress).toBe(1);
    connection.abort();
    await expect(rest(events)).rejects.toThrow();
    waiting.release();

    const resume = (id: string) =>
      fetch(http.server.url, { headers: { ...HEADERS, ...session, "Last-Event-ID": id } });
    const resumed = await rest(sseEvents(await resume(second.id)));
    const all = [second, ...resumed];
    expect(
      all.map(({ message }) => message.params?.progress ?? message.result.structuredContent.result),
    ).toEqual([1, 2, 3, "end"]);
    // Once more, from its start: the same events.
    expect(await rest(sseEvents(await resume(first.id)))).toEqual(all);
  });

  it("is resumed as often as it is lost, while events come", async () => {
    const steps = 60;
    await using http = await TestHttp.start({ tools: expenseTools });
    const session = await http.initialize();
    const code = `import asyncio
for i in range(${steps / 6}):
    await asyncio.gather(*[get_custom_budget(1) for _ in range(6)])
"end"`;
    const params = { _meta: { progressToken: "p" } };
    const seen: unknown[] = [];
    let last: string | undefined;
    for (let losses = 0; seen.at(-1) !== "end"; losses++) {
      const connection = new AbortController();
      const response =
        last === undefined
          ? await http.post(call(7, "execute_python", { code }, params), session, connection.signal)
          : await fetch(http.server.url, {
              headers: { ...HEADERS, ...session, "Last-Event-ID": last },
              signal: connection.signal,
            });
      expect(response.status).toBe(200);
      let taken = 0;
      for await (const { id, message } of sseEvents(response)) {
        last = id;
        if (message !== null) seen.push(message.params?.progress ?? message.result.structuredContent.result);
        // Each connection is lost a little later than the one before it.
        taken += 1;
        if (taken > losses) break;
      }
      connection.abort();
    }
    expect(seen).toEqual([...Array.from({ length: steps }, (_, i) => i + 1), "end"]);
  });

  it("is resumed while the connection on which it was lost looks alive", async () => {
    const waiting = new WaitingTool();
    await using http = await TestHttp.start({ tools: [...expenseTools, waiting.tool] });
    const session = await http.initialize();
    const code = "await get_custom_budget(1)\nawait wait()";
    const params = { _meta: { progressToken: "p" } };
    const lost = sseEvents(await http.post(call(7, "execute_python", { code }, params), session));
    await lost.next();
    const { id } = (await lost.next()).value;
    await waiting.called;
    const headers = { ...HEADERS, ...session, "Last-Event-ID": id };
    const resumed = await fetch(http.server.url, { headers });
    waiting.release();
    const messages = (await rest(sseEvents(resumed))).map(({ message }) => message);
    expect(messages).toMatchObject([{ params: { progress: 2 } }, { id: 7 }]);
    expect(await rest(lost)).toEqual([]);
  });

  it("is not resumed after an event that nobody knows", async () => {
    await using http = await TestHttp.start();
    const session = await http.initialize();
    const headers = { ...HEADERS, ...session, "Last-Event-ID": "99" };
    expect((await fetch(http.server.url, { headers })).status).toBe(400);
  });
});

describe("a session", () => {
  it("ends by DELETE, with its processes", async () => {
    await using http = await TestHttp.start();
    const session = await http.initialize();
    await (await http.post(call(1, "execute_python", { code: "1" }), session)).text();
    const before = sandboxPids();
    const gone = await fetch(http.server.url, { method: "DELETE", headers: { ...HEADERS, ...session } });
    expect(gone.status).toBe(200);
    expect(http.server.sessions.size).toBe(0);
    await until("its process has ended", () => before.some((pid) => !sandboxPids().includes(pid)));
    const after = await http.post(call(2, "execute_python", { code: "1" }), session);
    expect(after.status).toBe(404);
    expect(await after.json()).toMatchObject({ jsonrpc: "2.0", error: { code: -32_001 }, id: null });
  });

  it("keeps what its programs left to itself, and nothing of it when it has ended", async () => {
    await using http = await TestHttp.start();
    const [mine, other] = await Promise.all([http.initialize(), http.initialize()]);
    const run = async (session: Record<string, string>, args: object) => {
      const events = await rest(sseEvents(await http.post(call(1, "execute_python", args), session)));
      return events.at(-1)?.message.result;
    };
    const read = async (session: Record<string, string>, uri: string) => {
      const body = { jsonrpc: "2.0", id: 2, method: "resources/read", params: { uri } };
      return (await rest(sseEvents(await http.post(body, session)))).at(-1)?.message;
    };
    const { execution_id: id } = (await run(mine, { code: "x = 7\nx", session: "s" })).structuredContent;
    expect((await read(mine, `execution://${id}/result`)).result.contents).toMatchObject([{ text: "7" }]);
    expect((await read(other, `execution://${id}/result`)).error.code).toBe(-32_002);
    expect((await run(other, { code: "x", session: "s" })).structuredContent.error).toBeDefined();
    expect(textOf(await run(other, { code: "1", resume_from: id }))).toContain("There is no execution");
    expect(textOf(await run(other, { code: `await load_result("${id}")` }))).toContain(
      "There is no execution",
    );

    const held = http.pool.held;
    expect(held).toBeGreaterThan(0);
    await fetch(http.server.url, { method: "DELETE", headers: { ...HEADERS, ...mine } });
    await until("its process has ended", () => http.pool.held < held);
  });

  it("ends when it is idle, not while a request runs", async () => {
    const waiting = new WaitingTool();
    await using http = await TestHttp.start({ tools: [waiting.tool], settings: { sessionIdleMs: 300 } });
    const running = await http.initialize();
    const response = await http.post(call(1, "wait"), running);
    await http.initialize();
    await until("the other session has ended", () => http.server.sessions.size === 1);
    waiting.release();
    expect(await response.text()).toContain("released");
    await until("both have ended", () => http.server.sessions.size === 0);
  });

  it("beyond the cap is refused, and let in when another has ended", async () => {
    await using http = await TestHttp.start({ settings: { maxSessions: 1 } });
    const session = await http.initialize();
    const refused = await http.post(INITIALIZE);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ error: { code: -32_000 } });
    await fetch(http.server.url, { method: "DELETE", headers: { ...HEADERS, ...session } });
    expect((await http.post(INITIALIZE)).status).toBe(200);
  });

  it("takes no place when its start fails", async () => {
    await using http = await TestHttp.start();
    expect((await http.post(INITIALIZE, { Accept: "text/html" })).status).toBe(406);
    await until("its place is free", () => http.server.sessions.size === 0);
  });
});

describe("the end of the server", () => {
  it("lets a request that runs end, and takes no other", async () => {
    const waiting = new WaitingTool();
    await using http = await TestHttp.start({ tools: [waiting.tool] });
    const session = await http.initialize();
    const response = await http.post(call(1, "wait"), session);
    await waiting.called;
    const closed = http.server.close();
    await expect(fetch(http.server.url).then(({ status }) => status === 503)).rejects.toThrow();
    waiting.release();
    expect(await response.text()).toContain("released");
    await closed;
  });

  it("lets a request end whose stream was lost and resumed", async () => {
    const waiting = new WaitingTool();
    let closed = 0;
    const ops = Router().use((_req, res, next) => {
      res.once("close", () => {
        closed += 1;
      });
      next();
    });
    const settings = { shutdownGraceMs: 20_000 };
    await using http = await TestHttp.start({ tools: [waiting.tool], settings, ops });
    const session = await http.initialize();
    const connection = new AbortController();
    const events = sseEvents(await http.post(call(1, "wait"), session, connection.signal));
    const { id } = (await events.next()).value;
    await waiting.called;
    const headers = { ...HEADERS, ...session, "Last-Event-ID": id };
    const resumed = await fetch(http.server.url, { headers });
    connection.abort();
    await until("the first connection has ended", () => closed === 2);
    const ending = http.server.close();
    await new Promise(setImmediate);
    expect(waiting.aborted).toBe(false);
    waiting.release();
    expect(await resumed.text()).toContain("released");
    await ending;
  });

  it("ends a request that takes longer than the grace time", async () => {
    const waiting = new WaitingTool();
    await using http = await TestHttp.start({ tools: [waiting.tool], settings: { shutdownGraceMs: 20 } });
    const response = await http.post(call(1, "wait"), await http.initialize());
    await waiting.called;
    await http.server.close();
    expect(waiting.aborted).toBe(true);
    expect(await response.text()).not.toContain("released");
  });
});
