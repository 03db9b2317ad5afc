import { describe, expect, it } from "vitest";
import { type ToolAnnotations, ToolOutputError, UnansweredError } from "../../src/catalog/tool.js";
import { CountedTool, failureOf, READ, resultOf, TestExecutions } from "../support/executions.js";
import { hang } from "../support/gate.js";
import { sandboxPids } from "../support/processes.js";
import { until } from "../support/until.js";

const FIFTEEN = `import asyncio
done = await asyncio.gather(*[write(i) for i in range(7)])
for i in range(7, 14):
    done.append(await write(i))
`;

describe("a program that resumes a failed one", () => {
  it("makes no call a second time that was done, and one run of the last", async () => {
    const write = new CountedTool("write", (x) => {
      if (x > 14) throw new RangeError("There are only 15.");
      return x * 10;
    });
    await using test = new TestExecutions([write]);
    const first = await test.run(`${FIFTEEN}done.append(await write(15))\ndone`);
    expect(failureOf(first)).toContain("only 15");
    expect(first).toMatchObject({ counts: { run: 15, replayed: 0, failed: 1, unknown: 0 }, keptCalls: 14 });

    const second = await test.run(`${FIFTEEN}done.append(await write(14))\ndone`, { resumeFrom: first.id });
    expect(resultOf(second)).toEqual(Array.from({ length: 15 }, (_, x) => x * 10));
    expect(second.counts).toEqual({ run: 1, replayed: 14, failed: 0, unknown: 0 });
    expect(write.runs).toEqual([...Array(14).keys(), 15, 14]);
    expect(second.execution.toolCalls.map(({ isMade }) => isMade)).toEqual([...Array(14).fill(false), true]);
  });

  it("does so also where the process of the first was killed", async () => {
    const write = new CountedTool("write");
    const stuck = new CountedTool("stuck", (_, signal) => hang(signal), READ);
    await using test = new TestExecutions([write, stuck]);
    const running = test.run(`${FIFTEEN}await stuck(1)`);
    await until("the program hangs", () => stuck.runs.length === 1);
    for (const pid of sandboxPids()) process.kill(pid, "SIGKILL");
    const first = await running;
    expect(first.execution).toMatchObject({ ok: false, failure: { kind: "crash" } });

    const second = await test.run(`${FIFTEEN}await write(14)\nlen(done)`, { resumeFrom: first.id });
    expect(resultOf(second)).toBe(14);
    expect(write.runs).toHaveLength(15);
  });

  it("finds it as `last`, for a client that never saw the answer", async () => {
    const write = new CountedTool("write");
    await using test = new TestExecutions([write]);
    const code = `${FIFTEEN}done`;
    const first = await test.run(code);
    const second = await test.run(code, { resumeFrom: "last" });
    expect(resultOf(second)).toEqual(resultOf(first));
    expect(second.counts).toMatchObject({ run: 0, replayed: 14 });
    expect(write.runs).toHaveLength(14);
  });

  it("takes over what a chain of programs has done, also through one that made no call", async () => {
    const write = new CountedTool("write");
    await using test = new TestExecutions([write]);
    const first = await test.run("await write(1)\nawait write(2)\n1 / 0");
    const second = await test.run("this is no Python", { resumeFrom: first.id });
    expect(second.keptCalls).toBe(2);
    const third = await test.run("await write(2)\nawait write(3)\n1 / 0", { resumeFrom: second.id });
    const fourth = await test.run("[await write(x) for x in [1, 2, 3, 4]]", { resumeFrom: third.id });
    expect(resultOf(fourth)).toEqual([1, 2, 3, 4]);
    expect(write.runs).toEqual([1, 2, 3, 4]);
  });

  it("uses each call once: an equal one more is made", async () => {
    let count = 0;
    const write = new CountedTool("write", () => ++count);
    await using test = new TestExecutions([write]);
    const first = await test.run("await write(1)\nawait write(1)\n1 / 0");
    const second = await test.run("import asyncio\nawait asyncio.gather(write(1), write(1), write(1))", {
      resumeFrom: first.id,
    });
    expect(resultOf(second)).toEqual([1, 2, 3]);
    expect(second.counts).toMatchObject({ run: 1, replayed: 2 });
  });

  it("gives equal calls their results in the order in which they were made, also along a chain", async () => {
    let count = 0;
    const write = new CountedTool("write", () => ++count);
    await using test = new TestExecutions([write]);
    const first = await test.run("await write(1)\nawait write(1)\n1 / 0");
    const second = await test.run("await write(1)\n1 / 0", { resumeFrom: first.id });
    const third = await test.run("[await write(1), await write(1)]", { resumeFrom: second.id });
    expect(resultOf(third)).toEqual([1, 2]);
  });

  it("knows an equal call however its arguments are written", async () => {
    const write = new CountedTool("write");
    await using test = new TestExecutions([write]);
    const first = await test.run('await write(x=1, note="")\nawait write(2, "a")\n1 / 0');
    const second = await test.run('await write(1)\nawait write(note="a", x=2)', { resumeFrom: first.id });
    expect(second.counts).toMatchObject({ run: 0, replayed: 2 });
  });

  it("makes failed calls again", async () => {
    let isFirst = true;
    const write = new CountedTool("write", () => {
      if (!isFirst) return "fine";
      isFirst = false;
      throw new Error("busy");
    });
    await using test = new TestExecutions([write]);
    const first = await test.run("await write(1)");
    expect(first.counts).toEqual({ run: 1, replayed: 0, failed: 1, unknown: 0 });
    expect(resultOf(await test.run("await write(1)", { resumeFrom: first.id }))).toBe("fine");
  });

  it("gets results as they were, floats, nested lists and all", async () => {
    const read = new CountedTool("read", () => ({ a: [1, 2.5, null, "ü"], b: { c: true } }), READ);
    await using test = new TestExecutions([read]);
    const first = await test.run("repr(await read(1))");
    expect(resultOf(await test.run("repr(await read(1))", { resumeFrom: first.id }))).toBe(resultOf(first));
    expect(read.runs).toHaveLength(1);
  });
});

