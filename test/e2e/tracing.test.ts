import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { describe, expect, it } from "vitest";
import { fixture, runCli, ServerProcess, StdioConnection } from "../support/cli.js";
import { answerOf, textOf } from "../support/client.js";
import { Collector } from "../support/collector.js";
import { ModelEndpoint } from "../support/model-endpoint.js";
import { until } from "../support/until.js";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const TRACEPARENT = `00-${TRACE}-${SPAN}-01`;
const OTHER = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };

const to = (collector: Collector) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });

/** A server over HTTP and a client whose requests have these headers; all ends with the block. */
async function overHttp(
  env: Readonly<Record<string, string>>,
  use: (client: Client) => Promise<void>,
  headers: Record<string, string> = {},
): Promise<void> {
  await using server = new ServerProcess(["serve", "--http", "--port", "0"], env);
  const transport = new StreamableHTTPClientTransport(await server.listening(), { requestInit: { headers } });
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport as Parameters<Client["connect"]>[0]);
  await use(client);
  await client.close();
  server.child.kill("SIGTERM");
  expect(await server.exit).toBe(0);
}

const call = (client: Client, name: string, args: Record<string, unknown>, meta?: Record<string, unknown>) =>
  client.callTool({ name, arguments: args, ...(meta && { _meta: meta }) });

const execute = (client: Client, code: string, meta?: Record<string, unknown>) =>
  call(client, "execute_python", { code }, meta);

