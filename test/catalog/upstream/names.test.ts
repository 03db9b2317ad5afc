import fc from "fast-check";
import { expect, it } from "vitest";
import { functionNames } from "../../../src/catalog/python-names.js";
import { TOOL_NAME } from "../../../src/catalog/tool.js";
import { nameTools, serverPrefixes } from "../../../src/catalog/upstream/names.js";

function names(prefix: string, tools: string[], others: string[] = [], prefixes: string[] = [prefix]) {
  return Object.fromEntries(nameTools(prefix, tools, { prefixes, others: new Set(others) }));
}

it("makes prefixes of the names of servers", () => {
  expect(serverPrefixes(["github", "my server", "my-server", "3d", "天气", "__x__", "Ada"])).toEqual([
    "github_",
    "my_server_",
    "my_server_2_",
    "server_3d_",
    "server_",
    "x_",
    "Ada_",
  ]);
});

it("leaves valid names as they are, and makes others valid", () => {
  expect(names("a_", ["get_it", "getIt", "get-it", "get.it", "_x", "天气", "3d"])).toEqual({
    get_it: "a_get_it",
    getIt: "a_getIt",
    "get-it": "a_get_it_2",
    "get.it": "a_get_it_3",
    _x: "a_x",
    天气: "a_tool",
    "3d": "a_3d",
  });
});

it("gives way to names that mean something else", () => {
  expect(names("load_", ["bytes", "more"])).toEqual({ bytes: "load__bytes", more: "load_more" });
  expect(names("reveal_", ["type"])).toEqual({ type: "reveal__type" });
  expect(names("a_", ["b_c", "b"], ["a_b"], ["a_", "a_b_"])).toEqual({ b_c: "a__b_c", b: "a__b" });
});

it("makes names of any length short enough", () => {
  const long = names("a_", ["x".repeat(200), `${"x".repeat(200)}y`]);
  expect(new Set(Object.values(long)).size).toBe(2);
});

it("gives names that are valid, that no two tools of any servers share, and that do not depend on the order", () => {
  const word = fc.stringMatching(/^[a2_.]{1,5}$/);
  const servers = fc.uniqueArray(fc.record({ name: word, tools: fc.uniqueArray(word, { maxLength: 6 }) }), {
    minLength: 1,
    maxLength: 4,
    selector: ({ name }) => name,
  });
  fc.assert(
    fc.property(
      servers,
      fc.uniqueArray(fc.constantFrom("a_a", "a_2", "a2_a", "a__a"), { maxLength: 3 }),
      (all, local) => {
        const prefixes = serverPrefixes(all.map(({ name }) => name));
        const others = new Set(local);
        const made = all.map(({ tools }, index) =>
          nameTools(prefixes[index] ?? "", tools, { prefixes, others }),
        );
        const flat = [...local, ...made.flatMap((one) => [...one.values()])];
        expect(new Set(flat).size).toBe(flat.length);
        for (const name of flat) expect(name).toMatch(TOOL_NAME);
        expect(functionNames(flat)).toEqual(flat);
        all.forEach(({ tools }, index) => {
          const reversed = nameTools(prefixes[index] ?? "", [...tools].reverse(), { prefixes, others });
          for (const tool of tools) expect(reversed.get(tool)).toBe(made[index]?.get(tool));
        });
      },
    ),
    { numRuns: 1000 },
  );
});
