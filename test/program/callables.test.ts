import { describe, expect, it } from "vitest";
import { Catalog } from "../../src/catalog/catalog.js";
import { pythonStubs, stubModule } from "../../src/catalog/python-stubs.js";
import type { Tool } from "../../src/catalog/tool.js";
import { callablesOf } from "../../src/program/callables.js";
import { expenseTools } from "../../tools/expenses/index.js";
import { manyTools } from "../support/many-tools.js";
import { TestSandbox } from "../support/sandbox.js";
import { TestSource, upstream } from "../support/source.js";

const many = new TestSource(manyTools);

async function failure(code: string, source = many) {
  await using test = new TestSandbox();
  return await test.failure(code, callablesOf(code, { source }));
}

describe("a program among 500 tools", () => {
  it("is given the functions that it names, and stubs of these alone", () => {
    const { functions, stubs } = callablesOf('await github_get_issue("7")', { source: many });
    expect(functions.map(({ name }) => name)).toEqual(["github_get_issue"]);
    expect(stubs).toContain("async def github_get_issue(");
    expect(stubs).toContain("class Issue(TypedDict)");
    expect(stubs).not.toContain("github_list_issues");
  });

  it("runs, and calls through other names", async () => {
    await using test = new TestSandbox();
    const code = "read = stripe_get_refund\n[(await read(x))['amount'] for x in ['a', 'b']]";
    expect(await test.result(code, callablesOf(code, { source: many }))).toEqual([3, 3]);
  });

  it("is checked against those stubs", async () => {
    expect(await failure('(await github_get_issue("7"))["labls"]')).toMatchObject({
      kind: "type",
      message: expect.stringContaining('did you mean "labels"?'),
    });
    expect(await failure("await github_get_issue(number=7)")).toMatchObject({ kind: "type" });
  });

  it("that calls a function that is not there is told of similar ones", async () => {
    expect(await failure('await github_list_issue("a/b")')).toMatchObject({
      kind: "type",
      message: expect.stringContaining("`github_list_issue` used when not defined"),
      hint: expect.stringMatching(/^There is no `github_list_issue`\. Similar: github_list_issues, /),
    });
    expect((await failure("zebra_crossing()")).hint).toBeUndefined();
  });
});

it("a function of a server that is not there is said to be, with the reason", async () => {
  const source = new TestSource(
    [],
    [
      upstream("github", { state: "down", problem: "spawn ENOENT." }),
      upstream("slack", { state: "starting" }),
    ],
  );
  expect((await failure('await github_get_issue("7")', source)).hint).toBe(
    "The functions of github are not there: it is down, spawn ENOENT.",
  );
  expect((await failure('await slack_get_user("7")', source)).hint).toBe(
    "The functions of slack are not there: it is still starting.",
  );
});

it("a function is looked for at its own server, also at one that was there once", async () => {
  const tools = ["git_pull", "git_hub_get_issue"].map((name) => ({ ...(manyTools[0] as Tool), name }));
  const source = new TestSource(tools, [
    upstream("git", { state: "down", tools: 1 }),
    upstream("git_hub", { tools: 1 }),
    upstream("git_lab", { state: "starting" }),
  ]);
  const hints = ["git_pul", "git_hub_get_issu", "git_lab_get_issue"].map(
    async (name) => (await failure(`await ${name}()`, source)).hint,
  );
  expect(await Promise.all(hints)).toEqual([
    "There is no `git_pul`. Similar: git_pull.",
    "There is no `git_hub_get_issu`. Similar: git_hub_get_issue.",
    "The functions of git_lab are not there: it is still starting.",
  ]);
});

it("of few tools the checker reads all stubs, the same for every program", () => {
  const catalog = new Catalog(expenseTools);
  const source = { catalog, upstreams: [] };
  expect(callablesOf("1", { source }).stubs).toBe(catalog.stubs.text);
  expect(callablesOf("await sum_amounts([])", { source }).stubs).toBe(catalog.stubs.text);
});

it("stubs of some functions are a part of those of all, each type once", () => {
  const { functions, text } = pythonStubs(manyTools);
  expect(stubModule(functions)).toBe(text);
  const some = stubModule(functions.filter(({ name }) => name.endsWith("_issue")));
  expect(some.match(/^class /gm)).toHaveLength(1);
});