describe("traces over stdio", () => {
  it("hold the request, its program and its tool calls, in the trace of the caller", async () => {
    await using collector = await Collector.start();
    {
      await using connection = await StdioConnection.open([], {
        ...to(collector),
        OTEL_SERVICE_NAME: "my-service",
        OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
        OTEL_EXPORTER_OTLP_HEADERS: "x-key=abc",
      });
      const answer = await execute(connection.client, "await get_custom_budget(1)", {
        traceparent: TRACEPARENT,
      });
      expect(answerOf(answer).result).toBeNull();
    }
    expect(collector.requests[0]).toMatchObject({ path: "/v1/traces", headers: { "x-key": "abc" } });
    expect(collector.resource).toMatchObject({
      "service.name": "my-service",
      "service.version": expect.stringMatching(/^\d/),
      "deployment.environment.name": "test",
    });
    const request = collector.span("tools/call execute_python");
    expect(request).toMatchObject({
      traceId: TRACE,
      parentSpanId: SPAN,
      kind: "server",
      failed: false,
      attributes: {
        "mcp.method.name": "tools/call",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "execute_python",
        "network.transport": "pipe",
      },
    });
    expect(collector.span("execute_program")).toMatchObject({
      kind: "internal",
      attributes: { "monty_code_mode.program.outcome": "ok", "monty_code_mode.program.tool_calls": 1 },
    });
    const tool = collector.span("execute_tool get_custom_budget");
    expect(tool.attributes).toMatchObject({
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "get_custom_budget",
    });
    expect(collector.path(tool)).toEqual([
      "tools/call execute_python",
      "execute_program",
      "execute_tool get_custom_budget",
    ]);
    // Without a caller's trace, one of its own.
    expect(collector.span("tools/list").traceId).not.toBe(TRACE);
  });

  it("keep apart the calls of programs that run in parallel", async () => {
    await using collector = await Collector.start();
    const traceOf = (i: number) => `${i}`.repeat(32);
    {
      await using connection = await StdioConnection.open([], to(collector));
      await Promise.all(
        [1, 2, 3, 4].map((i) =>
          execute(
            connection.client,
            `import asyncio\nawait asyncio.gather(*[get_custom_budget(1) for _ in range(${i})])`,
            { traceparent: `00-${traceOf(i)}-${SPAN}-01` },
          ),
        ),
      );
    }
    for (const i of [1, 2, 3, 4]) {
      const spans = collector.spans.filter(({ traceId }) => traceId === traceOf(i));
      const program = spans.find(({ name }) => name === "execute_program");
      const tools = spans.filter(({ name }) => name === "execute_tool get_custom_budget");
      expect(tools).toHaveLength(i);
      expect(new Set(tools.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([program?.spanId]));
    }
  });

  it("tell which calls the journal answered", async () => {
    await using collector = await Collector.start();
    {
      await using connection = await StdioConnection.open([], to(collector));
      const code = "await get_custom_budget(1)";
      for (const more of [{}, { resume_from: "last" }])
        await connection.client.callTool({ name: "execute_python", arguments: { code, ...more } });
    }
    const calls = collector.spans.filter(({ name }) => name === "execute_tool get_custom_budget");
    expect(calls.map(({ attributes }) => attributes["monty_code_mode.tool.made"])).toEqual([
      undefined,
      false,
    ]);
  });

  it("hold what a tool traces itself", async () => {
    await using collector = await Collector.start();
    {
      await using connection = await StdioConnection.open(
        ["--tools", fixture("tools/instrumented")],
        to(collector),
      );
      await execute(connection.client, "await look_up()");
    }
    expect(collector.path(collector.span("a query")).slice(-2)).toEqual(["execute_tool look_up", "a query"]);
  });

  it("tell what failed, not with which words", async () => {
    await using collector = await Collector.start();
    {
      await using connection = await StdioConnection.open(["--timeout-ms", "500"], to(collector));
      const { client } = connection;
      await execute(client, "try:\n    await get_expenses(777)\nexcept ValueError:\n    pass\n1 / 0");
      await call(client, "get_expenses", { user_id: 777 });
      await call(client, "no_such_tool", {}).catch(() => undefined);
      await client.readResource({ uri: "monty-code-mode://777" }).catch(() => undefined);
    }
    const failed = (name: string) => {
      const { failed, attributes } = collector.span(name);
      return failed && attributes["error.type"];
    };
    expect(failed("execute_tool get_expenses")).toBe("ValueError");
    expect(failed("execute_program")).toBe("runtime");
    expect(failed("tools/call execute_python")).toBe("tool_error");
    expect(failed("tools/call get_expenses")).toBe("tool_error");
    expect(failed("tools/call no_such_tool")).toBe("-32602");
    expect(failed("resources/read")).toBe("-32002");
    expect(collector.span("resources/read").attributes).toMatchObject({
      "mcp.resource.uri": "monty-code-mode://777",
      "rpc.response.status_code": "-32002",
    });
    expect(collector.span("tools/call get_expenses").attributes).not.toHaveProperty("exception.message");
    const others = collector.spans.filter(({ name }) => name !== "resources/read");
    // Ids and times may hold any digits.
    const told = JSON.stringify(others, (key, value) => (/(Id|Nano)$/.test(key) ? undefined : value));
    expect(told).not.toContain("777");
  });
});

describe("traces over HTTP", () => {
  it("continue the trace of the headers, or of the request where that names one", async () => {
    await using collector = await Collector.start();
    const header = { traceparent: `00-${OTHER.traceId}-${OTHER.spanId}-01` };
    await overHttp(
      to(collector),
      async (client) => {
        await execute(client, "1");
        await call(client, "get_custom_budget", { user_id: 1 }, { traceparent: TRACEPARENT });
      },
      header,
    );
    expect(collector.span("tools/call execute_python")).toMatchObject({
      traceId: OTHER.traceId,
      parentSpanId: OTHER.spanId,
      attributes: { "network.transport": "tcp", "mcp.session.id": expect.any(String) },
    });
    expect(collector.span("tools/call get_custom_budget")).toMatchObject({
      traceId: TRACE,
      parentSpanId: SPAN,
      links: [OTHER],
    });
  });

  it("do not hold what the caller does not sample", async () => {
    await using collector = await Collector.start();
    await overHttp(to(collector), async (client) => {
      await execute(client, "await get_custom_budget(1)", { traceparent: `00-${TRACE}-${SPAN}-00` });
      await client.listPrompts();
    });
    expect(collector.spans.map(({ name }) => name)).toEqual(["prompts/list"]);
  });

  it("hold the phases of a question with its model calls and programs, and none of the texts", async () => {
    await using collector = await Collector.start();
    await using endpoint = await ModelEndpoint.start([
      { toolCalls: [{ name: "get_team_members", arguments: { department: "Engineering" } }] },
      { text: "```python\nzebra_in_code\n```" },
      { text: "```python\nlen((await get_team_members('Engineering'))['members'])\n```" },
      {
        text: "A zebra in the answer: 5.",
        usage: { promptTokens: 345, completionTokens: 67 },
      },
    ]);
    await overHttp(
      { ...to(collector), OPENAI_BASE_URL: endpoint.url, OPENAI_MODEL: "m-1" },
      async (client) => {
        const answer = await call(client, "ask", { question: "Is there a zebra in the team?" });
        expect(textOf(answer)).toContain("zebra in the answer");
      },
    );
    const root = ["tools/call ask", "invoke_agent ask"];
    const paths = collector.spans.map((span) => collector.path(span).join(" > "));
    const within = (...path: string[]) => [...root, ...path].join(" > ");
    const wanted = [
      "tools/call ask",
      within(),
      within("ask discovery"),
      within("ask discovery", "chat m-1"),
      within("ask code"),
      within("ask code", "chat m-1"),
      within("ask code", "chat m-1"),
      within("ask code", "execute_program"),
      within("ask code", "execute_program"),
      within("ask code", "execute_program", "execute_tool get_team_members"),
      within("ask answer"),
      within("ask answer", "chat m-1"),
    ];
    expect(paths.filter((path) => path.startsWith("tools/call ask")).sort()).toEqual(wanted.sort());
    const chat = collector.spans.find((span) => collector.path(span).join().endsWith("ask answer,chat m-1"));
    expect(chat).toMatchObject({
      kind: "client",
      attributes: {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "m-1",
        "gen_ai.usage.input_tokens": 345,
        "gen_ai.usage.output_tokens": 67,
        "server.address": "127.0.0.1",
        "server.port": Number(new URL(endpoint.url).port),
      },
    });
    expect(JSON.stringify(collector.requests)).not.toContain("zebra");
  });

  it("end the span of a tool that goes on after its program with the program", async () => {
    await using collector = await Collector.start();
    await using server = new ServerProcess(
      ["serve", "--http", "--port", "0", "--timeout-ms", "300", "--tools", fixture("tools/stubborn")],
      to(collector),
    );
    const client = new Client({ name: "test", version: "1" });
    const transport = new StreamableHTTPClientTransport(await server.listening());
    await client.connect(transport as Parameters<Client["connect"]>[0]);
    expect(answerOf(await execute(client, "await go_on()")).error?.kind).toBe("limit");
    await client.close();
    server.child.kill("SIGTERM");
    expect(await server.exit).toBe(0);
    const tool = collector.span("execute_tool go_on");
    expect(tool).toMatchObject({ failed: true, attributes: { "error.type": "cancelled" } });
    expect(tool.parentSpanId).toBe(collector.span("execute_program").spanId);
  });
});

describe("traces of a command", () => {
  it("hold its program", async () => {
    await using collector = await Collector.start();
    const { code, stdout } = await runCli(["exec", "-"], { input: "1 + 1", env: to(collector) });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "2\n" });
    expect(collector.path(collector.span("execute_program"))).toEqual(["execute_program"]);
  });

  it("hold its question", async () => {
    await using collector = await Collector.start();
    await using endpoint = await ModelEndpoint.start([{ text: "Hello." }]);
    const env = { ...to(collector), OPENAI_BASE_URL: endpoint.url, OPENAI_MODEL: "m-1" };
    expect(await runCli(["ask", "Hello?"], { env })).toMatchObject({ code: 0, stdout: "Hello.\n" });
    expect(collector.path(collector.span("chat m-1"))).toEqual([
      "invoke_agent ask",
      "ask discovery",
      "chat m-1",
    ]);
  });
});

