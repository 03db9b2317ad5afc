import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fixture, ROOT, ServerProcess, StdioConnection } from "../support/cli.js";
import { answerOf, textOf } from "../support/client.js";
import { isAlive, sandboxPids } from "../support/processes.js";
import { until } from "../support/until.js";

const FLIGHTS = readFileSync(fixture("programs/flights.py"), "utf8");

describe("the built server and the SDK's client", () => {
  it("add up the flights of the team in one program", async () => {
    await using connection = await StdioConnection.open();
    const answer = answerOf(await connection.execute(FLIGHTS));
    expect(answer).toMatchObject({ result: { items: 15, total: 10510 }, truncated: false });
    expect(answer.tool_calls.map(({ name }) => name)).toEqual([
      "get_team_members",
      ...Array(5).fill("get_expenses"),
      "sum_amounts",
    ]);
  });

  it("run 200 programs at once, each with its own result", async () => {
    await using connection = await StdioConnection.open();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        connection.execute(
          `mine = ${i}\nprint('program', mine)\ntotal = await sum_amounts([{'amount': mine}, {'amount': 0.5}])\n[mine, total]`,
        ),
      ),
    );
    for (const [i, answer] of answers.entries()) {
      expect(answerOf(answer)).toMatchObject({ result: [i, i + 0.5], stdout: `program ${i}\n` });
    }
  });

  it("find tools of the user's folders beside the expense tools", async () => {
    await using connection = await StdioConnection.open(["--tools", fixture("tools/home")]);
    const { tools } = await connection.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["sum_amounts", "boil_water", "lamp_on", "lamp_off", "water_plants"]),
    );
    const result = await connection.execute("(await boil_water(2))['seconds'] + await water_plants()");
    expect(answerOf(result).result).toBe(285);
  });

  it("find the functions of 500 tools by a search, and call them in a program", async () => {
    await using connection = await StdioConnection.open(["--tools", `${ROOT}bench/many`]);
    const { tools } = await connection.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["execute_python", "ask", "search_tools"]);
    const found = await connection.client.callTool({
      name: "search_tools",
      arguments: { query: "refund", limit: 1 },
    });
    expect(textOf(found)).toContain("async def stripe_list_refunds(");
    const code = 'len((await stripe_list_refunds("charge"))["refunds"])';
    expect(answerOf(await connection.execute(code)).result).toBe(1);
  });

  it.each([
    ["code", ["execute_python", "ask", "search_tools"]],
    ["all", expect.arrayContaining(["search_tools", "sum_amounts", "gmail_create_email"])],
  ])("show the tools that --expose %s says", async (expose, names) => {
    const folders = expose === "all" ? ["--tools", `${ROOT}bench/many`] : [];
    await using connection = await StdioConnection.open([...folders, "--expose", expose]);
    const { tools } = await connection.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(names);
  });

  it("serve the other tools of a folder with a broken file, and log its error", async () => {
    await using connection = await StdioConnection.open(["serve", "--tools", fixture("tools/broken")]);
    expect(answerOf(await connection.execute("await fine()")).result).toBe("fine");
    expect(connection.stderr).toMatch(/broken\.mjs: line 1: the kettle is missing/);
  });

  it("keep their connection when a sandbox process is killed", async () => {
    await using connection = await StdioConnection.open(["--pool-size", "1"]);
    const called = new Promise((resolve) => {
      const program = "await get_custom_budget(1)\nwhile True:\n    pass";
      connection.client
        .callTool({ name: "execute_python", arguments: { code: program } }, undefined, {
          onprogress: () => {
            for (const pid of sandboxPids(connection.pid)) process.kill(pid, "SIGKILL");
          },
        })
        .then(resolve);
    });
    const result = await called;
    expect(answerOf(result).error).toMatchObject({
      kind: "crash",
      message: expect.stringContaining("SIGKILL"),
    });
    expect(textOf(result)).toMatch(/^crash: /);
    expect(answerOf(await connection.execute("1 + 1")).result).toBe(2);
  });
});

