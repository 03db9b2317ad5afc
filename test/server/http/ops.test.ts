import { Router } from "express";
import { describe, expect, it, vi } from "vitest";
import { pythonStubs } from "../../../src/catalog/python-stubs.js";
import { defineTool } from "../../../src/catalog/tool.js";
import { z } from "../../../src/index.js";
import { Secret } from "../../../src/secret.js";
import { Metrics } from "../../../src/server/http/metrics.js";
import { opsRoutes } from "../../../src/server/http/ops.js";
import { readiness } from "../../../src/server/http/readiness.js";
import { expenseTools } from "../../../tools/expenses/index.js";
import { TestConnection } from "../../support/client.js";
import { Gate } from "../../support/gate.js";
import { WaitingTool } from "../../support/http.js";
import { TestApp } from "../../support/http-app.js";
import { ModelEndpoint } from "../../support/model-endpoint.js";
import { TestSandbox } from "../../support/sandbox.js";
import { CODE_TURN } from "../../support/turns.js";

const IDLE = { idle: 1, running: 0, waiting: 0, held: 0 };

function metricsOf(parts: Partial<ConstructorParameters<typeof Metrics>[0]> = {}): Metrics {
  const { functions } = pythonStubs(expenseTools);
  return new Metrics({ functions: () => functions, pool: () => IDLE, sessions: () => 0, ...parts });
}

function ops(ready: () => Promise<boolean>, metrics = metricsOf()) {
  const later = Router();
  later.post("/later", (_request, response) => void response.sendStatus(202));
  return TestApp.start(opsRoutes({ metrics, ready }), later);
}

