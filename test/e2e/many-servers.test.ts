import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ServerProcess } from "../support/cli.js";
import { textOf } from "../support/client.js";
import { configFile, Front } from "../support/front.js";
import { HttpEverything } from "../support/http-everything.js";
import { isAlive } from "../support/processes.js";
import { until } from "../support/until.js";
import { type Entry, fixtureServer, referenceServer } from "../support/upstream.js";
import { ACCEPT, clientWithUser, DECLINE } from "../support/user.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "monty-code-mode-e2e-"));
});
afterAll(() => rm(dir, { recursive: true }));

let names = 0;

function fileName(): string {
  names += 1;
  return join(dir, `file-${names}`);
}

async function open(
  mcpServers: Readonly<Record<string, Entry>>,
  flags: readonly string[] = [],
): Promise<Front> {
  return Front.open(await configFile(dir, mcpServers), flags);
}

describe("the reference servers behind one server", () => {
  let everything: HttpEverything;
  let front: Front;

  beforeAll(async () => {
    await writeFile(join(dir, "notes.txt"), "Buy milk.\n");
    everything = await HttpEverything.start();
    front = await open({
      everything: everything.entry,
      files: referenceServer("filesystem", [dir]),
      memory: referenceServer("memory", [], { env: { MEMORY_FILE_PATH: join(dir, "memory.jsonl") } }),
    });
    await front.execute("[everything_echo, files_read_text_file, memory_read_graph]");
  });

  afterAll(async () => {
    await front[Symbol.asyncDispose]();
    await everything[Symbol.asyncDispose]();
  });

  it("are more than a client is shown", async () => {
    expect(await front.names()).toEqual(["execute_python", "ask", "search_tools"]);
    const description = await front.description();
    expect(description).toContain("too many to show");
    for (const prefix of ["everything_*", "files_*", "memory_*"]) expect(description).toContain(prefix);
    expect(description).not.toContain("async def");
  });

  it("are called by one program, in one gather", async () => {
    const { result, tool_calls } = await front.execute(`
import asyncio
note, sum, entities = await asyncio.gather(
    files_read_text_file(${JSON.stringify(join(dir, "notes.txt"))}),
    everything_get_sum(20, 22),
    memory_create_entities([{"name": "Ada", "entityType": "person", "observations": []}]),
)
[note["content"], sum, entities["entities"][0]["name"]]`);
    expect(result).toEqual(["Buy milk.\n", "The sum of 20 and 22 is 42.", "Ada"]);
    expect(tool_calls.map(({ error }) => error)).toEqual([null, null, null]);
  });

  it("give images whose bytes a program loads", async () => {
    const { result } = await front.execute(`
text, image, more = await everything_get_tiny_image()
[image["mime_type"], image["size"], len(await load_bytes(image["bytes"])), (await load_bytes(image["bytes"]))[1:4].decode()]`);
    const [type, size, loaded, magic] = result as [string, number, number, string];
    expect([type, loaded, magic]).toEqual(["image/png", size, "PNG"]);
  });

  it("fail with exceptions that a program can tell apart and mend", async () => {
    const { result } = await front.execute(`
import asyncio, json
async def attempt(call):
    try:
        return await call
    except Exception as error:
        return type(error).__name__ + ": " + str(error)
wrong = json.loads('"one"')
await asyncio.gather(
    attempt(everything_get_sum(wrong, 2)),
    attempt(files_read_text_file("/etc/passwd")),
    attempt(everything_echo("still here")),
)`);
    expect(result).toEqual([
      'ValueError: everything_get_sum: a: expected number, got string "one"',
      expect.stringMatching(/^RuntimeError: files_read_text_file: Access denied/),
      "Echo: still here",
    ]);
  });

  it.each([
    ["names", /^everything_get_tiny_image$/],
    [
      "signatures",
      /^# Returns a tiny MCP logo image\.\nasync def everything_get_tiny_image\(\) -> Any: \.\.\.$/,
    ],
    ["full", /^async def everything_get_tiny_image\(\) -> Any:\n {4}"""Returns a tiny MCP logo image\."""\n/],
  ])("are searched, over MCP and in programs, for %s", async (detail, expected) => {
    const args = { query: "tiny image", detail, limit: 1 };
    expect(textOf(await front.call("search_tools", args)).split("\n\n")[0]).toMatch(expected);
    const { result } = await front.execute(`await search_tools("tiny image", detail="${detail}", limit=1)`);
    expect(result).toMatchObject([{ name: "everything_get_tiny_image" }]);
  });
});

