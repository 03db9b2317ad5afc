import { describe, expect, test } from "vitest";
import { needs, program, TestAsker } from "../support/asker.js";
import { manyTools } from "../support/many-tools.js";

const PROGRAM = program('issue = await github_get_issue("7")\n{"labels": issue["labels"]}');
const ANSWER = { text: "Its label is sample." };

/** The names of the tools that a request offers. */
function offered(asker: TestAsker, request: number): string[] {
  return asker.requests[request]?.tools?.map((tool) => tool.function.name) ?? [];
}

describe("a question among 500 tools", () => {
  test("shows discovery the best matches and a search, and code generation their stubs", async () => {
    await using asker = await TestAsker.start([needs("github_get_issue", { id: "7" }), PROGRAM, ANSWER], {
      tools: manyTools,
    });
    const turn = await asker.ask("Which labels has the GitHub issue 7?");
    expect(turn).toMatchObject({ result: { labels: ["sample"] }, attempts: 1 });
    const [search, ...tools] = offered(asker, 0);
    expect(search).toBe("search_tools");
    expect(tools).toContain("github_get_issue");
    expect(tools.length).toBeLessThanOrEqual(10);
    const [prompt] = asker.requests[1]?.messages ?? [];
    expect(prompt?.content).toContain("async def github_get_issue(");
    expect(prompt?.content).toContain("class Issue(TypedDict)");
    expect(prompt?.content).not.toContain("stripe_");
    expect(prompt?.content.length).toBeLessThan(12_000);
    expect(asker.told(1)).toContain('await github_get_issue("7")');
  });

  test("lets the model search again, and shows what was found", async () => {
    await using asker = await TestAsker.start(
      [
        needs("search_tools", { query: "refund charge" }),
        needs("stripe_list_refunds", { charge: "c" }),
        program('len((await stripe_list_refunds("c"))["refunds"])'),
        { text: "One." },
      ],
      { tools: manyTools },
    );
    const turn = await asker.ask("How often did we give money back?");
    expect(turn).toMatchObject({ result: 1, attempts: 1 });
    expect(offered(asker, 0)).not.toContain("stripe_list_refunds");
    expect(offered(asker, 1)).toContain("stripe_list_refunds");
    expect(asker.told(1)).toMatch(/^For "refund charge" there are stripe_list_refunds, /);
    expect(asker.requests[2]?.messages[0]?.content).toContain("async def stripe_list_refunds(");
    expect(turn.usage[0]).toMatchObject({ phase: "discovery", calls: 2 });
  });

  test("says where a search finds nothing, and offers none after some rounds", async () => {
    await using asker = await TestAsker.start(
      ({ tools }, index) => {
        if (tools?.some((tool) => tool.function.name === "search_tools"))
          return needs("search_tools", { query: `zebra${index}` });
        return tools === undefined
          ? program('{"found": False}')
          : needs("weather_list_forecasts", { latitude: 1 });
      },
      { tools: manyTools, maxAttempts: 1 },
    );
    await asker.ask("What will the weather forecast be?");
    expect(asker.told(1)).toMatch(/^No tool fits "zebra0": search by other words/);
    const withSearch = asker.requests.filter((_, index) => offered(asker, index).includes("search_tools"));
    expect(withSearch).toHaveLength(3);
    expect(offered(asker, 3)).toContain("weather_list_forecasts");
    expect(asker.told(4)).toContain("await weather_list_forecasts(");
  });

  test("keeps calls that came together with a search", async () => {
    const both = [
      { name: "github_get_issue", arguments: { id: "7" } },
      { name: "search_tools", arguments: { query: "post message slack" } },
    ];
    await using asker = await TestAsker.start(
      [{ toolCalls: both }, needs("slack_create_message", { name: "n", channel: "c" }), PROGRAM, ANSWER],
      { tools: manyTools },
    );
    await asker.ask("Tell the channel c which labels the GitHub issue 7 has.");
    expect(asker.told(2)).toContain('await github_get_issue("7")\nawait slack_create_message("n", "c")');
    const [prompt] = asker.requests[2]?.messages ?? [];
    expect(prompt?.content).toContain("async def github_get_issue(");
    expect(prompt?.content).toContain("async def slack_create_message(");
  });

  test("may be answered directly, also after a search", async () => {
    await using asker = await TestAsker.start(
      [needs("search_tools", { query: "horoscope" }), { text: "I have no tool for horoscopes." }],
      { tools: manyTools },
    );
    expect(await asker.ask("What do the stars say?")).toMatchObject({
      route: "direct",
      answer: "I have no tool for horoscopes.",
    });
  });

  test("gives the model a name that is near where its program calls one that is not there", async () => {
    await using asker = await TestAsker.start(
      [needs("github_get_issue", { id: "7" }), program('await github_read_issue("7")'), PROGRAM, ANSWER],
      { tools: manyTools },
    );
    expect(await asker.ask("Which labels has the GitHub issue 7?")).toMatchObject({ attempts: 2 });
    expect(asker.told(2)).toContain("Similar: github_create_issue, github_");
  });
});

test("a catalog within the budget is shown whole, without a search", async () => {
  await using asker = await TestAsker.start([{ text: "Hello." }], { tools: manyTools.slice(0, 10) });
  await asker.ask("Hello?");
  expect(offered(asker, 0)).toEqual(manyTools.slice(0, 10).map(({ name }) => name));
  await using small = await TestAsker.start([{ text: "Hello." }], {
    tools: manyTools.slice(0, 10),
    stubTokens: 10,
  });
  await small.ask("Which pull requests are there?");
  expect(offered(small, 0)[0]).toBe("search_tools");
});
