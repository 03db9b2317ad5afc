import { request } from "node:http";
import { connect } from "node:net";
import { Router } from "express";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/config.js";
import { defineTool, z } from "../../../src/index.js";
import { Secret } from "../../../src/secret.js";
import { HEADERS, INITIALIZE, TestHttp } from "../../support/http.js";
import { until } from "../../support/until.js";

const TIMES = { headersMs: 1000, requestMs: 1000, keepAliveMs: 1000, stallMs: 1000 };

const LIST = { jsonrpc: "2.0", id: 1, method: "tools/list" };

async function refusal(response: Response) {
  const { jsonrpc, id, error } = (await response.json()) as {
    jsonrpc: string;
    id: null;
    error: { code: number };
  };
  expect({ jsonrpc, id }).toEqual({ jsonrpc: "2.0", id: null });
  return [response.status, error.code];
}

/** The status for a Host header, which fetch does not let one choose. */
function statusFor(http: TestHttp, host: string): Promise<number | undefined> {
  const body = JSON.stringify(INITIALIZE);
  return new Promise((resolve, reject) => {
    const headers = { ...HEADERS, Host: host };
    const sent = request(http.server.url, { method: "POST", headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", reject).end(body);
  });
}

describe("a request is refused", () => {
  it("for a Host that is not served", async () => {
    await using http = await TestHttp.start({
      settings: { publicUrl: "https://tools.example.com" },
    });
    const { port } = new URL(http.server.url);
    for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1:1", "127.0.0.1"])
      expect(await statusFor(http, host), host).toBe(403);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, "tools.example.com"])
      expect(await statusFor(http, host), host).toBe(200);
  });

  it("for an Origin that is not served", async () => {
    await using http = await TestHttp.start();
    for (const origin of ["https://evil.example", "null", "http://localhost:1"])
      expect(await refusal(await http.post(INITIALIZE, { Origin: origin }))).toEqual([403, -32_000]);
    expect((await http.post(INITIALIZE, { Origin: http.origin })).status).toBe(200);
  });

  it("for a body over the limit, no JSON, and another content type", async () => {
    await using http = await TestHttp.start({ settings: { bodyBytes: 1024 } });
    expect(await refusal(await http.post(JSON.stringify("x".repeat(2000))))).toEqual([413, -32_000]);
    expect(await refusal(await http.post("{ this"))).toEqual([400, -32_700]);
    expect(await refusal(await http.post('{"an": "object"}'))).toEqual([400, -32_000]);
    expect(await refusal(await http.post("{}", { "Content-Type": "text/plain" }))).toEqual([415, -32_000]);
  });

  it("for a session that is missing or unknown, another method and another path", async () => {
    await using http = await TestHttp.start();
    expect(await refusal(await http.post(LIST))).toEqual([400, -32_000]);
    expect(await refusal(await fetch(http.server.url, { headers: HEADERS }))).toEqual([400, -32_000]);
    expect(await refusal(await http.post(LIST, { "Mcp-Session-Id": "nobody" }))).toEqual([404, -32_001]);
    expect(await refusal(await fetch(http.server.url, { method: "PUT" }))).toEqual([405, -32_000]);
    expect(await refusal(await fetch(http.origin))).toEqual([404, -32_000]);
  });

  it("beyond the rate, with the time to come again", async () => {
    await using http = await TestHttp.start({ settings: { ratePerMinute: 2 } });
    for (const _ of [1, 2]) expect((await http.post(LIST)).status).toBe(400);
    const third = await http.post(LIST, { "X-Forwarded-For": "10.0.0.1" });
    expect(Number(third.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refusal(third)).toEqual([429, -32_000]);
  });

  it("beyond the rate for the page of the server too", async () => {
    const landing = Router().get("/", (_req, res) => void res.send("page"));
    await using http = await TestHttp.start({ settings: { ratePerMinute: 2 }, landing });
    const statuses = [];
    for (const _ of [1, 2, 3]) statuses.push((await fetch(http.origin)).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it("when its headers come too slowly", async () => {
    await using http = await TestHttp.start({ clientTimes: { ...TIMES, headersMs: 50 } });
    const socket = connect(Number(new URL(http.server.url).port), "127.0.0.1");
    socket.write("POST /mcp HTTP/1.1\r\nHost: a\r\n");
    let text = "";
    for await (const chunk of socket) text += chunk;
    expect(text).toMatch(/^HTTP\/1.1 408 .*\{"jsonrpc":"2.0","error":\{"code":-32000,.*\}$/s);
  });
});

describe("a client that is too slow", () => {
  it("with the body of its request is answered 408", async () => {
    await using http = await TestHttp.start({ clientTimes: { ...TIMES, headersMs: 100, requestMs: 100 } });
    const { host, port } = new URL(http.server.url);
    const socket = connect(Number(port), "127.0.0.1");
    const head = { Host: host, ...HEADERS, "Content-Length": "100" };
    const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST /mcp HTTP/1.1\r\n${lines.join("")}\r\n{"half":`);
    let text = "";
    for await (const chunk of socket) text += chunk;
    expect(text).toMatch(/^HTTP\/1.1 408 .*\{"jsonrpc":"2.0","error":\{"code":-32000,.*\}$/s);
  });

  it("in taking an answer loses its connection, and others theirs not", async () => {
    const large = defineTool({
      name: "large",
      description: "More than the system buffers.",
      input: z.object({}),
      output: z.string(),
      run: () => "x".repeat(32 * 1024 * 1024),
    });
    const settings = { sessionIdleMs: 1000 };
    const clientTimes = { ...TIMES, stallMs: 200 };
    await using http = await TestHttp.start({ tools: [large], settings, clientTimes });
    const idle = await http.initialize();
    const stream = await fetch(http.server.url, { headers: { ...HEADERS, ...idle } });
    const session = await http.initialize();
    const { host, port } = new URL(http.server.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.pause().on("error", () => undefined);
    const body = JSON.stringify({ ...LIST, method: "tools/call", params: { name: "large", arguments: {} } });
    const head = { Host: host, ...HEADERS, ...session, "Content-Length": body.length };
    const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST /mcp HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
    // A session goes on as long as it has a connection.
    await until("its session has ended", () => http.server.sessions.size === 1, 10_000);
    expect((await http.post(LIST, idle)).status).toBe(200);
    await stream.body?.cancel();
    socket.destroy();
  });
});

describe("a server does not start", () => {
  it.each([
    ["without a token beyond loopback", { host: "0.0.0.0" }, /^Listening on 0\.0\.0\.0 opens .*\.$/],
    [
      "with half of OAuth",
      { oauth: { issuer: "https://a.example", audience: undefined, jwksUrl: undefined } },
      /together/,
    ],
    [
      "with keys over a network in the clear",
      { oauth: { issuer: "https://a.example", audience: "a", jwksUrl: "http://a.example/jwks" } },
      /--oauth-jwks-url must be an https URL/,
    ],
    ["with a path in its public URL", { publicUrl: "https://a.example/mcp" }, /--public-url/],
  ])("%s", async (_title, settings, message) => {
    const started = TestHttp.start({ settings });
    await expect(started).rejects.toThrow(ConfigError);
    await expect(started).rejects.toThrow(message);
  });

  it("with a tool named like one of the server's own", async () => {
    const ask = defineTool({ name: "ask", description: "Asks.", input: z.object({}), run: () => 1 });
    await expect(TestHttp.start({ tools: [ask] })).rejects.toThrow("the server's own");
  });

  it("but does beyond loopback with a token", async () => {
    await using http = await TestHttp.start({
      settings: { host: "0.0.0.0", authToken: new Secret("s3cret") },
    });
    const { port } = new URL(http.server.url);
    const response = await fetch(`http://127.0.0.1:${port}/mcp`, { headers: HEADERS });
    expect(response.status).toBe(401);
  });
});
