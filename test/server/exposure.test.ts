import { encode } from "gpt-tokenizer";
import { describe, expect, it } from "vitest";
import { Catalog, type CatalogSource } from "../../src/catalog/catalog.js";
import { defineTool, z } from "../../src/index.js";
import { expenseTools } from "../../tools/expenses/index.js";
import { TestConnection } from "../support/client.js";
import { manyTools, manyUpstreams } from "../support/many-tools.js";
import { TestSource, upstream } from "../support/source.js";
import { until } from "../support/until.js";

const OWN = ["execute_python", "ask", "search_tools"];
const all = { expose: "all", stubTokens: 2000 } as const;
const code = { expose: "code", stubTokens: 2000 } as const;
const unset = { expose: undefined, stubTokens: 2000 };

async function listOf(options: Parameters<typeof TestConnection.open>[0]) {
  await using connection = await TestConnection.open(options);
  return (await connection.client.listTools()).tools;
}

function described(tools: Awaited<ReturnType<typeof listOf>>): string {
  return tools.find(({ name }) => name === "execute_python")?.description ?? "";
}

/** As a client puts the tools into its model's prompt. */
function tokensOf(tools: readonly object[]): number {
  return encode(JSON.stringify(tools)).length;
}

describe("the tools that a client can call directly", () => {
  it.each([
    ["all of 20", unset, 20, 20],
    ["none of 21", unset, 21, 0],
    ["all of 21 where the setting says so", all, 21, 21],
    ["none of 4 where the setting says so", code, 4, 0],
  ])("are %s", async (_what, exposure, count, exposed) => {
    const tools = await listOf({ tools: manyTools.slice(0, count), exposure });
    expect(tools.map(({ name }) => name)).toEqual([
      ...OWN,
      ...manyTools.slice(0, exposed).map(({ name }) => name),
    ]);
  });

  it("do not hide from programs when they are hidden from clients", async () => {
    await using connection = await TestConnection.open({ exposure: code });
    expect(await connection.execute('len((await get_team_members("Engineering"))["members"])')).toMatchObject(
      { result: 5 },
    );
    await expect(connection.call("get_team_members", { department: "Sales" })).rejects.toThrow(
      /get_team_members is called by a program of execute_python, not directly\. The tools are execute_python, ask, search_tools\./,
    );
  });
});

describe("500 tools", () => {
  it.each([
    ["of twenty servers", new TestSource(manyTools, manyUpstreams)],
    ["of the server's own", new Catalog(manyTools)],
  ])("%s are listed in under 3,000 tokens", async (_what, catalog) => {
    const tools = await listOf({ catalog });
    expect(tools.map(({ name }) => name)).toEqual(OWN);
    expect(tokensOf(tools)).toBeLessThan(3000);
    expect(tokensOf(await listOf({ catalog, exposure: all }))).toBeGreaterThan(50_000);
  });

  it("are named by their servers, with how to search", async () => {
    const local = defineTool({ name: "local", description: "", input: z.object({}), run: () => 1 });
    const source = new TestSource(
      [...manyTools, local],
      [
        ...manyUpstreams,
        upstream("late", { state: "starting" }),
        upstream("gone", { state: "down", description: "Line one.\nLine two." }),
      ],
    );
    const description = described(await listOf({ catalog: source }));
    expect(description).toContain("It can call 501 functions");
    expect(description).toContain("- github_*: 25, Repositories, issues and pull requests on GitHub.");
    expect(description).toContain("- late_*: starting");
    expect(description).toContain("- gone_*: down, Line one. Line two.");
    expect(description).toContain("- 1 of this server's own");
    expect(description).toContain('await search_tools("create issue")');
    expect(description).not.toContain("async def");
  });
});

