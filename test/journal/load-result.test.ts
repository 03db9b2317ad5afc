import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { OwnFunction } from "../../src/program/own-function.js";
import { failureOf, resultOf, TestExecutions } from "../support/executions.js";

describe("load_result", () => {
  it.each([
    "[1, 2.0, None, True, 'ü', {'a': (1, {2, 3})}]",
    "import datetime\n[datetime.date(2026, 1, 2), datetime.timedelta(days=1)]",
    "{1: 10**30, (1, 2): b'x'}",
    "float('inf')",
  ])("gives a later program the same Python value: %s", async (code) => {
    await using test = new TestExecutions([]);
    const { id } = await test.run(code);
    const same = `value = await load_result("${id}")\n(repr(value), type(value).__name__)`;
    const lines = code.split("\n");
    const direct = [...lines.slice(0, -1), `value = ${lines.at(-1)}`, "(repr(value), type(value).__name__)"];
    expect(resultOf(await test.run(same))).toEqual(resultOf(await test.run(direct.join("\n"))));
  });

  it("gives what lives in one process only as values that stand for it, and the rest as it was", async () => {
    await using test = new TestExecutions([]);
    const { id } = await test.run(`import datetime
from collections import namedtuple
from dataclasses import dataclass
@dataclass(frozen=True)
class Row:
    day: object
    more: object
P = namedtuple("P", "x y")
row = Row(datetime.date(2026, 1, 2), (1, b"x"))
loop = [1]
loop.append(loop)
[row, (row, 2.0), {1: row, row: float("inf")}, {row}, {3}, P(row, 10**30), range(2), loop]`);
    const row = "{'day': datetime.date(2026, 1, 2), 'more': (1, b'x')}";
    const value = `await load_result("${id}")`;
    expect(resultOf(await test.run(`[repr(each) for each in ${value}]`))).toEqual([
      row,
      `(${row}, 2.0)`,
      expect.stringMatching(/^\{1: .*, '\{"day":"2026-01-02","more":\[1,"eA=="\]\}': inf\}$/),
      `[${row}]`,
      "{3}",
      `P(x=${row}, y=1${"0".repeat(30)})`,
      "'range(0, 2)'",
      "[1, '[...]']",
    ]);
  });

  it("gives the result of the latest program, and what was printed", async () => {
    await using test = new TestExecutions([], { limits: { stdoutBytes: 100 } });
    const printed = await test.run('print("x" * 1000)\n7');
    expect(printed.execution).toMatchObject({ truncated: true });
    expect(
      resultOf(await test.run('len(await load_result("last", part="stdout")), await load_result("last")')),
    ).toEqual([1001, 7]);
  });

  it("says what is kept when there is no such result", async () => {
    await using test = new TestExecutions([]);
    const failed = await test.run("1 / 0");
    expect(failureOf(await test.run('await load_result("nothing")'))).toMatch(
      new RegExp(`^LookupError: There is no execution "nothing".*${failed.id}`),
    );
    expect(failureOf(await test.run(`await load_result("${failed.id}")`))).toContain(
      "has no result: it failed",
    );
    expect(
      failureOf(await test.run(`import json\nawait load_result("${failed.id}", json.loads('"all"'))`)),
    ).toContain("part must be one of result, stdout");
  });

  it("gives back a result of 50 MB as it was, of which the answer held a preview", {
    timeout: 60_000,
  }, async () => {
    const hashes: string[] = [];
    const digest: OwnFunction = {
      declaration: "from typing import Any\n\nasync def digest(text: Any) -> None: ...",
      host: {
        name: "digest",
        parameters: ["text"],
        call: async ({ text }) => {
          hashes.push(createHash("sha256").update(String(text)).digest("hex"));
          return null;
        },
      },
    };
    await using test = new TestExecutions([], {
      keep: { bytes: 128 * 1024 * 1024 },
      limits: { memoryBytes: 256 * 1024 * 1024, timeoutMs: 30_000, interpreterMs: 10_000 },
    });
    const own = [digest];
    const first = await test.run('text = "0123456789" * (5 * 1024 * 1024)\nawait digest(text)\ntext', {
      own,
    });
    const size = JSON.stringify(resultOf(first)).length;
    expect(size).toBeLessThan(16 * 1024);
    expect(first).toMatchObject({
      isResultKept: true,
      execution: { ok: true, truncated: true, resultBytes: 50 * 1024 * 1024 + 2 },
    });
    resultOf(await test.run(`await digest(await load_result("${first.id}"))`, { own }));
    expect(hashes[1]).toBe(hashes[0]);
  });
});
