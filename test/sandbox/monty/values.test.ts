import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeArgument, decodeResult } from "../../../src/sandbox/monty/decode.js";
import { UnawaitedError } from "../../../src/sandbox/monty/decoder.js";
import { encodeValue } from "../../../src/sandbox/monty/encode.js";
import { TestSession } from "../../support/monty.js";

let monty: TestSession;
beforeAll(async () => {
  monty = await TestSession.start();
});
afterAll(() => monty[Symbol.asyncDispose]());

/** What Python says of a value that came from JavaScript. */
async function seenByPython(value: unknown, expression: string, floats?: Parameters<typeof encodeValue>[1]) {
  const { value: result } = await monty.run(`x = await give()\n${expression}`, {
    give: async () => encodeValue(value, floats),
  });
  return decodeResult(result, 1e6, () => {}).value;
}

/** How the decoder sees what a program passes to a tool. */
async function argument(expression: string): Promise<unknown> {
  let seen: Uint8Array | undefined;
  await monty.run(`await take(${expression})`, {
    take: async ([bytes]) => {
      seen = bytes;
      return encodeValue(null);
    },
  });
  return decodeArgument(seen as Uint8Array);
}

describe("a Python value becomes JSON", () => {
  it.each([
    ["None", null],
    ["True", true],
    ["'ä😀'", "ä😀"],
    ["2**53 - 1", 2 ** 53 - 1],
    ["-(2**53 - 1)", -(2 ** 53 - 1)],
    ["1.5", 1.5],
    ["[1, [2]]", [1, [2]]],
    ["(1, 2)", [1, 2]],
    ["{3}", [3]],
    ["frozenset([4])", [4]],
    ["{'a': {'b': 1}}", { a: { b: 1 } }],
    ["{1: 'a', 2.5: 'b', None: 'c', True: 'd'}", { true: "d", "2.5": "b", null: "c" }],
    ["{'__proto__': 1}", JSON.parse('{"__proto__": 1}')],
    ["import datetime\ndatetime.date(2024, 1, 2)", "2024-01-02"],
    ["import datetime\ndatetime.time(3, 4, 5, 6)", "03:04:05.000006"],
    ["import datetime\ndatetime.datetime(2024, 1, 2, 3, 4, 5)", "2024-01-02T03:04:05"],
    [
      "import datetime as d\nd.datetime(2024, 1, 2, tzinfo=d.timezone(d.timedelta(hours=-3, minutes=-30)))",
      "2024-01-02T00:00:00-03:30",
    ],
    ["import datetime as d\nd.datetime(2024, 1, 2, tzinfo=d.timezone.utc)", "2024-01-02T00:00:00+00:00"],
    ["import datetime\ndatetime.timedelta(days=1, seconds=2, milliseconds=500)", "P1DT2.5S"],
    ["import datetime\ndatetime.timedelta(days=-1, seconds=86399)", "-PT1S"],
    ["import datetime\ndatetime.timedelta(0)", "PT0S"],
    ["import datetime\ndatetime.timezone(datetime.timedelta(hours=2))", "UTC+02:00"],
    ["from pathlib import Path\nPath('/a') / 'b'", "/a/b"],
    ["from collections import namedtuple\nnamedtuple('P', 'x y')(1, 2)", { x: 1, y: 2 }],
    ["from collections import Counter, deque\n[Counter('aab'), deque([1])]", [{ a: 2, b: 1 }, [1]]],
    ["from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\nP(3)", { x: 3 }],
    ["class Q:\n    def __init__(self):\n        self.a = [1]\nQ()", { a: [1] }],
  ])("%s, and nothing is lost", async (code, expected) => {
    expect(await monty.json(code)).toEqual({ value: expected, truncated: false, notes: [] });
  });

  it.each([
    ["2**53", "9007199254740992", "an int beyond 2^53 is given as text of its digits"],
    ["[-2**70]", ["-1180591620717411303424"], "an int beyond 2^53 at [0] is given as text of its digits"],
    ["10**5000", "<int of 16616 bits>", "an int beyond 2^53 is given as text of its digits"],
    ["{'a': float('nan')}", { a: "NaN" }, 'the float NaN at ["a"] is given as text'],
    ["[float('-inf')]", ["-Infinity"], "the float -Infinity at [0] is given as text"],
    ["b'ab'", "YWI=", "bytes is given as base64 text"],
    ["{(1, 2): 'x'}", { "[1,2]": "x" }, 'a dict key that is no text at ["[1,2]"] is given as text'],
    [
      "{1: 'a', '1': 'b'}",
      [
        [1, "a"],
        ["1", "b"],
      ],
      'a dict with two keys that are "1" in JSON is given as [key, value] pairs',
    ],
    ["len", "<built-in function len>", "a function is given as text"],
    ["int", "<class 'int'>", "a type is given as text"],
    ["ValueError('x')", "ValueError: x", "an exception is given as text"],
    ["range(3)", "range(0, 3)", "an object is given as text"],
    ["...", "...", "`...` is given as text"],
    ["a = [1]\na.append(a)\na", [1, "[...]"], "a circular reference at [1] is given as text"],
  ])("%s, and the loss is told", async (code, expected, note) => {
    expect(await monty.json(code)).toEqual({ value: expected, truncated: false, notes: [note] });
  });

  it("but a call that was not awaited is an error that says where", async () => {
    await expect(monty.json("async def f():\n    pass\n{'a': [f()]}")).rejects.toThrow(
      new UnawaitedError(' at ["a"][0]'),
    );
  });
});