describe("the end of the server", () => {
  const ways = {
    SIGTERM: (server: ServerProcess) => server.child.kill("SIGTERM"),
    SIGINT: (server: ServerProcess) => server.child.kill("SIGINT"),
    "a closed stdin": (server: ServerProcess) => server.child.stdin?.end(),
  };

  async function expectNoneLeft(pids: readonly number[]): Promise<void> {
    expect(pids.length).toBeGreaterThan(0);
    await until("no sandbox process is left", () => !pids.some(isAlive));
  }

  it.each(Object.entries(ways))("by %s is clean and leaves no process", async (_way, end) => {
    await using server = await ServerProcess.serve();
    server.execute(1, "1 + 1");
    await server.answer(1);
    const pids = sandboxPids(server.pid);
    end(server);
    expect(await server.exit).toBe(0);
    await expectNoneLeft(pids);
  });

  it.each(Object.entries(ways))(
    "by %s while a program spins is clean and leaves no process",
    async (_way, end) => {
      await using server = await ServerProcess.serve();
      await server.spin(1);
      const pids = sandboxPids(server.pid);
      end(server);
      expect(await server.exit).toBe(0);
      await expectNoneLeft(pids);
    },
  );

  it("by SIGKILL leaves no process", async () => {
    await using server = await ServerProcess.serve(["--interpreter-ms", "1500"]);
    await server.spin(1);
    const pids = sandboxPids(server.pid);
    server.child.kill("SIGKILL");
    await server.exit;
    await expectNoneLeft(pids);
  });

  it("by a closed stdin comes after the answers to what was asked before", async () => {
    await using server = await ServerProcess.serve();
    server.execute(1, FLIGHTS);
    server.execute(2, "6 * 7");
    server.child.stdin?.end();
    expect(await server.exit).toBe(0);
    const results = [1, 2].map((id) => server.messages().find((message) => message.id === id)?.result);
    expect(results).toMatchObject([
      { structuredContent: { result: { items: 15, total: 10510 } } },
      { structuredContent: { result: 42 } },
    ]);
  });

  it("comes at once for a client that leaves before it says hello", async () => {
    await using server = new ServerProcess(["serve"]);
    server.child.stdin?.end();
    expect(await server.exit).toBe(0);
    expect(server.stdout).toBe("");
  });
});

describe("stdout and stderr", () => {
  it("carry messages only, and logs as lines of JSON", async () => {
    await using server = await ServerProcess.serve();
    server.execute(1, "print('printed')\n1");
    await server.answer(1);
    server.child.stdin?.end();
    await server.exit;
    expect(server.messages().map(({ id }) => id)).toEqual([0, 1]);
    const logs = server.stderr.trim().split("\n");
    expect(logs.map((line) => JSON.parse(line).msg)).toContain("shutting down");
  });

  it("keep what tools of the user print from the protocol", async () => {
    await using server = await ServerProcess.serve(["--tools", fixture("tools/chatty")]);
    server.execute(1, "await chat()");
    expect((await server.answer(1)).result).toMatchObject({ structuredContent: { result: "done" } });
    expect(server.messages().map(({ id }) => id)).toEqual([0, 1]);
    expect(server.stderr).toContain("chatty: loaded\n");
    expect(server.stderr).toContain("chatty: called\n{ chatty: true }\n");
  });

  it("stay in order after lines that are no messages", async () => {
    await using server = await ServerProcess.serve();
    for (const line of ["no json", "{}", "[]", '{"jsonrpc":"2.0"}', "", '{"jsonrpc":"1.0","id":7}']) {
      server.write(line);
    }
    server.execute(1, "1 + 1");
    expect((await server.answer(1)).result).toMatchObject({ structuredContent: { result: 2 } });
  });

  it("answer an unknown method with an error", async () => {
    await using server = await ServerProcess.serve();
    server.request(1, "no/such/method");
    expect((await server.answer(1)).error).toMatchObject({ code: -32601 });
  });

  it("carry a program and a result of many lines and all of Unicode unharmed", async () => {
    await using server = await ServerProcess.serve();
    const text = "ä\n\u2028\u{1f600}\t\"\\'\r end";
    server.execute(1, `text = ${JSON.stringify(text)}\nprint(text)\ntext`);
    expect((await server.answer(1)).result).toMatchObject({
      structuredContent: { result: text, stdout: `${text}\n` },
    });
  });

  it("log nothing at log level silent", async () => {
    await using server = await ServerProcess.serve(["--log-level", "silent"]);
    server.child.stdin?.end();
    await server.exit;
    expect(server.stderr).toBe("");
  });
});
