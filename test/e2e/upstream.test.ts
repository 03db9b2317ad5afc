import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli, ServerProcess, StdioConnection } from "../support/cli.js";
import { configFile } from "../support/front.js";
import { ModelEndpoint, type Script } from "../support/model-endpoint.js";
import { isAlive } from "../support/processes.js";
import { until } from "../support/until.js";
import { type Entry, fixtureServer, referenceServer } from "../support/upstream.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "monty-code-mode-e2e-"));
});
afterAll(() => rm(dir, { recursive: true }));

const config = (mcpServers: Readonly<Record<string, Entry>>) => configFile(dir, mcpServers);

/** The processes that a fixture server told of to start. */
async function pids(file: string): Promise<number[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map(Number);
}

describe("stubs --config", () => {
  it("shows the functions of all servers, renamed where they must be, and names a server that is down", async () => {
    const file = await config({
      one: fixtureServer({ tools: ["get-it", "get_it"] }),
      gone: { command: "no-such-command" },
      load: fixtureServer({ tools: ["bytes"] }),
    });
    const { code, stdout, stderr } = await runCli(["stubs", "--config", file]);
    expect(code).toBe(0);
    expect(stderr).toBe("monty-code-mode: gone: down: there is no command no-such-command\n");
    for (const name of ["one_get_it", "one_get_it_2", "load__bytes", "get_team_members"])
      expect(stdout).toContain(`async def ${name}(`);
  });

  it("reads the file that a variable names", async () => {
    const file = await config({ one: fixtureServer() });
    const { stdout } = await runCli(["stubs"], { env: { MONTY_CODE_MODE_CONFIG: file } });
    expect(stdout).toContain("async def one_pid(");
  });

  it.each(["stubs", "serve", "exec"])(
    "ends %s with one line and code 2 where the file is wrong",
    async (command) => {
      const file = await config({ one: { command: "x", args: [1] } });
      const { code, stderr } = await runCli([
        command,
        ...(command === "exec" ? ["-"] : []),
        "--config",
        file,
      ]);
      expect(code).toBe(2);
      expect(stderr).toBe(`monty-code-mode: ${file}: mcpServers.one.args[0]: expected text, got a number.\n`);
    },
  );
});

describe("exec --config", () => {
  it("starts only the servers that the program names, and ends them", async () => {
    const [needed, other] = [join(dir, "needed"), join(dir, "other")];
    const file = await config({
      needed: fixtureServer({ started: needed }),
      other: fixtureServer({ started: other }),
      slow: fixtureServer({ mode: "silent" }),
    });
    const program = "import asyncio\nawait asyncio.gather(*[needed_gate(count=5) for _ in range(5)])";
    const { code, stdout, stderr } = await runCli(["exec", "--config", file, "-"], { input: program });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual(["through", "through", "through", "through", "through"]);
    const [pid = 0, ...more] = await pids(needed);
    expect(more).toEqual([]);
    expect(isAlive(pid)).toBe(false);
    expect(await pids(other)).toEqual([]);
  });

  it("gives the bytes of an image", async () => {
    const file = await config({ fixture: fixtureServer() });
    const image = { type: "image", data: "iVBORw0KGgo=", mimeType: "image/png" };
    const program = `
image = await fixture_give(${JSON.stringify({ content: [image] })})
[image["size"], len(await load_bytes(image["bytes"]))]`;
    const { stdout, stderr } = await runCli(["exec", "--config", file, "-"], { input: program });
    expect({ stdout: JSON.parse(stdout), stderr }).toEqual({ stdout: [8, 8], stderr: "" });
  });

  it("makes what goes wrong exceptions that a program can tell apart", async () => {
    const file = await config({ fixture: fixtureServer({}, { timeout_ms: 4000 }) });
    const program = `
import json
failed = {}
async def attempt(name, call):
    try:
        failed[name] = await call
    except Exception as error:
        failed[name] = type(error).__name__ + ": " + str(error)
anything = json.loads('"text"')
await attempt("argument", fixture_wait(anything))
await attempt("tool", fixture_give({"isError": True, "content": [{"type": "text", "text": "No such person."}]}))
await attempt("consent", fixture_destroy("all"))
await attempt("late", fixture_hang())
await attempt("dead", fixture_die(3))
await attempt("down", fixture_pid())
failed`;
    const { code, stdout } = await runCli(["exec", "--config", file, "-"], { input: program });
    expect(code).toBe(0);
    const ended = "it exited with code 3; its last line on stderr: I have had enough.";
    expect(JSON.parse(stdout)).toEqual({
      argument: 'ValueError: fixture_wait: ms: expected integer, got string "text"',
      tool: "RuntimeError: fixture_give: No such person.",
      consent: expect.stringMatching(/^PermissionError: fixture_destroy: .* Nothing was done\.$/),
      late: "TimeoutError: fixture_hang: The MCP server fixture failed: it did not answer the call within 4000 ms.",
      dead: `RuntimeError: fixture_die: The MCP server fixture failed: it ended during the call: ${ended}`,
      down: expect.stringMatching(
        /^RuntimeError: fixture_pid: The MCP server fixture is down: it exited with code 3;/,
      ),
    });
  });

  it.each(["SIGTERM", "SIGINT", "SIGKILL"] as const)(
    "leaves no server behind when %s ends it",
    async (signal) => {
      const started = join(dir, `started-${signal}`);
      // Nobody can end a stubborn child once this process is killed.
      const stubborn = signal !== "SIGKILL";
      const file = await config({ fixture: fixtureServer({ started, stubborn, mode: "silent" }) });
      await using running = new ServerProcess(["stubs", "--config", file]);
      await until("the server runs", async () => (await pids(started)).length === 1, 10_000);
      const [pid = 0] = await pids(started);
      expect(isAlive(pid)).toBe(true);
      running.child.kill(signal);
      await running.exit;
      await until("it has ended", () => !isAlive(pid));
    },
  );
});