describe("a call that was sent and not answered", () => {
  async function interrupted(
    annotations = {},
    run = (_: number, signal: AbortSignal): unknown => hang(signal),
  ) {
    let isFirst = true;
    const call = new CountedTool(
      "call",
      (x, signal) => {
        if (!isFirst) return x;
        isFirst = false;
        return run(x, signal);
      },
      annotations,
    );
    const test = new TestExecutions([call]);
    const cancel = new AbortController();
    const running = test.run("await call(1)", { signal: cancel.signal });
    await until("the call is made", () => call.runs.length === 1);
    cancel.abort();
    const first = await running;
    expect(first.counts).toEqual({ run: 1, replayed: 0, failed: 0, unknown: 1 });
    return { test, call, first };
  }

  it("is not made again: the program is told that its outcome is unknown", async () => {
    const { test, call, first } = await interrupted();
    await using _ = test;
    const second = await test.run("await call(1)", { resumeFrom: first.id });
    expect(failureOf(second)).toMatch(/^RuntimeError: call: the outcome of this call is unknown/);
    const caught = "try:\n    await call(1)\nexcept RuntimeError:\n    pass\nawait call(1)";
    const third = await test.run(caught, { resumeFrom: second.id });
    expect(failureOf(third)).toContain("unknown");
    expect(call.runs).toHaveLength(1);
    expect(resultOf(await test.run("await call(1)"))).toBe(1);
  });

  it.each([
    ["read-only", { readOnlyHint: true }],
    ["idempotent", { idempotentHint: true }],
  ])("is made again where the tool is %s", async (_, annotations) => {
    const { test, call, first } = await interrupted(annotations);
    await using _test = test;
    expect(resultOf(await test.run("await call(1)", { resumeFrom: first.id }))).toBe(1);
    expect(call.runs).toHaveLength(2);
  });

  it("is done where the answer still comes", async () => {
    let answer = (_: string) => {};
    const answered = new Promise<string>((resolve) => {
      answer = resolve;
    });
    const { test, call, first } = await interrupted({}, () => answered);
    await using _ = test;
    answer("late");
    await answered;
    await new Promise(setImmediate);
    expect(resultOf(await test.run("await call(1)", { resumeFrom: first.id }))).toBe("late");
    expect(call.runs).toHaveLength(1);
  });
});

