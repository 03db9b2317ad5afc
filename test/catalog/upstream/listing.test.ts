import { expect, it } from "vitest";
import { listTools } from "../../../src/catalog/upstream/listing.js";

const ALL = { allow: undefined, deny: [], confirm: [] };

function tools(from: number, to: number) {
  return Array.from({ length: to - from }, (_, n) => ({
    name: `t${from + n}`,
    inputSchema: { type: "object" },
  }));
}

it.each([
  ["on one page", 10_000, 5001],
  ["on many pages", 100, 5001],
  ["on pages without end", 1, Number.POSITIVE_INFINITY],
])("cuts a list that is too long, %s, and says so", async (_where, size, all) => {
  const page = async (cursor = "0") => {
    const [start, end] = [Number(cursor), Math.min(Number(cursor) + size, all)];
    return { tools: tools(start, end), ...(end < all && { nextCursor: String(end) }) };
  };
  const listing = await listTools(page, ALL);
  const count = size === 1 ? 101 : 5000;
  expect(listing.tools).toHaveLength(count);
  expect(listing.problems).toEqual([`lists too many tools; the first ${count} of them are used`]);
});

it("takes a list that is as long as it may be", async () => {
  const listing = await listTools(async () => ({ tools: tools(0, 5000) }), ALL);
  expect(listing.tools).toHaveLength(5000);
  expect(listing.problems).toEqual([]);
});
