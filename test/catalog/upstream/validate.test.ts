import { expect, it } from "vitest";
import { compileCheck } from "../../../src/catalog/upstream/validate.js";

const SCHEMA = {
  type: "object",
  properties: {
    name: { type: "string", minLength: 2 },
    count: { type: "integer", minimum: 1 },
    unit: { enum: ["day", "week"] },
    when: { anyOf: [{ type: "string" }, { type: "null" }] },
    rows: {
      type: "array",
      items: { type: "object", properties: { id: { type: "integer" } }, required: ["id"] },
    },
    key: { anyOf: [{ type: "object", properties: { id: { type: "integer" } } }, { type: "string" }] },
  },
  required: ["name"],
  additionalProperties: false,
};

it.each([
  [{ name: "Ada" }, null],
  [{}, "name: expected string, got nothing"],
  [{ name: 5 }, "name: expected string, got integer 5"],
  [{ name: "x" }, 'name: must NOT have fewer than 2 characters, got string "x"'],
  [{ name: "Ada", count: 0 }, "count: must be >= 1, got integer 0"],
  [{ name: "Ada", count: 1.5 }, "count: expected integer, got number 1.5"],
  [{ name: "Ada", unit: "year" }, 'unit: expected "day" or "week", got string "year"'],
  [{ name: "Ada", when: 5 }, "when: expected string or null, got integer 5"],
  [{ name: "Ada", rows: [{ id: 1 }, {}] }, "rows[1].id: expected integer, got nothing"],
  [{ name: "Ada", key: { id: "x" } }, 'key.id: expected integer, got string "x"'],
  [{ name: "Ada", key: 5 }, "key: expected object or string, got integer 5"],
  [
    { name: "Ada", nmae: 1 },
    'arguments: unknown argument "nmae"; the arguments are name, count, unit, when, rows, key',
  ],
])("says of %j: %s", (value, expected) => {
  expect(compileCheck(SCHEMA)(value, "arguments")).toBe(expected);
});

it("takes nothing for given that every object inherits", () => {
  const properties = { constructor: { type: "string" }, toString: { type: "string" } };
  const check = compileCheck({ type: "object", properties, required: ["toString"] });
  expect(check({ toString: "x" }, "arguments")).toBeNull();
  expect(check({}, "arguments")).toBe("toString: expected string, got nothing");
});

it("names five mistakes at most", () => {
  const properties = Object.fromEntries("abcdefgh".split("").map((name) => [name, { type: "string" }]));
  const check = compileCheck({ type: "object", properties, required: Object.keys(properties) });
  expect(check({}, "arguments")?.split("\n")).toHaveLength(6);
  expect(check({}, "arguments")).toMatch(/\nand 3 more$/);
});

it("knows both drafts", () => {
  const tuple2020 = { prefixItems: [{ type: "string" }], items: false };
  expect(compileCheck(tuple2020)(["a"], "x")).toBeNull();
  expect(compileCheck(tuple2020)(["a", "b"], "x")).not.toBeNull();
  const tuple07 = { items: [{ type: "string" }], additionalItems: false };
  for (const schema of [tuple07, { ...tuple07, $schema: "http://json-schema.org/draft-07/schema#" }]) {
    expect(compileCheck(schema)(["a"], "x")).toBeNull();
    expect(compileCheck(schema)(["a", "b"], "x")).not.toBeNull();
  }
});

it("takes schemas of the same id from two servers, recursion, and unknown formats and keywords", () => {
  const first = compileCheck({ $id: "https://example.com/a", type: "string" });
  const second = compileCheck({ $id: "https://example.com/a", type: "integer" });
  expect(first("x", "x")).toBeNull();
  expect(second(1, "x")).toBeNull();
  const node = {
    type: "object",
    properties: { next: { $ref: "#" }, at: { type: "string", format: "odd" } },
    odd: 1,
  };
  expect(compileCheck(node)({ next: { next: { at: 5 } } }, "x")).toBe(
    "x.next.next.at: expected string, got integer 5",
  );
});

it("refuses what is no schema", () => {
  expect(() => compileCheck({ type: "strnig" })).toThrow();
  expect(() => compileCheck({ $ref: "https://example.com/elsewhere" })).toThrow();
});

it("keeps patterns apart, and gives up one that takes too long", () => {
  const check = compileCheck({
    type: "object",
    properties: { a: { type: "string", pattern: "^a+$" }, b: { type: "string", pattern: "^b+$" } },
  });
  expect(check({ a: "aa", b: "bb" }, "x")).toBeNull();
  expect(check({ a: "aa", b: "aa" }, "x")).toBe('x.b: must match pattern "^b+$", got string "aa"');
  const slow = compileCheck({ type: "string", pattern: "^(a+)+$" });
  const start = performance.now();
  expect(slow(`${"a".repeat(50)}!`, "x")).toBeNull();
  expect(performance.now() - start).toBeLessThan(2000);
});