describe("a server that never answers initialize", () => {
  it("keeps no answer waiting, and is named where its functions are wanted", async () => {
    await using front = await open({
      slow: fixtureServer({ mode: "silent" }),
      fixture: fixtureServer(),
    });
    expect((await front.execute('await fixture_give({"content": []}) is None')).result).toBe(true);
    const { error } = await front.execute("await slow_pid()");
    expect(error).toMatchObject({
      kind: "type",
      hint: "The functions of slow are not there: it is still starting.",
    });
    expect(textOf(await front.call("search_tools", { query: "pid" }))).toContain(
      "# Tools of slow may be missing: it is still starting.",
    );
  });
});

describe("the client is told", () => {
  it("when a server comes late, changes its tools, and comes back with others", async () => {
    const [after, started] = [fileName(), fileName()];
    await using front = await open({ fixture: fixtureServer({ after, started }) }, ["--expose", "all"]);
    expect(await front.names()).not.toContain("fixture_pid");
    await writeFile(after, "");
    await until("it is told of the late server", () => front.changes === 1);
    expect(await front.names()).toContain("fixture_pid");

    await front.call("fixture_change", { tools: ["new"] });
    await until("it is told of the new tool", () => front.changes === 2);
    expect(await front.names()).toContain("fixture_new");

    const death = textOf(await front.call("fixture_die", { code: 3 }));
    expect(death).toBe(
      "fixture_die: The MCP server fixture failed: it ended during the call: it exited with code 3; its last line on stderr: I have had enough.",
    );
    await until("it is told of the server that came back", () => front.changes >= 3);
    expect(await front.names()).not.toContain("fixture_new");
    expect(textOf(await front.call("fixture_pid"))).toMatch(/^\d+$/);
    expect((await readFile(started, "utf8")).trim().split("\n")).toHaveLength(2);
  });
});

describe("a server that is down", () => {
  it("raises an exception that says so, and is named where it never came", async () => {
    await using front = await open(
      { fixture: fixtureServer(), gone: { command: "no-such-command" }, other: fixtureServer() },
      ["--expose", "all"],
    );
    const { result } = await front.execute(`
import asyncio
async def attempt(call):
    try:
        return await call
    except Exception as error:
        return str(error)
first = await attempt(fixture_die(1))
[first, *await asyncio.gather(attempt(fixture_pid()), attempt(other_give({"content": []})))]`);
    const why = "it exited with code 1; its last line on stderr: I have had enough.";
    const down = `The MCP server fixture is down: ${why} It is being started again.`;
    expect(result).toEqual([
      `fixture_die: The MCP server fixture failed: it ended during the call: ${why}`,
      `fixture_pid: ${down}`,
      null,
    ]);
    const { error } = await front.execute("await gone_pid()");
    expect(error?.hint).toBe(
      "The functions of gone are not there: it is down, there is no command no-such-command.",
    );
  });
});

describe("the shape of results", () => {
  it("is in the stub once a call has succeeded, and the next program passes the check", async () => {
    await using front = await open({ fixture: fixtureServer() });
    const given = { structuredContent: { rows: [{ id: 1, name: "secret" }] }, content: [] };
    const call = `rows = (await fixture_give(${JSON.stringify(given)}))["rows"]`;
    expect((await front.execute(`${call}\nlen(rows)`)).result).toBe(1);
    await until("the client is told", () => front.changes > 0);
    const stubs = await front.stubs();
    expect(stubs).toContain('    # Results so far: {"rows": list[{"id": int, "name": str}]}\n');
    expect(stubs).not.toContain("secret");
    expect((await front.execute(`${call}\n[row["name"] for row in rows]`)).result).toEqual(["secret"]);
  });
});

