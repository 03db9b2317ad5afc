import { expect, it } from "vitest";
import { Catalog } from "../../src/catalog/catalog.js";
import { defineTool, type Tool } from "../../src/catalog/tool.js";
import { z } from "../../src/index.js";

function tool(name: string, source?: string): Tool {
  const made = defineTool({ name, description: "", input: z.object({}), run: () => name });
  return source === undefined ? made : { ...made, source };
}

it("iterates in the order in which the tools were given", () => {
  const catalog = new Catalog([tool("zebra"), tool("ant"), tool("10"), tool("9")]);
  expect([...catalog].map(({ name }) => name)).toEqual(["zebra", "ant", "10", "9"]);
  expect(catalog.size).toBe(4);
});

it("finds a tool by its name and nothing by a name of Object.prototype", () => {
  const ant = tool("ant");
  const catalog = new Catalog([ant]);
  expect(catalog.get("ant")).toBe(ant);
  expect(catalog.get("bee")).toBeUndefined();
  expect(catalog.get("constructor")).toBeUndefined();
});

it("refuses two tools of one name and says where both come from", () => {
  expect(() => new Catalog([tool("ant"), tool("ant", "mine/ant.mjs")])).toThrow(
    "Two tools are named ant: a built-in tool and one from mine/ant.mjs. Rename one of them.",
  );
  expect(() => new Catalog([tool("ant", "a.mjs"), tool("ant", "b.mjs")])).toThrow(
    "one from a.mjs and one from b.mjs",
  );
});
