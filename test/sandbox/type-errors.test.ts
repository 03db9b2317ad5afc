import { afterAll, describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.js";
import { Sandbox } from "../../src/sandbox/sandbox.js";

const { limits } = readConfig({}, {});
const sandbox = new Sandbox({ limits, poolSize: 1, maxPrograms: 2 });
afterAll(() => sandbox.close());

const stubs = `from typing import Literal, TypedDict
class Member(TypedDict):
    id: int
    name: str
async def members(team: str = "") -> list[Member]: ...
async def spent(id: int, quarter: Literal["Q1", "Q2"] = "Q1") -> float | None: ...
`;
const functions = [
  {
    name: "members",
    parameters: ["team"],
    call: async () => [
      { id: 1, name: "Ann" },
      { id: 2, name: "Bob" },
    ],
  },
  {
    name: "spent",
    parameters: ["id", "quarter"],
    floats: "float" as const,
    call: async ({ id }: Record<string, unknown>) => (id === 1 ? 10 : 20),
  },
];

async function run(code: string) {
  return sandbox.execute({ code, functions, stubs, owner: sandbox });
}

describe("a program that is right runs, whatever the checker makes of its types:", () => {
  it.each([
    [
      "rows of mixed values, summed, negated, compared and sorted",
      `rows = []
for m in await members():
    rows.append({"name": m["name"], "total": await spent(m["id"])})
rows.sort(key=lambda r: -r["total"])
top = [r["name"] for r in rows if r["total"] > 5]
[top, sum(r["total"] for r in rows)]`,
      [["Bob", "Ann"], 30],
    ],
    [
      "rows of mixed values as arguments",
      `rows = [{"name": m["name"], "id": m["id"]} for m in await members()]
[await spent(r["id"]) for r in rows]`,
      [10, 20],
    ],
    [
      "a best value that starts as None",
      `best = None
for m in await members():
    if best is None or m["id"] > best["id"]:
        best = m
best["name"]`,
      "Bob",
    ],
    ["a value that the stub says may be None", "await spent(1) + 1", 11],
    [
      "an accumulator that changes from int to float",
      `total: int = 0\nfor m in await members():\n    total += (await spent(m["id"])) / 4\ntotal`,
      7.5,
    ],
    ["a function annotated loosely", "def half(x: int) -> int:\n    return x / 2\nhalf(3)", 1.5],
    ["a comment for another type checker", "x = 1  # type: ignore\nx", 1],
    [
      "exceptions and builtins that only the runtime knows",
      `try:\n    getattr(1, "x")\nexcept (AttributeError, PermissionError):\n    pass\nlist(map(str, [1]))`,
      ["1"],
    ],
  ])("%s", async (_name, code, result) => {
    const execution = await run(code);
    expect(execution.ok ? execution.result : execution.failure).toEqual(result);
  });
});

describe("a program that cannot be right is refused before anything runs:", () => {
  it.each([
    [
      "a key that the result does not have",
      `(await members())[0]["nmae"]`,
      /Unknown key "nmae" for TypedDict `Member`/,
    ],
    ["an argument of the wrong type", `await spent("1")`, /Expected `int`, found `Literal\["1"\]`/],
    ["an argument with a wrong name", "await spent(user=1)", /Argument `user` does not match/],
    ["a missing argument", "await spent()", /No argument provided for required parameter `id`/],
    ["a value outside a Literal", `await spent(1, "Q5")`, /Literal\["Q5"\]/],
    ["a call that nobody awaits", "members()\n1", /not awaited/],
    ["a missing await", `members()[0]`, /CoroutineType/],
    ["an unknown function", "await member()", /Name `member` used when not defined/],
    ["a module that is not there", "import numpy\nnumpy.sum([1])", /numpy/],
    ["arithmetic of text and number", `"a" + 1`, /Operator `\+` is (not supported|unsupported)/],
  ])("%s", async (_name, code, message) => {
    const execution = await run(code);
    expect(execution).toMatchObject({ ok: false, toolCalls: [], failure: { line: expect.any(Number) } });
    if (!execution.ok) expect(execution.failure.message).toMatch(message);
  });
});

it("an unknown key is answered with the keys that are there", async () => {
  const execution = await run(`(await members())[0]["nmae"]`);
  expect(execution).toMatchObject({ failure: { hint: "The keys of Member are id, name." } });
});
