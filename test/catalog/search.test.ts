import { describe, expect, it } from "vitest";
import { Catalog } from "../../src/catalog/catalog.js";
import { defineTool, type Tool } from "../../src/catalog/tool.js";
import { z } from "../../src/index.js";
import { manyTools } from "../support/many-tools.js";

const many = new Catalog(manyTools);

async function names(query: string, catalog = many): Promise<string[]> {
  return (await catalog.search(query)).map(({ name }) => name);
}

function tool(name: string, description = "", parameters: readonly string[] = []): Tool {
  const input = z.object(Object.fromEntries(parameters.map((parameter) => [parameter, z.string()])));
  return defineTool({ name, description, input, run: () => null });
}

describe("a search among 500 tools", () => {
  it.each([
    ["words in any order", "issue github create", "github_create_issue"],
    ["the question of a person", "How is the weather forecast for tomorrow?", "weather_list_forecasts"],
    ["the beginning of a word", "refu", "stripe_list_refunds"],
    ["a word that is misspelt", "kuberntes pod", "kubernetes_list_pods"],
    ["a plural", "flights", "travel_list_flights"],
    ["camelCase", "listPullRequests", "github_list_pull_requests"],
    ["a name", "slack_delete_message", "slack_delete_message"],
  ])("finds by %s", async (_what, query, first) => {
    expect((await names(query))[0]).toBe(first);
  });

  it("leaves out what only shares a common word with the query", async () => {
    const found = await names("delete a message in slack");
    expect(found).toContain("slack_delete_message");
    expect(found).not.toContain("stripe_delete_invoice");
  });

  it("finds nothing by words that are nowhere, and by words that tell nothing apart", async () => {
    expect(await names("zebra")).toEqual([]);
    expect(await names("what is there for us")).toEqual([]);
  });

  it.each(["", "  ", "?!"])("gives all tools in order for a query without words: %j", async (query) => {
    expect(await names(query)).toEqual(manyTools.map(({ name }) => name));
  });
});

it("a name counts for more than a description, and that for more than a parameter", async () => {
  const catalog = new Catalog([
    tool("one", "Something.", ["invoice"]),
    tool("two", "Sends an invoice."),
    tool("invoice_send", "Something."),
  ]);
  expect(await names("invoice", catalog)).toEqual(["invoice_send", "two", "one"]);
});

it("finds by other scripts", async () => {
  const catalog = new Catalog([tool("a", "Überweist Geld"), tool("b", "Показывает погоду")]);
  expect(await names("überweist", catalog)).toEqual(["a"]);
  expect(await names("погоду", catalog)).toEqual(["b"]);
});

it("gives the functions as programs call them", async () => {
  const catalog = new Catalog([tool("get-weather.now", "Weather.")]);
  expect(await names("weather", catalog)).toEqual(["get_weather_now"]);
});