it("tools are counted for the server that they come from, whatever its name begins with", async () => {
  const names = ["a_one", "a_two", "a_b_one", "a_own"];
  const tools = names.map((name) => defineTool({ name, description: "", input: z.object({}), run: () => 1 }));
  const source = new TestSource(tools, [upstream("a", { tools: 2 }), upstream("a_b", { tools: 1 })]);
  const description = described(
    await listOf({ catalog: source, exposure: { expose: undefined, stubTokens: 1 } }),
  );
  expect(description).toMatch(/- a_\*: 2\n- a_b_\*: 1\n- 1 of this server's own$/);
});

it("so many servers that say so much are named alone", async () => {
  const upstreams = Array.from({ length: 60 }, (_, index) =>
    upstream(`server${index}`, { description: `${"描述".repeat(100)}\n# Ignore this.` }),
  );
  const tools = await listOf({ catalog: new TestSource(manyTools, upstreams) });
  expect(described(tools)).toContain("- server49_*: none\n- and 10 more servers");
  expect(tokensOf(tools)).toBeLessThan(3000);
});

describe("the stubs", () => {
  const tokens = Math.ceil(new Catalog(expenseTools).stubs.text.length / 4);

  it.each([
    ["stand in the description of execute_python up to the budget", tokens, true],
    ["do not stand there beyond", tokens - 1, false],
  ])("%s", async (_what, stubTokens, isShown) => {
    const tools = await listOf({ exposure: { expose: "all", stubTokens } });
    expect(described(tools).includes("async def get_expenses(")).toBe(isShown);
    expect(described(tools).includes("search_tools")).toBe(!isShown);
    expect(tools).toHaveLength(OWN.length + expenseTools.length);
  });

  it("are in the prompt up to the budget, and in the resource always", async () => {
    await using connection = await TestConnection.open({ catalog: new TestSource(manyTools, manyUpstreams) });
    const { messages } = await connection.client.getPrompt({
      name: "write_program",
      arguments: { task: "x" },
    });
    expect(JSON.stringify(messages)).toContain("- github_*: 25");
    expect(JSON.stringify(messages)).not.toContain("async def github_");
    const { contents } = await connection.client.readResource({ uri: "monty-code-mode://stubs" });
    const text = (contents[0] as { text: string }).text;
    for (const { name } of manyTools) expect(text).toContain(`async def ${name}(`);
    expect(text).toContain("async def search_tools(");
  });
});

describe("a catalog that changes", () => {
  const one = defineTool({ name: "git_one", description: "One.", input: z.object({}), run: () => 1 });
  const two = defineTool({ name: "git_two", description: "Two.", input: z.object({}), run: () => 2 });

  async function connected(source: CatalogSource) {
    const connection = await TestConnection.open({ catalog: source });
    const told: string[] = [];
    connection.client.fallbackNotificationHandler = async ({ method }) => void told.push(method);
    return { connection, told };
  }

  it("is told of, once for changes that come together, and is what the next list, call, program, prompt and resource see", async () => {
    const source = new TestSource([one]);
    const { connection, told } = await connected(source);
    await using _ = connection;
    source.set([]);
    source.set([two]);
    const { tools } = await connection.client.listTools();
    await until("the client is told", () => told.length > 0);
    await connection.client.ping();
    expect(told).toEqual(["notifications/tools/list_changed", "notifications/resources/list_changed"]);
    expect(tools.map(({ name }) => name)).toEqual([...OWN, "git_two"]);
    expect(described(tools)).toContain("async def git_two");
    expect(described(tools)).not.toContain("git_one");
    expect((await connection.call("git_two", {})).structuredContent).toEqual({ result: 2 });
    expect((await connection.execute("await git_two()")).result).toBe(2);
    expect((await connection.execute("await git_one()")).error).toMatchObject({ kind: "type" });
    const prompt = await connection.client.getPrompt({ name: "write_program", arguments: { task: "x" } });
    expect(JSON.stringify(prompt)).toContain("git_two");
    const { contents } = await connection.client.readResource({ uri: "monty-code-mode://stubs" });
    expect(JSON.stringify(contents)).toContain("git_two");
    expect((await connection.call("search_tools", { query: "two" })).structuredContent).toMatchObject({
      total: 1,
    });
  });

  it("does not change under a program that has started", async () => {
    const source = new TestSource();
    const swap = defineTool({
      name: "swap",
      description: "",
      input: z.object({}),
      run: () => source.set([two]),
    });
    source.set([swap, one]);
    await using connection = await TestConnection.open({ catalog: source });
    expect((await connection.execute("await swap()\nawait git_one()")).result).toBe(1);
    expect((await connection.execute("await git_one()")).error?.kind).toBe("type");
  });

  it("grows from tools that clients call to tools that they search", async () => {
    const source = new TestSource(manyTools.slice(0, 3));
    const { connection } = await connected(source);
    await using _ = connection;
    expect((await connection.client.listTools()).tools).toHaveLength(OWN.length + 3);
    source.set(manyTools);
    expect((await connection.client.listTools()).tools).toHaveLength(OWN.length);
  });

  it("is followed by as many as are connected", async () => {
    const source = new TestSource([one]);
    const { connection } = await connected(source);
    const { connection: other } = await connected(source);
    expect(source.listeners.size).toBe(2);
    await connection[Symbol.asyncDispose]();
    expect(source.listeners.size).toBe(1);
    await other[Symbol.asyncDispose]();
    expect(source.listeners.size).toBe(0);
  });

  it("may bring a tool by the name of one of the server's own, which keeps it", async () => {
    const warned: string[] = [];
    const log = (message: string, facts?: object) => void warned.push(message + JSON.stringify(facts));
    const logger = { debug: log, info: log, warn: log, error: log };
    const source = new TestSource();
    await using connection = await TestConnection.open({ catalog: source, logger });
    source.set([{ ...one, name: "search_tools" }]);
    const { tools } = await connection.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(OWN);
    expect(warned.join()).toContain('the server\'s own: only programs reach it{"tool":"search_tools"}');
    expect((await connection.execute("await search_tools_()")).result).toBe(1);
  });
});

describe("while a server starts", () => {
  const one = defineTool({ name: "git_one", description: "One.", input: z.object({}), run: () => 1 });

  function starting(...names: string[]) {
    return new TestSource(
      [],
      names.map((name) => upstream(name, { state: "starting" })),
    );
  }

  it("the tools are listed at once", async () => {
    await using connection = await TestConnection.open({ catalog: starting("git") });
    expect((await connection.client.listTools()).tools).toHaveLength(OWN.length);
  });

  it.each([
    ["a program that names one of its functions", "execute_python", { code: "await git_one()" }],
    ["a direct call of one of its tools", "git_one", {}],
    ["a search", "search_tools", { query: "one" }],
  ])("%s waits for it", async (_what, name, args) => {
    const source = starting("git");
    await using connection = await TestConnection.open({ catalog: source });
    const answer = connection.call(name, args);
    await connection.client.ping();
    source.set([one], [upstream("git")]);
    expect((await answer).isError).toBeFalsy();
    expect(JSON.stringify((await answer).structuredContent)).toMatch(/"result":1|git_one/);
  });

  it("a program waits for those servers only that it needs", async () => {
    const source = starting("git", "slack");
    await using connection = await TestConnection.open({ catalog: source });
    expect((await connection.execute("1 + 1")).result).toBe(2);
    source.set([one], [upstream("git"), upstream("slack", { state: "starting" })]);
    const started = performance.now();
    expect((await connection.execute("await git_one()")).result).toBe(1);
    expect(performance.now() - started).toBeLessThan(2500);
  });

  it("nobody waits for longer than some seconds, and is then told", async () => {
    await using connection = await TestConnection.open({ catalog: starting("git") });
    const [{ error }, { structuredContent }] = await Promise.all([
      connection.execute("await git_one()"),
      connection.call("search_tools", { query: "one" }),
    ]);
    expect(error?.hint).toBe("The functions of git are not there: it is still starting.");
    expect(structuredContent).toEqual({
      matches: [],
      total: 0,
      notes: ["Tools of git may be missing: it is still starting."],
    });
    // Not a second time.
    const started = performance.now();
    expect((await connection.execute("await git_one()")).error?.hint).toContain("still starting");
    expect(performance.now() - started).toBeLessThan(2500);
  });
});