describe("a call that was made again within a program", () => {
  it("is not made a third time where the second has no answer", async () => {
    const call = new CountedTool("call", (_, signal) => {
      if (call.runs.length === 1) throw new Error("busy");
      return hang(signal);
    });
    await using test = new TestExecutions([call]);
    const cancel = new AbortController();
    const running = test.run("try:\n    await call(1)\nexcept Exception:\n    await call(1)", {
      signal: cancel.signal,
    });
    await until("the second is made", () => call.runs.length === 2);
    cancel.abort();
    const first = await running;
    expect(first.counts).toEqual({ run: 2, replayed: 0, failed: 1, unknown: 1 });
    const second = await test.run("await call(1)", { resumeFrom: first.id });
    expect(failureOf(second)).toContain("the outcome of this call is unknown");
    expect(call.runs).toHaveLength(2);
  });
});

describe("a call whose error tells more", () => {
  function failing(run: () => unknown, annotations: ToolAnnotations = {}) {
    const write = new CountedTool("write", run, annotations);
    return { write, test: new TestExecutions([write]) };
  }

  it("has an unknown outcome where no answer came", async () => {
    const { write, test } = failing(() => {
      throw new UnansweredError("it did not answer");
    });
    await using _ = test;
    const first = await test.run("await write(1)");
    expect(failureOf(first)).toBe("RuntimeError: write: it did not answer");
    expect(first.counts).toEqual({ run: 1, replayed: 0, failed: 0, unknown: 1 });
    const second = await test.run("await write(1)", { resumeFrom: first.id });
    expect(failureOf(second)).toContain("the outcome of this call is unknown");
    expect(write.runs).toHaveLength(1);
  });

  it("is done where it gave a result that the tool must not give", async () => {
    const { write, test } = failing(() => {
      throw new ToolOutputError("The tool write returned what it should not.");
    });
    await using _ = test;
    const first = await test.run("await write(1)");
    expect(first).toMatchObject({ counts: { run: 1, failed: 1, unknown: 0 }, keptCalls: 1 });
    const second = await test.run("await write(1)", { resumeFrom: first.id });
    expect(failureOf(second)).toContain("this call was done by an earlier program");
    expect(write.runs).toHaveLength(1);
  });

  it("was not made where its user was still being asked", async () => {
    const { write, test } = failing(() => "made", { destructiveHint: true });
    await using _ = test;
    let isAsked = false;
    const cancel = new AbortController();
    const running = test.run("await write(1)", {
      signal: cancel.signal,
      context: {
        confirm: (_, signal) => {
          isAsked = true;
          return hang(signal) as Promise<boolean>;
        },
      },
    });
    await until("the user is asked", () => isAsked);
    cancel.abort();
    const first = await running;
    expect(first.counts).toEqual({ run: 1, replayed: 0, failed: 1, unknown: 0 });
    const context = { confirm: async () => true };
    const second = await test.run("await write(1)", { resumeFrom: first.id, context });
    expect(resultOf(second)).toBe("made");
    expect(write.runs).toHaveLength(1);
  });
});