describe("the health of a server", () => {
  it("is told at /healthz, whether or not a sandbox answers", async () => {
    await using http = await ops(async () => false);
    const response = await http.get("/healthz");
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("ok\n");
  });

  it("is told at /readyz by a sandbox process that answers, and by one that no longer does", async () => {
    await using test = new TestSandbox();
    await using http = await ops(() => test.sandbox.ping());
    expect((await http.get("/readyz")).status).toBe(200);
    await test.sandbox.close();
    await using after = await ops(() => test.sandbox.ping());
    const response = await after.get("/readyz");
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("no sandbox process answers");
  });

  it("is asked of one probe at a time, and of none while the answer is fresh", async () => {
    const gate = new Gate(2);
    let probes = 0;
    await using http = await ops(async () => {
      probes += 1;
      await gate.pass();
      return true;
    });
    const early = [http.get("/readyz"), http.get("/readyz"), http.get("/readyz")];
    await vi.waitFor(() => expect(probes).toBe(1));
    await gate.pass();
    for (const response of await Promise.all(early)) expect(response.status).toBe(200);
    expect((await http.get("/readyz")).status).toBe(200);
    expect(probes).toBe(1);
  });

  it("is a no when the probe fails", async () => {
    await using http = await ops(() => Promise.reject(new Error("no")));
    expect((await http.get("/readyz")).status).toBe(503);
  });

  it("is a no when the probe takes two seconds, and asked again a second after it ended", async () => {
    vi.useFakeTimers();
    try {
      const gate = new Gate(2);
      let probes = 0;
      const ready = readiness(async () => {
        probes += 1;
        await gate.pass();
        return true;
      });
      const first = ready();
      await vi.advanceTimersByTimeAsync(2000);
      expect(await first).toBe(false);
      expect(await ready()).toBe(false);
      await gate.pass();
      await vi.advanceTimersByTimeAsync(999);
      expect(await ready()).toBe(false);
      expect(probes).toBe(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(await ready()).toBe(true);
      expect(probes).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it("is found without waiting for programs", async () => {
    await using test = new TestSandbox({ maxPrograms: 1 });
    const gate = new Gate(2);
    const started = new Gate(1);
    const functions = [
      {
        name: "wait",
        parameters: [],
        call: async () => {
          await started.pass();
          await gate.pass();
        },
      },
    ];
    const running = test.run("await wait()", { functions });
    await started.opened;
    expect(test.sandbox.state.running).toBe(1);
    for (let probe = 0; probe < 3; probe++) expect(await test.sandbox.ping()).toBe(true);
    expect(test.sandbox.state).toMatchObject({ running: 1, waiting: 0 });
    await gate.pass();
    expect((await running).ok).toBe(true);
  });
});

describe("/metrics", () => {
  it("counts what a server does for its clients", async () => {
    const metrics = metricsOf();
    await using endpoint = await ModelEndpoint.start([
      { toolCalls: [{ name: "get_team_members", arguments: { department: "Engineering" } }] },
      { text: "```python\n1 + 1\n```" },
      { text: "It is 2." },
    ]);
    await using connection = await TestConnection.open({
      observer: metrics,
      model: { apiKey: new Secret("sk-test"), baseUrl: endpoint.url, name: "scripted", timeoutMs: 10_000 },
    });
    await connection.call("get_team_members", { department: "Engineering" });
    await connection.call("get_team_members", { department: "Nowhere" });
    await connection.execute("(await get_custom_budget(user_id=1)) is None");
    await connection.execute("1 / 0");
    await connection.call("ask", { question: "What is 1 + 1?" });
    const text = await metrics.text();
    expect(sample(text, 'programs_total{outcome="ok"}')).toBe(2);
    expect(sample(text, 'programs_total{outcome="runtime"}')).toBe(1);
    expect(sample(text, 'programs_total{outcome="crash"}')).toBe(0);
    expect(sample(text, "program_duration_seconds_count")).toBe(3);
    const calls = (tool: string, outcome: string) =>
      sample(text, `tool_call_duration_seconds_count{tool="${tool}",outcome="${outcome}"}`);
    expect(calls("get_team_members", "ok")).toBe(1);
    expect(calls("get_team_members", "error")).toBe(1);
    expect(calls("get_custom_budget", "ok")).toBe(1);
    // A call that the journal answers is none of the tool.
    await connection.execute("(await get_custom_budget(user_id=1)) is None", { resume_from: "last" });
    expect(calls("get_custom_budget", "ok")).toBe(1);
    for (const phase of ["discovery", "code", "answer"]) {
      expect(sample(text, `model_tokens_total{phase="${phase}",kind="prompt"}`)).toBeGreaterThan(0);
    }
  });

  it("counts what a question cost that was cancelled, and one that failed", async () => {
    const waiting = new WaitingTool();
    const metrics = metricsOf({ functions: () => pythonStubs([waiting.tool]).functions });
    await using endpoint = await ModelEndpoint.start([
      { text: "", usage: { promptTokens: 100, completionTokens: 10 } },
      { text: "```python\nawait wait()\n```", usage: { promptTokens: 200, completionTokens: 20 } },
      { text: "", usage: { promptTokens: 100, completionTokens: 10 } },
      { status: 400, body: { error: { message: "no" } } },
    ]);
    await using connection = await TestConnection.open({
      tools: [waiting.tool],
      observer: metrics,
      model: { apiKey: new Secret("sk-test"), baseUrl: endpoint.url, name: "scripted", timeoutMs: 10_000 },
    });
    const cancel = new AbortController();
    const asked = connection.client.callTool(
      { name: "ask", arguments: { question: "Why?" } },
      undefined,
      cancel,
    );
    await waiting.called;
    cancel.abort();
    await expect(asked).rejects.toThrow();
    const value = async (name: string) => sample(await metrics.text(), name);
    await vi.waitFor(async () =>
      expect(await value('model_tokens_total{phase="code",kind="prompt"}')).toBe(200),
    );
    expect(await value('programs_total{outcome="cancelled"}')).toBe(1);
    expect(await value('tool_call_duration_seconds_count{tool="wait",outcome="error"}')).toBe(1);

    expect((await connection.call("ask", { question: "And now?" })).isError).toBe(true);
    expect(await value('model_tokens_total{phase="discovery",kind="prompt"}')).toBe(200);
    expect(await value('model_tokens_total{phase="code",kind="completion"}')).toBe(20);
  });

  it("adds up the tokens of turns by phase and kind", async () => {
    const metrics = metricsOf();
    metrics.turn(CODE_TURN);
    metrics.turn(CODE_TURN);
    const text = await metrics.text();
    expect(sample(text, 'model_tokens_total{phase="code",kind="prompt"}')).toBe(2 * 902);
    expect(sample(text, 'model_tokens_total{phase="answer",kind="completion"}')).toBe(2 * 63);
  });

  it("reads the pool and the sessions when it is read", async () => {
    let state = IDLE;
    let sessions = 0;
    await using http = await ops(
      async () => true,
      metricsOf({ pool: () => state, sessions: () => sessions }),
    );
    expect(sample(await http.text("/metrics"), "sessions")).toBe(0);
    state = { idle: 2, running: 3, waiting: 4, held: 1 };
    sessions = 5;
    const response = await http.get("/metrics");
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const text = await response.text();
    expect(sample(text, "sandbox_idle_processes")).toBe(2);
    expect(sample(text, "sandbox_running_programs")).toBe(3);
    expect(sample(text, "sandbox_waiting_programs")).toBe(4);
    expect(sample(text, "sandbox_held_processes")).toBe(1);
    expect(sample(text, "sessions")).toBe(5);
    expect(text).toContain("process_resident_memory_bytes ");
  });

  it("counts requests by method, route and status, and no label comes from a client", async () => {
    await using http = await ops(async () => false);
    for (const path of ["/healthz", "/HealthZ", "/readyz", "/nothing", "/nowhere?x=1"]) await http.get(path);
    await http.get("/healthz", { method: "PROPFIND" });
    await http.get("/LATER?x=1", { method: "POST" });
    await vi.waitFor(async () => {
      const text = await http.text("/metrics");
      const requests = (method: string, route: string, status: string) =>
        sample(text, `http_requests_total{method="${method}",route="${route}",status="${status}"}`);
      expect(requests("GET", "/healthz", "200")).toBe(2);
      expect(requests("GET", "/readyz", "503")).toBe(1);
      expect(requests("POST", "/later", "202")).toBe(1);
      expect(requests("GET", "other", "404")).toBe(2);
      expect(requests("other", "other", "404")).toBe(1);
      expect(text).not.toContain("nowhere");
    });
  });

  it("counts a tool by its MCP name, and one that is not of the catalog as other", async () => {
    const tool = defineTool({ name: "get-x.y", description: "", input: z.object({}), run: () => 1 });
    const { functions } = pythonStubs([tool]);
    const metrics = metricsOf({ functions: () => functions });
    for (const name of [functions[0]?.name ?? "", "get-x.y", "of a client"]) metrics.toolCall(name, "ok", 1);
    const text = await metrics.text();
    expect(sample(text, 'tool_call_duration_seconds_count{tool="get-x.y",outcome="ok"}')).toBe(2);
    expect(sample(text, 'tool_call_duration_seconds_count{tool="other",outcome="ok"}')).toBe(1);
    expect(text).not.toContain("of a client");
  });

  it("follows a catalog that changes, with a bounded number of tools", async () => {
    const named = (name: string) => defineTool({ name, description: "", input: z.object({}), run: () => 1 });
    let { functions } = pythonStubs([named("first")]);
    const metrics = metricsOf({ functions: () => functions });
    metrics.toolCall("first", "ok", 1);
    const names = Array.from({ length: 2000 }, (_, index) => `later_${index}`);
    ({ functions } = pythonStubs(names.map(named)));
    for (const name of names) metrics.toolCall(name, "ok", 1);
    const text = await metrics.text();
    expect(sample(text, 'tool_call_duration_seconds_count{tool="first",outcome="ok"}')).toBe(1);
    expect(sample(text, 'tool_call_duration_seconds_count{tool="later_0",outcome="ok"}')).toBe(1);
    expect(sample(text, 'tool_call_duration_seconds_count{tool="later_1999",outcome="ok"}')).toBeUndefined();
    expect(sample(text, 'tool_call_duration_seconds_count{tool="other",outcome="ok"}')).toBe(1);
  });
});

/** A value of the text format; undefined where there is none. Labels as they are written there. */
function sample(text: string, name: string): number | undefined {
  const start = `monty_code_mode_${name} `;
  const line = text.split("\n").find((line) => line.startsWith(start));
  return line === undefined ? undefined : Number(line.slice(start.length));
}
