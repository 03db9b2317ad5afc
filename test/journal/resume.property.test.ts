import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CountedTool, failureOf, READ, resultOf, TestExecutions } from "../support/executions.js";
import { hang } from "../support/gate.js";
import { sandboxPids } from "../support/processes.js";

/** A step of a random program; `retry` gathers tasks that make a failed write once more. */
type Step =
  | { readonly do: "write" | "read"; readonly x: number }
  | { readonly do: "gather" | "retry"; readonly xs: readonly number[] };

const x = fc.integer({ min: 0, max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom("write" as const, "read" as const), x }),
  fc.record({
    do: fc.constantFrom("gather" as const, "retry" as const),
    xs: fc.array(x, { minLength: 1, maxLength: 4 }),
  }),
);

/**
 * What becomes of a run of the write handler: it fails before it has done anything; or it does its work, and the
 * program is cancelled or killed before the answer, which comes later or never.
 */
type Mishap = "fail" | "cancel" | "kill" | "lose";

const scenario = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 8 }),
  /** Before which step each attempt raises; the last one does not. */
  raises: fc.array(fc.nat({ max: 8 }), { maxLength: 3 }),
  mishaps: fc.uniqueArray(
    fc.tuple(
      fc.nat({ max: 8 }),
      fc.oneof(
        { arbitrary: fc.constantFrom<Mishap>("fail", "cancel", "kill"), weight: 8 },
        { arbitrary: fc.constant<Mishap>("lose"), weight: 1 },
      ),
    ),
    { maxLength: 4, selector: ([run]) => run },
  ),
  /** By what each attempt names those before it. */
  resumes: fc.array(fc.constantFrom("latest", "first", "last"), { minLength: 1, maxLength: 4 }),
});

const RETRY = `async def retry(x):
    try:
        return await write(x)
    except RuntimeError:
        return await write(x)`;

/** The program of an attempt: the same calls, written in another way each time. */
function source(steps: readonly Step[], attempt = 0, raiseBefore?: number): string {
  const call = (n: number) => (attempt % 2 === 0 ? `write(${n})` : `write(note="", x=${n})`);
  const lines = steps.flatMap((one, index) => [
    ...(index === raiseBefore ? ["1 / 0"] : []),
    ...linesOf(one, call),
  ]);
  // With it, calls fail in another way: not in every program.
  const retry = steps.some((one) => one.do === "retry") ? [RETRY] : [];
  return ["import asyncio", ...retry, "out = []", ...lines, "out"].join("\n");
}

function linesOf(one: Step, call: (n: number) => string): string[] {
  if ("x" in one) return [`out.append(await ${one.do === "write" ? call(one.x) : `read(${one.x})`})`];
  if (one.do === "gather") return [`out.append(await asyncio.gather(${one.xs.map(call).join(", ")}))`];
  return [
    `tasks = await asyncio.gather(*[retry(x) for x in [${one.xs}]])`,
    `out.append(sorted([task["nth"] for task in tasks]))`,
  ];
}

/** Tools whose writes are counted where they have an effect, and the program that calls them. */
class World {
  readonly written: number[] = [];
  isLost = false;
  private cancel = new AbortController();
  /** Aborts when the program has ended. */
  private running = new AbortController();
  private runs = 0;

  constructor(private readonly mishaps: ReadonlyMap<number, Mishap>) {}

  readonly tools = [
    new CountedTool("write", (n, signal) => this.write(n, signal)),
    new CountedTool("read", (n) => [n, `${n}`], READ),
  ];

  private async write(n: number, signal: AbortSignal): Promise<unknown> {
    const mishap = this.mishaps.get(this.runs++);
    if (mishap === "fail") throw new Error("busy");
    this.written.push(n);
    const answer = { n, of: n * 1.5, nth: this.written.filter((other) => other === n).length };
    if (mishap === undefined) return answer;
    if (mishap === "kill") for (const pid of sandboxPids()) process.kill(pid, "SIGKILL");
    else this.cancel.abort();
    if (mishap === "lose") {
      this.isLost = true;
      return hang(signal);
    }
    await new Promise((resolve) => this.running.signal.addEventListener("abort", resolve));
    return answer;
  }

  /** Runs a program, and waits for the answers that come after its end. */
  async during<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.cancel = new AbortController();
    this.running = new AbortController();
    try {
      return await run(this.cancel.signal);
    } finally {
      this.running.abort();
      await new Promise(setImmediate);
    }
  }
}

const MAX_ATTEMPTS = 20;

describe("random programs that fail at random points", () => {
  it("do every write once when they are resumed until done, and give what an unbroken run gives", {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ steps, raises, mishaps, resumes }) => {
        const whole = new World(new Map());
        const broken = new World(new Map(mishaps));
        await using unbroken = new TestExecutions(whole.tools);
        const expected = resultOf(await unbroken.run(source(steps)));

        await using resumed = new TestExecutions(broken.tools);
        const attempt = (nth: number, resumeFrom?: string) =>
          broken.during((signal) => resumed.run(source(steps, nth, raises[nth]), { resumeFrom, signal }));
        const first = await attempt(0);
        let latest = first;
        for (let nth = 1; !latest.execution.ok && nth < MAX_ATTEMPTS; nth += 1) {
          const ids = { latest: latest.id, first: first.id, last: "last" };
          latest = await attempt(nth, ids[resumes[nth % resumes.length] ?? "latest"]);
        }
        if (broken.isLost) {
          expect(failureOf(latest)).toContain("the outcome of this call is unknown");
          for (const n of broken.written)
            expect(count(broken.written, n)).toBeLessThanOrEqual(count(whole.written, n));
        } else {
          expect(resultOf(latest)).toEqual(expected);
          expect(broken.written.toSorted()).toEqual(whole.written.toSorted());
        }
      }),
      { numRuns: 30 },
    );
  });
});

function count(all: readonly number[], one: number): number {
  return all.filter((other) => other === one).length;
}