describe("an execution that is resumed more than once", () => {
  it("goes on from what resumed it last: no write is made twice", async () => {
    const write = new CountedTool("write");
    await using test = new TestExecutions([write]);
    const first = await test.run("await write(1)\n1 / 0");
    const code = "[await write(1), await write(2)]";
    const second = await test.run(code, { resumeFrom: first.id });
    const again = await test.run(code, { resumeFrom: first.id });
    expect(resultOf(again)).toEqual(resultOf(second));
    expect(again.counts).toMatchObject({ run: 0, replayed: 2 });
    expect(write.runs).toEqual([1, 2]);
  });

  it("waits for what resumes it now", async () => {
    const stuck = new CountedTool("stuck", (_, signal) => hang(signal));
    await using test = new TestExecutions([stuck]);
    const first = await test.run("1 / 0");
    const cancel = new AbortController();
    const running = test.run("await stuck(1)", { resumeFrom: first.id, signal: cancel.signal });
    await until("the program runs", () => stuck.runs.length === 1);
    await expect(test.run("await stuck(1)", { resumeFrom: first.id })).rejects.toThrow(
      `which resumes ${first.id}, is still running`,
    );
    cancel.abort();
    await running;
    expect(stuck.runs).toHaveLength(1);
  });
});

describe("resuming", () => {
  it("says which executions there are when the id names none", async () => {
    await using test = new TestExecutions([]);
    await expect(test.run("1", { resumeFrom: "last" })).rejects.toThrow(/no execution.*None is kept/);
    const { id } = await test.run("1");
    await expect(test.run("1", { resumeFrom: "nothing" })).rejects.toThrow(new RegExp(`"nothing".*${id}`));
  });

  it("waits for no program that still runs", async () => {
    const stuck = new CountedTool("stuck", (_, signal) => hang(signal));
    await using test = new TestExecutions([stuck]);
    const cancel = new AbortController();
    const running = test.run("await stuck(1)", { signal: cancel.signal });
    await until("the program runs", () => stuck.runs.length === 1);
    await expect(test.run("1", { resumeFrom: "last" })).rejects.toThrow("is still running");
    cancel.abort();
    const first = await running;
    expect(resultOf(await test.run("1", { resumeFrom: first.id }))).toBe(1);
  });
});

describe("results that take too much room", () => {
  const long = (x: number) => `${x}`.repeat(1000);

  it("are forgotten, the oldest read-only ones first, whose calls are made again", async () => {
    const read = new CountedTool("read", long, READ);
    const write = new CountedTool("write", (x) => x);
    await using test = new TestExecutions([read, write], { keep: { bytes: 8000 } });
    const code = "await write(0)\nfor x in range(5):\n    await read(x)\n";
    const first = await test.run(`${code}1 / 0`);
    const second = await test.run(code, { resumeFrom: first.id });
    expect(second.counts).toEqual({ run: 2, replayed: 4, failed: 0, unknown: 0 });
    expect(read.runs.slice(5)).toEqual([0, 1]);
    expect(write.runs).toEqual([0]);
  });

  it("are bounded also where they come after the end of the program", async () => {
    const answers: ((text: string) => void)[] = [];
    const write = new CountedTool("write", () => new Promise<string>((resolve) => answers.push(resolve)));
    await using test = new TestExecutions([write], { keep: { bytes: 20_000 } });
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      const cancel = new AbortController();
      const running = test.run("await write(1)", { signal: cancel.signal });
      await until("the call is made", () => answers.length === i + 1);
      cancel.abort();
      ids.push((await running).id);
    }
    for (const answer of answers) answer("x".repeat(6000));
    await new Promise(setImmediate);
    expect(test.executions.ids()).toEqual(ids.slice(2));
    const last = await test.run("len(await write(1))", { resumeFrom: "last" });
    expect(resultOf(last)).toBe(6000);
  });

  it("do not make a write happen twice", async () => {
    const write = new CountedTool("write", () => "x".repeat(10_000));
    await using test = new TestExecutions([write], { keep: { bytes: 8000 } });
    const first = await test.run("await write(1)\n1 / 0");
    const second = await test.run("await write(1)", { resumeFrom: first.id });
    expect(failureOf(second)).toContain("was done by an earlier program, but its result was too long");
    expect(write.runs).toHaveLength(1);
  });
});