describe("consent", () => {
  const NO_ANSWER = "needs the user's consent";
  const REFUSED = "did not agree";

  describe.each(["stdio", "HTTP"])("over %s", (transport) => {
    it.each([
      ["is given", ACCEPT, undefined],
      ["is refused", DECLINE, REFUSED],
      ["cannot be asked for", undefined, NO_ANSWER],
    ] as const)("%s, for a destructive tool and one of confirm", async (_what, answer, refusal) => {
      const user = clientWithUser(() => answer ?? DECLINE);
      const client = answer === undefined ? new Client({ name: "test", version: "1" }) : user.client;
      const file = await configFile(dir, { fixture: fixtureServer({}, { confirm: ["wa*"] }) });
      await using front =
        transport === "HTTP" ? await Front.overHttp(file, client) : await Front.open(file, [], client);
      const { result } = await front.execute(`
done = []
for call in [fixture_destroy("all"), fixture_wait(1), fixture_give({"content": []})]:
    try:
        done.append(await call)
    except PermissionError as error:
        done.append(str(error))
done`);
      const direct = await front.call("fixture_destroy", { what: "more" });
      if (refusal === undefined) {
        expect(result).toEqual(["destroyed all", "waited", null]);
        expect(textOf(direct)).toBe("destroyed more");
      } else {
        const text = expect.stringContaining(refusal);
        expect(result).toEqual([text, text, null]);
        expect(direct).toMatchObject({ isError: true, content: [{ text }] });
      }
      expect(user.questions).toEqual(
        answer === undefined
          ? []
          : [
              'Allow a call of fixture_destroy of fixture?\n\nwhat: "all"',
              "Allow a call of fixture_wait of fixture?\n\nms: 1",
              'Allow a call of fixture_destroy of fixture?\n\nwhat: "more"',
            ],
      );
    });
  });
});

describe("the tools that a client is shown", () => {
  const started = async (front: Front, name = "fixture_pid") => {
    await until("the server has started", async () => (await front.stubs()).includes(`def ${name}(`));
    return front.names();
  };

  it.each([
    // Four of the server's own, thirteen of the fixture's.
    ["all of 20", ["a", "b", "c"], [], true],
    ["none of 21", ["a", "b", "c", "d"], [], false],
    ["all of 21 where the setting says so", ["a", "b", "c", "d"], ["--expose", "all"], true],
    ["none of 20 where the setting says so", ["a", "b", "c"], ["--expose", "code"], false],
  ])("are %s", async (_what, tools, flags, isShown) => {
    await using front = await open({ fixture: fixtureServer({ tools }) }, flags);
    const names = await started(front);
    expect(names).toHaveLength(isShown ? 3 + 17 + tools.length : 3);
    expect((await front.execute("await fixture_a()")).result).toBe("a");
  });

  it("have their stubs in the description of execute_python within the budget alone", async () => {
    const servers = { fixture: fixtureServer() };
    await using within = await open(servers, ["--stub-tokens", "4000"]);
    await started(within);
    expect(await within.description()).toContain("async def fixture_pid(");
    await using beyond = await open(servers, ["--stub-tokens", "100"]);
    await started(beyond);
    const description = await beyond.description();
    expect(description).toContain("- fixture_*: 13, Does what a test needs");
    expect(description).not.toContain("async def");
  });

  it("give clients their content as it is, and keep the names of the server's own", async () => {
    await using front = await open(
      {
        fixture: fixtureServer(),
        search: fixtureServer({ tools: ["tools"] }),
      },
      ["--expose", "all"],
    );
    await started(front);
    await started(front, "search__tools");
    const image = { type: "image", data: "iVBORw0KGgo=", mimeType: "image/png" };
    expect(await front.call("fixture_give", { result: { content: [image] } })).toEqual({ content: [image] });
    expect(await front.names()).toEqual(expect.arrayContaining(["search_tools", "search__tools"]));
    expect(textOf(await front.call("search__tools"))).toBe("tools");
    expect(
      textOf(await front.call("search_tools", { query: "destroy", detail: "names", limit: 1 })),
    ).toContain("fixture_destroy");
  });

  it("are all of them, where one has an output schema that is none", async () => {
    const inputSchema = { type: "object" };
    const outputSchema = { type: "object", properties: { a: { type: "strnig" } } };
    const listed = [
      { name: "odd", inputSchema, outputSchema },
      { name: "pid", inputSchema },
    ];
    await using front = await open({ fixture: fixtureServer({ listed }) });
    expect(await started(front)).toEqual(expect.arrayContaining(["fixture_odd", "fixture_pid"]));
  });
});

describe("when the server is killed", () => {
  it("the servers behind it end too, also those that a program calls", async () => {
    const started = fileName();
    await using server = await ServerProcess.serve([
      "--config",
      await configFile(dir, { fixture: fixtureServer({ started }) }),
    ]);
    server.execute(1, "await fixture_hang()");
    const pid = Number(await until("it runs", () => readFile(started, "utf8").catch(() => ""), 10_000));
    expect(isAlive(pid)).toBe(true);
    server.child.kill("SIGKILL");
    await server.exit;
    await until("it has ended", () => !isAlive(pid));
  });
});