describe("an argument of a tool", () => {
  it.each([
    ["(1, 'a', None)", [1, "a", null]],
    ["{1: True}", { 1: true }],
    ["{'a': {2}}", { a: [2] }],
  ])("%s is JSON", async (code, expected) => {
    expect(await argument(code)).toEqual(expected);
  });

  it.each([
    ["2**60", "an int beyond 2^53 cannot be sent as JSON"],
    ["{'x': float('inf')}", 'the float Infinity at ["x"] cannot be sent as JSON'],
    ["[b'x']", "bytes at [0] cannot be sent as JSON"],
    ["{(1,): 2}", 'a dict key that is no text at ["[1]"] cannot be sent as JSON'],
    ["{1: 1, '1': 2}", 'a dict with two keys that are "1" in JSON cannot be sent as JSON'],
    ["lambda: 1", "an object cannot be sent as JSON"],
  ])("%s is refused", async (code, message) => {
    await expect(argument(code)).rejects.toThrow(message);
  });
});

describe("a result of a tool becomes a Python value", () => {
  it.each([
    [undefined, "x is None"],
    [1, "type(x) is int"],
    [1.5, "type(x) is float"],
    [-0, "type(x) is float"],
    [2 ** 60, "type(x) is float"],
    [2n ** 60n, "x == 2**60 and type(x) is int"],
    [-(2n ** 100n), "x == -2**100"],
    [Number.NaN, "x != x"],
    ["ä😀\u0000", "len(x) == 3"],
    [new Uint8Array([97]), "x == b'a'"],
    [new Date("2024-01-02T03:04:05.678Z"), "x.isoformat() == '2024-01-02T03:04:05.678000+00:00'"],
    [new Map([[1, "a"]]), "x == {1: 'a'}"],
    [new Set([1]), "x == {1}"],
    [{ a: 1, b: undefined }, "x == {'a': 1}"],
    [Object.create(null), "x == {}"],
  ])("%s", async (value, expression) => {
    expect(await seenByPython(value, expression)).toBe(true);
  });

  it("with floats where the schema says number", async () => {
    const floats = { properties: { total: "float" as const }, values: { items: "float" as const } };
    expect(await seenByPython({ total: 10510, rest: [1], n: 1 }, "str(x)", floats)).toBe(
      "{'total': 10510.0, 'rest': [1.0], 'n': 1}",
    );
  });

  it.each([
    [{ a: () => 1 }, 'a function at ["a"] has no counterpart in Python'],
    [[new URL("http://x")], "a URL at [0] has no counterpart in Python"],
    ["\ud800", "text with a lone surrogate, which is not valid Unicode has no counterpart in Python"],
    [new Date(Number.NaN), "an invalid Date has no counterpart in Python"],
  ])("%s is refused", (value, message) => {
    expect(() => encodeValue(value)).toThrow(message);
  });

  it("a cycle is refused, the same object twice is not", () => {
    const shared = { a: 1 };
    expect(decodeArgument(encodeValue([shared, shared]))).toEqual([shared, shared]);
    const cycle: unknown[] = [];
    cycle.push({ cycle });
    expect(() => encodeValue(cycle)).toThrow('a circular reference at [0]["cycle"]');
  });
});

