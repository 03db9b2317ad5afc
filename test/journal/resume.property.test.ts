import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CountedTool, READ, resultOf, TestExecutions } from "../support/executions.js";

/** A step of a random program. */
type Step =
  | { readonly do: "write" | "read"; readonly x: number }
  | { readonly do: "gather"; readonly xs: readonly number[] };

const x = fc.integer({ min: 0, max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom("write" as const, "read" as const), x }),
  fc.record({ do: fc.constant("gather" as const), xs: fc.array(x, { minLength: 1, maxLength: 4 }) }),
);

/** Programs fail in two ways, each at a random point: they raise, or a tool does. */
const scenario = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 8 }),
  /** Before which step each attempt raises; the last one does not. */
  raises: fc.array(fc.nat({ max: 8 }), { maxLength: 3 }),
  /** Which runs of the write handler fail, before they do anything. */
  failures: fc.uniqueArray(fc.nat({ max: 6 }), { maxLength: 3 }),
});

function source(steps: readonly Step[], raiseBefore?: number): string {
  const lines = steps.flatMap((one, index) => {
    const raise = index === raiseBefore ? ["1 / 0"] : [];
    if (one.do === "gather")
      return [...raise, `out.append(await asyncio.gather(${one.xs.map((n) => `write(${n})`).join(", ")}))`];
    return [...raise, `out.append(await ${one.do}(${one.x}))`];
  });
  return ["import asyncio", "out = []", ...lines, "out"].join("\n");
}

function tools(fails: (run: number) => boolean) {
  let writes = 0;
  let attempts = 0;
  const written: number[] = [];
  const write = new CountedTool("write", (n) => {
    if (fails(attempts++)) throw new Error("busy");
    written.push(n);
    writes += 1;
    return { n, of: n * 1.5, first: writes > 0 };
  });
  const read = new CountedTool("read", (n) => [n, `${n}`], READ);
  return { written, all: [write, read] };
}

describe("random programs that fail at random points", () => {
  it("do every write once when they are resumed until done, and give what an unbroken run gives", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ steps, raises, failures }) => {
        const whole = tools(() => false);
        const broken = tools((run) => failures.includes(run));
        await using unbroken = new TestExecutions(whole.all);
        await using resumed = new TestExecutions(broken.all);
        const expected = resultOf(await unbroken.run(source(steps)));

        let last = await resumed.run(source(steps, raises[0]));
        for (let attempt = 1; !last.execution.ok && attempt < 20; attempt += 1)
          last = await resumed.run(source(steps, raises[attempt]), { resumeFrom: last.id });
        expect(resultOf(last)).toEqual(expected);
        expect(broken.written.toSorted()).toEqual(whole.written.toSorted());
      }),
      { numRuns: 40 },
    );
  });
});
