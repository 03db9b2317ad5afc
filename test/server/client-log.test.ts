import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { type LoggingLevel, LoggingMessageNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it } from "vitest";
import { fixture, ServerProcess, StdioConnection } from "../support/cli.js";
import { TestConnection } from "../support/client.js";
import { HEADERS, rest, sseEvents, TestHttp } from "../support/http.js";
import { until } from "../support/until.js";

/** A client, and what it is told. */
function listener() {
  const client = new Client({ name: "test", version: "1" });
  const told: { level: LoggingLevel; logger?: string; data: Record<string, unknown> }[] = [];
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
    told.push(params as (typeof told)[number]);
  });
  return { client, told };
}

describe("the log of a client", () => {
  it("tells nothing before a level is set", async () => {
    const { client, told } = listener();
    await using connection = await TestConnection.open({ client });
    await connection.execute("1 / 0");
    await client.ping();
    expect(told).toEqual([]);
  });

  it("tells of tools that end at or above the level", async () => {
    const { client, told } = listener();
    await using connection = await TestConnection.open({ client });
    const seen = async (level: LoggingLevel) => {
      told.length = 0;
      await client.setLoggingLevel(level);
      await connection.execute("await get_custom_budget(1)");
      await connection.execute("1 / 0");
      await connection.execute("while True:\n    pass", { timeout_ms: 50 });
      await connection.call("get_expenses", { user_id: 99 });
      return told.map(({ level, logger, data }) => [level, logger, data.outcome]);
    };
    const failures = [
      ["notice", "execute_python", "runtime"],
      ["warning", "execute_python", "limit"],
      ["notice", "get_expenses", "error"],
    ];
    expect(await seen("debug")).toEqual([["info", "execute_python", "ok"], ...failures]);
    expect(told[0]?.data).toMatchObject({ tool_calls: 1, duration_ms: expect.any(Number) });
    expect(await seen("notice")).toEqual(failures);
    expect(await seen("warning")).toEqual([failures[1]]);
    expect(await seen("error")).toEqual([]);
  });

  it("refuses a level that is none", async () => {
    await using connection = await TestConnection.open();
    await expect(connection.client.setLoggingLevel("loud" as LoggingLevel)).rejects.toThrow();
  });

  it("tells once of tools that could not be loaded", async () => {
    const { client, told } = listener();
    await using _connection = await StdioConnection.open(["--tools", fixture("tools/broken")], {}, client);
    await client.setLoggingLevel("error");
    expect(told).toEqual([]);
    await client.setLoggingLevel("info");
    await client.setLoggingLevel("debug");
    expect(told).toMatchObject([
      {
        level: "warning",
        logger: "server",
        data: { message: expect.stringMatching(/broken\.mjs: line 1: the kettle is missing/) },
      },
    ]);
  });

  it("goes over HTTP on the stream of the request, and is each client's own", async () => {
    await using http = await TestHttp.start();
    const quiet = listener();
    await http.connect(undefined, quiet.client);
    const session = await http.initialize();
    const request = (id: number, method: string, params: object) =>
      http.post({ jsonrpc: "2.0", id, method, params }, session);
    await (await request(1, "logging/setLevel", { level: "info" })).text();
    const called = { name: "execute_python", arguments: { code: "1 + 1" } };
    const events = await rest(sseEvents(await request(2, "tools/call", called)));
    expect(events.map(({ message }) => message?.method ?? message?.id)).toEqual([
      undefined,
      "notifications/message",
      2,
    ]);
    await quiet.client.callTool(called);
    expect(quiet.told).toEqual([]);
  });

  it("names no file to a client over HTTP", async () => {
    await using server = new ServerProcess([
      "serve",
      "--http",
      "--port",
      "0",
      "--tools",
      fixture("tools/broken"),
    ]);
    const url = await server.listening();
    const send = (body: object, headers: Record<string, string>) =>
      fetch(url, {
        method: "POST",
        headers: { ...HEADERS, ...headers },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...body }),
      });
    const params = {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "t", version: "1" },
    };
    const opened = await send({ method: "initialize", params }, {});
    const session = { "Mcp-Session-Id": opened.headers.get("mcp-session-id") ?? "" };
    const set = await send({ method: "logging/setLevel", params: { level: "debug" } }, session);
    const text = await set.text();
    expect(text).toContain("Tools that could not be loaded: 1.");
    expect(text).not.toContain("broken");
    await until("the server's own log has it", () => server.stderr.includes("broken.mjs"));
  });
});