describe("a collector", () => {
  it("that cannot be reached is told of once, and holds nothing up", async () => {
    const gone = await Collector.start();
    const env = { ...to(gone), OTEL_BSP_SCHEDULE_DELAY: "10", OTEL_EXPORTER_OTLP_TIMEOUT: "50" };
    await gone[Symbol.asyncDispose]();
    await using server = new ServerProcess(["serve", "--http", "--port", "0"], env);
    const client = new Client({ name: "test", version: "1" });
    const transport = new StreamableHTTPClientTransport(await server.listening());
    await client.connect(transport as Parameters<Client["connect"]>[0]);
    const warnings = () => server.stderr.match(/traces cannot be sent/g)?.length ?? 0;
    expect(answerOf(await execute(client, "1 + 1")).result).toBe(2);
    await until("it is told", () => warnings() === 1);
    for (let i = 0; i < 3; i++) expect(answerOf(await execute(client, `${i}`)).result).toBe(i);
    await client.close();
    server.child.kill("SIGTERM");
    expect(await server.exit).toBe(0);
    expect(warnings()).toBe(1);
    expect(server.stderr).toContain("ECONNREFUSED");
  });

  it("that refuses is told of, and the command ends as it would", async () => {
    await using collector = await Collector.start(400);
    const { code, stdout, stderr } = await runCli(["exec", "-"], { input: "1 + 1", env: to(collector) });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "2\n" });
    expect(stderr).toMatch(/^monty-code-mode: traces cannot be sent, and are dropped: Bad Request\n$/);
  });
});

describe("without a collector", () => {
  const LOADER = `--import=${fixture("loader/report.mjs")}`;

  /** The files that a server loads for a program and its end, by what of OpenTelemetry they hold. */
  async function loaded(env: Record<string, string>): Promise<{ files: number; telemetry: string[] }> {
    await using server = new ServerProcess([], { NODE_OPTIONS: LOADER, ...env });
    server.request(0, "initialize", {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "test", version: "1" },
    });
    await server.answer(0);
    server.execute(1, "await get_custom_budget(1)");
    await server.answer(1);
    server.child.stdin?.end();
    expect(await server.exit).toBe(0);
    const files = Array.from(server.stderr.matchAll(/^loads (file:\S+)$/gm), ([, url = ""]) => url);
    const telemetry = files.filter((url) =>
      /opentelemetry\.js\.api|@opentelemetry\//.test(readFileSync(fileURLToPath(url), "utf8")),
    );
    return { files: files.length, telemetry };
  }

  it.each([
    ["no endpoint", {}],
    ["a disabled SDK", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1", OTEL_SDK_DISABLED: "true" }],
  ])("nothing of OpenTelemetry is loaded: %s", async (_what, env) => {
    const { files, telemetry } = await loaded(env as Record<string, string>);
    expect(files).toBeGreaterThan(3);
    expect(telemetry).toEqual([]);
  });

  it("is the only way not to load it", async () => {
    await using collector = await Collector.start();
    expect((await loaded(to(collector))).telemetry).not.toEqual([]);
  });
});