describe("ask --config", () => {
  it("answers with the tools of other servers, and leaves out one that is down", async () => {
    const file = await config({ fixture: fixtureServer(), gone: { command: "no-such-command" } });
    const script: Script = ({ tools, messages }) => {
      if (tools !== undefined)
        return { toolCalls: [{ name: "fixture_give_number", arguments: { value: 1 } }] };
      const last = messages.at(-1)?.content ?? "";
      const program = '```python\n(await fixture_give_number(41.5))["value"] + 1\n```';
      return { text: last.includes("<tool_results>") ? "It is 42.5." : program };
    };
    await using endpoint = await ModelEndpoint.start(script);
    const { code, stdout, stderr } = await runCli(["ask", "How much?", "--config", file], {
      env: { OPENAI_API_KEY: "key", OPENAI_BASE_URL: endpoint.url, OPENAI_MODEL: "scripted" },
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "It is 42.5.\n" });
    expect(stderr).toBe("monty-code-mode: gone: down: there is no command no-such-command\n");
  });
});

describe("ask --config, with many tools", () => {
  it("shows the model what fits, lets it search, and runs a program with what was found", async () => {
    const file = await config({
      everything: referenceServer("everything"),
      files: referenceServer("filesystem", [dir]),
      memory: referenceServer("memory", [], { env: { MEMORY_FILE_PATH: join(dir, "memory.jsonl") } }),
    });
    const offered: string[][] = [];
    const script: Script = ({ tools, messages }) => {
      if (tools !== undefined) {
        offered.push(tools.map((tool) => tool.function.name));
        const call = { name: "search_tools", arguments: { query: "sum of two numbers" } };
        return {
          toolCalls: [
            offered.length === 1 ? call : { name: "everything_get_sum", arguments: { a: 1, b: 2 } },
          ],
        };
      }
      const last = messages.at(-1)?.content ?? "";
      if (last.includes("<tool_results>")) return { text: "It is 3." };
      const isShown = messages[0]?.content?.includes("async def everything_get_sum(");
      return { text: isShown ? "```python\nawait everything_get_sum(1, 2)\n```" : "no stub" };
    };
    await using endpoint = await ModelEndpoint.start(script);
    const { code, stdout, stderr } = await runCli(["ask", "What is in my folder?", "--config", file], {
      env: { OPENAI_API_KEY: "key", OPENAI_BASE_URL: endpoint.url, OPENAI_MODEL: "scripted" },
    });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "It is 3.\n", stderr: "" });
    const [first = [], second = []] = offered;
    expect(first).toContain("search_tools");
    expect(first.length).toBeLessThan(20);
    expect(first).not.toContain("everything_get_sum");
    expect(second).toContain("everything_get_sum");
  });
});

describe("serve --config", () => {
  it("hands the tools of other servers to programs, and ends the servers with it", async () => {
    const started = join(dir, "served");
    const file = await config({
      fixture: fixtureServer({ started }),
      broken: fixtureServer({ mode: "rubbish" }, { timeout_ms: 500 }),
    });
    {
      await using connection = await StdioConnection.open(["serve", "--config", file]);
      await until(
        "the program runs",
        async () => {
          const { structuredContent } = await connection.execute(
            'await fixture_give({"content": []}) is None',
          );
          return (structuredContent as { result?: unknown }).result === true;
        },
        10_000,
      );
    }
    const [pid = 0] = await pids(started);
    await until("the server has ended", () => !isAlive(pid));
  });

  it("ends over stdio as it always does when it is told to, and its servers with it", async () => {
    const started = join(dir, "told-stdio");
    await using running = await ServerProcess.serve([
      "--config",
      await config({ fixture: fixtureServer({ started }) }),
    ]);
    await endsWell(running, started);
  });

  it("ends over HTTP as it always does when it is told to, and its servers with it", async () => {
    const started = join(dir, "told-http");
    const file = await config({ fixture: fixtureServer({ started }) });
    await using running = new ServerProcess(["serve", "--http", "--port", "0", "--config", file]);
    await until("it listens", () => running.stderr.includes("listening on"), 10_000);
    await endsWell(running, started);
  });

  async function endsWell(running: ServerProcess, started: string): Promise<void> {
    await until("the server runs", async () => (await pids(started)).length === 1, 10_000);
    running.child.kill("SIGTERM");
    expect(await running.exit).toBe(0);
    const [pid = 0] = await pids(started);
    expect(isAlive(pid)).toBe(false);
  }
});