describe("a long value is cut", () => {
  const cut = (value: unknown, maxBytes: number) => decodeResult(encodeValue(value), maxBytes, () => {});

  it("counts keys as left out that are alike once they are cut, and stays within its length", () => {
    const alike = new Map(Array.from({ length: 500 }, (_, i) => [`${"\u0001".repeat(200)}${i}`, i]));
    for (const maxBytes of [256, 1000, 8192]) {
      const { value } = cut(alike, maxBytes);
      expect(Buffer.byteLength(JSON.stringify(value))).toBeLessThanOrEqual(maxBytes);
      expect(value).toMatchObject({ "…": expect.stringMatching(/^49\d more keys$/) });
    }
    const short = cut(new Map(Array.from({ length: 9000 }, (_, i) => [`k${i}`, i])), 1000).value as object;
    expect(Object.keys(short).filter((key) => !/^k\d+$/.test(key))).toEqual(["…"]);
  });

  it("keeps the first items of a list and says how many it left out", () => {
    const { value, truncated } = cut(
      Array.from({ length: 1000 }, (_, i) => i),
      200,
    );
    expect(truncated).toBe(true);
    expect((value as unknown[]).slice(0, 3)).toEqual([0, 1, 2]);
    expect((value as unknown[]).at(-1)).toMatch(/^… \(\d+ more items\)$/);
    const kept = (value as unknown[]).length - 1;
    expect((value as unknown[]).at(-1)).toContain(String(1000 - kept));
  });

  it("keeps the small values beside a large one", () => {
    const items = Array.from({ length: 10_000 }, (_, i) => ({ i }));
    const { value } = cut({ items, total: 10510.5, name: "flights" }, 1000);
    expect(value).toMatchObject({ total: 10510.5, name: "flights" });
  });

  it("keeps the beginning of a text", () => {
    const { value } = cut("ä".repeat(10_000), 1000);
    expect(value).toMatch(/^ä+… \(\d+ more bytes\)$/);
  });

  it("comes whole when it just fits", () => {
    const value = { a: ["x".repeat(80), 1.5] };
    const size = JSON.stringify(value).length;
    expect(cut(value, size)).toEqual({ value, truncated: false });
    expect(cut(value, size - 1).truncated).toBe(true);
  });

  it("stays valid JSON within the limit, whatever it is", () => {
    const value = fc.jsonValue({ maxDepth: 5 });
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 200 }),
        fc.integer({ min: 200, max: 2000 }),
        (list, maxBytes) => {
          const result = cut(list, maxBytes);
          const text = JSON.stringify(result.value);
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes);
          if (!result.truncated) expect(text).toBe(JSON.stringify(list));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("takes time that does not grow with what is left out", async () => {
    const started = performance.now();
    const { value } = await monty.json("[None] * 500_000", 1000);
    expect((value as unknown[]).at(-1)).toMatch(/^… \(\d+ more items\)$/);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe("bytes that are no value", () => {
  it("are an error, not a crash", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeResult(bytes, 1000, () => {});
        } catch (error) {
          expect((error as Error).name).toBe("ValueError");
        }
      }),
      { numRuns: 2000 },
    );
  });
});
