import { describe, expect, it } from "vitest";
import { Catalog } from "../../src/catalog/catalog.js";
import { TestConnection, textOf } from "../support/client.js";
import { manyTools } from "../support/many-tools.js";

const catalog = new Catalog(manyTools);

interface Found {
  matches: { name: string; description?: string; stub?: string }[];
  total: number;
}

describe("search_tools", () => {
  it("finds functions with stubs that a program can be written from", async () => {
    await using connection = await TestConnection.open({ catalog });
    const answer = await connection.call("search_tools", { query: "create github issue" });
    const { matches, total } = answer.structuredContent as unknown as Found;
    expect(matches[0]?.name).toBe("github_create_issue");
    expect(matches[0]?.stub).toMatch(
      /^class Issue\(TypedDict\):[\s\S]*async def github_create_issue\([\s\S]*"""/,
    );
    expect(total).toBeGreaterThanOrEqual(matches.length);
    expect(textOf(answer)).toContain(matches[0]?.stub);
    const { result } = await connection.execute('(await github_create_issue("x", "a/b"))["labels"]');
    expect(result).toEqual(["sample"]);
  });

  it.each([
    ["names", ["name"], undefined],
    ["signatures", ["description", "name", "stub"], /^async def stripe_create_refund\([^"]*\.\.\.$/],
    ["full", ["name", "stub"], /Creates a new refund[\s\S]*reason: duplicate/],
  ])("tells %s", async (detail, keys, stub) => {
    await using connection = await TestConnection.open({ catalog });
    const { structuredContent } = await connection.call("search_tools", {
      query: "create refund",
      detail,
      limit: 1,
    });
    const [match = {}] = (structuredContent as unknown as Found).matches;
    expect(Object.keys(match).sort()).toEqual(keys);
    expect(match).toMatchObject({
      name: "stripe_create_refund",
      ...(stub && { stub: expect.stringMatching(stub) }),
    });
  });

  it("lists all names for an empty query", async () => {
    await using connection = await TestConnection.open({ catalog });
    const answer = await connection.call("search_tools", { detail: "names", limit: 500 });
    expect(textOf(answer).split("\n")).toEqual(manyTools.map(({ name }) => name));
    const few = await connection.call("search_tools", { detail: "names", limit: 2 });
    expect(few.structuredContent).toMatchObject({ total: 500, matches: [{}, {}] });
    expect(textOf(few)).toContain("# 498 more");
  });

  it("says what to do where nothing fits", async () => {
    await using connection = await TestConnection.open({ catalog });
    const answer = await connection.call("search_tools", { query: "zebra" });
    expect(answer.structuredContent).toEqual({ matches: [], total: 0 });
    expect(textOf(answer)).toMatch(/^# Nothing fits: use other words/);
  });

  it.each([
    [{ query: 1 }, /query: /],
    [{ detail: "all" }, /detail: .*names/],
    [{ limit: 0 }, /limit: /],
    [{ q: "x" }, /"q"/],
  ])("refuses %j with what is right", async (args, text) => {
    await using connection = await TestConnection.open({ catalog });
    const answer = await connection.call("search_tools", args);
    expect(answer.isError).toBe(true);
    expect(textOf(answer)).toMatch(
      /^search_tools takes query \(text\), detail \(names, signatures, full\) and/,
    );
    expect(textOf(answer)).toMatch(text);
  });
});

describe("search_tools in a program", () => {
  it("gives a list of dicts", async () => {
    await using connection = await TestConnection.open({ catalog });
    const { result, tool_calls } = await connection.execute(
      `found = await search_tools("create refund", limit=1)
{"name": found[0]["name"], "starts": found[0]["stub"].startswith("class Refund")}`,
    );
    expect(result).toEqual({ name: "stripe_create_refund", starts: true });
    expect(tool_calls).toMatchObject([{ name: "search_tools" }]);
  });

  it("is there beside few tools too", async () => {
    await using connection = await TestConnection.open();
    expect((await connection.execute('[m["name"] for m in await search_tools("budget")]')).result).toEqual([
      "get_custom_budget",
    ]);
  });

  it("is checked as other calls are", async () => {
    await using connection = await TestConnection.open({ catalog });
    expect((await connection.execute('await search_tools("x", detail="all")')).error).toMatchObject({
      kind: "type",
    });
    expect((await connection.execute("n = 0\nawait search_tools(limit=n)")).error).toMatchObject({
      kind: "runtime",
      message: expect.stringMatching(/^ValueError: search_tools takes .* limit: /),
    });
  });
});
