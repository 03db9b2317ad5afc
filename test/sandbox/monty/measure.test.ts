import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeResult } from "../../../src/sandbox/monty/decode.js";
import { encodeValue } from "../../../src/sandbox/monty/encode.js";
import { measure } from "../../../src/sandbox/monty/measure.js";
import { ValueError } from "../../../src/sandbox/monty/values.js";
import { TestSession } from "../../support/monty.js";

function jsonBytes(bytes: Uint8Array): number {
  const { value } = decodeResult(bytes, Number.POSITIVE_INFINITY, () => undefined);
  return Buffer.byteLength(JSON.stringify(value));
}

describe("measuring a value", () => {
  it("gives the length of its JSON, of whatever JSON holds", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), text, (value, other) => {
        const bytes = encodeValue([value, other]);
        expect(measure(bytes)).toEqual({ jsonBytes: jsonBytes(bytes), portable: true });
      }),
    );
  });

  it.each([
    "(1, 2.5, -0.0, 10**30, float('nan'), b'bytes', ...)",
    "{1: 'a', 2.5: 'b', None: 'c', True: {3, 4}, (1, 2): frozenset([5])}",
    "import datetime\n[datetime.date(2026, 1, 2), datetime.timedelta(days=1, seconds=3), datetime.timezone.utc]",
    "from collections import namedtuple\nnamedtuple('P', ['x', 'y'])(1, 'two\"\\n')",
    "[ValueError('x'), int, len]",
    "''",
    "[[], {}, ()]",
  ])("gives it for the values of Python: %s", async (code) => {
    await using test = await TestSession.start();
    const { value } = await test.run(code);
    expect(measure(value)).toEqual({ jsonBytes: jsonBytes(value), portable: true });
  });

  it.each([
    "class P:\n    def __init__(self):\n        self.x = 'a'\n        self.y = [1]\nP()",
    "iter([1])",
    "loop = [1]\nloop.append(loop)\nloop",
    "lambda: 1",
  ])("tells what no other process takes: %s", async (code) => {
    await using test = await TestSession.start();
    const { value } = await test.run(code);
    expect(measure(value)).toEqual({ jsonBytes: jsonBytes(value), portable: false });
  });

  it("refuses bytes that are no value", () => {
    expect(() => measure(new Uint8Array([0x5a, 0x10, 0x0a]))).toThrow(ValueError);
  });
});
