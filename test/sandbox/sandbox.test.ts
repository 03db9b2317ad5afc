import { describe, expect, it } from "vitest";
import { PythonError } from "../../src/sandbox/monty/calls.js";
import type { ToolCall } from "../../src/sandbox/program.js";
import { Gate, hang } from "../support/gate.js";
import { sandboxPids } from "../support/processes.js";
import { host, TestSandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";

const lines = (...code: string[]) => code.join("\n");
const echo = host("echo", ["value", "label"], ({ value }) => value);
const fail = host("fail", [], () => {
  throw new PythonError("KeyError", "no such user");
});

describe("a program that succeeds", () => {
  it("gives the value of its last expression and what it printed", async () => {
    await using test = new TestSandbox();
    const execution = await test.run(lines("print('é', 1)", "{'a': [1, 2.5, None, True]}"));
    expect(execution).toMatchObject({
      ok: true,
      result: { a: [1, 2.5, null, true] },
      stdout: "é 1\n",
      toolCalls: [],
      truncated: false,
      notes: [],
    });
    expect(execution.durationMs).toBeGreaterThan(0);
  });

  it("records each call with its arguments by name, in the order of calling", async () => {
    await using test = new TestSandbox();
    const { toolCalls } = await test.run(
      lines("await echo(1, 'x')", "await echo(label='y', value={'k': [2]})", "await echo(3, label='z')"),
      { functions: [echo] },
    );
    expect(toolCalls.map(({ name, arguments: given, error }) => ({ name, given, error }))).toEqual([
      { name: "echo", given: { value: 1, label: "x" }, error: null },
      { name: "echo", given: { value: { k: [2] }, label: "y" }, error: null },
      { name: "echo", given: { value: 3, label: "z" }, error: null },
    ]);
    for (const { startedMs, durationMs } of toolCalls) {
      expect(startedMs).toBeGreaterThan(0);
      expect(durationMs).toBeGreaterThanOrEqual(0);
    }
  });

  it("tells of each call when it starts and when it ends", async () => {
    await using test = new TestSandbox();
    const told: string[] = [];
    const onToolCall = ({ name, error }: ToolCall, phase: string) => told.push(`${phase} ${name} ${error}`);
    await test.run("await echo(1)\ntry:\n    await fail()\nexcept KeyError:\n    pass", {
      functions: [echo, fail],
      onToolCall,
    });
    expect(told).toEqual(["start echo null", "end echo null", "start fail null", "end fail no such user"]);
  });

  it("says what was mended and what the result lost on its way to JSON", async () => {
    await using test = new TestSandbox();
    const { notes } = await test.run("```python\nx = [2 ** 70, float('inf')]\n```");
    expect(notes).toEqual([
      expect.stringContaining("fenced block"),
      expect.stringContaining("the result is `x`"),
      expect.stringMatching(/int beyond 2\^53 at \[0\]/),
      expect.stringMatching(/Infinity at \[1\]/),
    ]);
  });

  it("runs unchecked, and says so, when the type check gives up", async () => {
    await using test = new TestSandbox();
    const overflowing = lines(
      "x = 1",
      "for i in range(2):",
      ...Array(400).fill("    x = (x, i) if i else x"),
      "7",
    );
    const execution = await test.run(overflowing);
    expect(execution).toMatchObject({
      ok: true,
      result: 7,
      notes: [expect.stringMatching(/type check gave up/)],
    });
    expect(await test.failure("1 + 'a'")).toMatchObject({ kind: "type" });
  });
});

describe("a program that fails", () => {
  it("names the line as it was sent for a syntax error in a fenced block", async () => {
    await using test = new TestSandbox();
    expect(await test.failure("Here you are:\n```python\nx = 1\nx +\n```\n")).toMatchObject({
      kind: "syntax",
      message: expect.stringContaining("SyntaxError"),
      line: 4,
      source: "x +",
    });
  });

  it("is refused with what to write instead where the runtime lacks what it uses", async () => {
    await using test = new TestSandbox();
    expect(await test.failure("import time\ntime.sleep(1)")).toMatchObject({
      kind: "syntax",
      line: 1,
      source: "import time",
      hint: expect.any(String),
    });
  });

  it("lists type errors with their lines before anything runs", async () => {
    await using test = new TestSandbox();
    let calls = 0;
    const count = host("count", ["n"], () => {
      calls += 1;
    });
    const failure = await test.failure("```\nawait count(1)\nawait count('one')\nawait count(n='two')\n```", {
      functions: [count],
      stubs: "async def count(n: int) -> None: ...\n",
    });
    expect(failure).toMatchObject({ kind: "type", line: 3, source: "await count('one')" });
    expect(failure.message).toMatch(/^line 4: /m);
    expect(calls).toBe(0);
  });

  it("names the innermost line of a runtime error and the calls that led there", async () => {
    await using test = new TestSandbox();
    const code = lines(
      "import json",
      "",
      "def pick(d):",
      "    return d['nope']",
      "",
      "pick(json.loads('{}'))",
    );
    expect(await test.failure(code)).toEqual({
      kind: "runtime",
      message: "KeyError: nope\nin pick(), called from line 6",
      line: 4,
      source: "    return d['nope']",
      hint: expect.any(String),
    });
  });

  it("keeps what was printed and called before", async () => {
    await using test = new TestSandbox();
    const execution = await test.run("print('before')\nawait echo(1)\n1 / 0", { functions: [echo] });
    expect(execution).toMatchObject({
      ok: false,
      stdout: "before\n",
      toolCalls: [{ name: "echo", error: null }],
    });
  });

  it("does not repeat a long line or a long message in full", async () => {
    await using test = new TestSandbox();
    const failure = await test.failure(`raise ValueError('x' * 100_000)  # ${"y".repeat(10_000)}`);
    expect(failure.message.length).toBeLessThan(5000);
    expect(failure.source?.length).toBeLessThan(500);
  });

  it("fails with kind crash when its process is killed, and the next one succeeds", async () => {
    await using test = new TestSandbox();
    const [pid] = sandboxPids();
    const kill = host("kill", [], () => process.kill(pid as number, "SIGKILL"));
    expect(await test.failure("await kill()\nwhile True:\n    pass", { functions: [kill] })).toMatchObject({
      kind: "crash",
      message: expect.stringContaining("SIGKILL"),
    });
    expect(await test.result("1 + 1")).toBe(2);
  });
});

describe("a tool call", () => {
  it.each([
    ["echo(1, 2, 3)", "TypeError: echo() takes 2 arguments but 3 were given"],
    [
      "echo(1, colour=3)",
      "TypeError: echo() got an unexpected keyword argument 'colour': its parameters are value, label",
    ],
    ["echo(1, value=3)", "TypeError: echo() got multiple values for argument 'value'"],
    ["fail(1)", "TypeError: fail() takes 0 arguments but 1 were given"],
    ["echo(lambda: 1)", "TypeError: argument 'value' of echo(): an object cannot be sent as JSON"],
  ])("is refused as in Python: %s", async (call, message) => {
    await using test = new TestSandbox();
    const failure = await test.failure(`x = 1\nawait ${call}`, { functions: [echo, fail] });
    expect(failure).toMatchObject({ kind: "runtime", line: 2, source: `await ${call}` });
    expect(failure.message).toContain(message);
  });

  it("that fails raises an exception that the program can catch", async () => {
    await using test = new TestSandbox();
    const code = lines(
      "try:",
      "    await fail()",
      "except KeyError as error:",
      "    print(error)",
      "'went on'",
    );
    expect(await test.run(code, { functions: [fail] })).toMatchObject({
      ok: true,
      result: "went on",
      stdout: "'no such user'\n",
      toolCalls: [{ name: "fail", arguments: {}, error: "no such user" }],
    });
  });

  it("that fails ends a program that does not catch it, with the line of the call", async () => {
    await using test = new TestSandbox();
    expect(await test.run("x = 1\nawait fail()", { functions: [fail] })).toMatchObject({
      ok: false,
      failure: {
        kind: "runtime",
        message: expect.stringContaining("no such user"),
        line: 2,
        source: "await fail()",
      },
      toolCalls: [{ error: "no such user" }],
    });
  });

  it("that returns what Python cannot hold is an error that names it", async () => {
    await using test = new TestSandbox();
    const date = host("date", [], () => ({ at: () => 1 }));
    const failure = await test.failure("await date()", { functions: [date] });
    expect(failure.message).toContain("date() returned what Python cannot hold");
  });

  it.each([
    ["undefined", undefined, "undefined"],
    ["a text", "out of tea", "out of tea"],
    ["an error whose text is no valid Unicode", new Error("tea \ud800"), "tea \ufffd"],
    ["a very long error", new Error("x".repeat(1_000_000)), "xxx"],
  ])("that throws %s is a RuntimeError", async (_what, thrown, message) => {
    await using test = new TestSandbox();
    const strange = host("strange", [], () => {
      throw thrown;
    });
    const failure = await test.failure("await strange()", { functions: [strange] });
    expect(failure.kind).toBe("runtime");
    expect(failure.message).toContain(`RuntimeError: ${message}`);
    expect(failure.message.length).toBeLessThan(5000);
  });

  it("runs at the same time as the others of its gather", async () => {
    await using test = new TestSandbox();
    const gate = new Gate(5);
    const wait = host("wait", ["n"], async ({ n }) => {
      await gate.pass();
      return n;
    });
    const code = lines(
      "import asyncio",
      "async def twice(n):",
      "    return 2 * await wait(n)",
      "await asyncio.gather(*[twice(n) for n in range(5)])",
    );
    expect(await test.result(code, { functions: [wait] })).toEqual([0, 2, 4, 6, 8]);
  });

  it("waits its turn beyond the cap on calls at a time", async () => {
    await using test = new TestSandbox({ limits: { parallelToolCalls: 3 } });
    const gate = new Gate(3);
    let running = 0;
    let most = 0;
    const wait = host("wait", ["n"], async ({ n }) => {
      running += 1;
      most = Math.max(most, running);
      await gate.pass();
      running -= 1;
      return n;
    });
    const code = "import asyncio\nawait asyncio.gather(*[wait(n) for n in range(10)])";
    expect(await test.result(code, { functions: [wait] })).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(most).toBe(3);
  });

  it("that is not finished when the program ends is signalled and recorded as such", async () => {
    await using test = new TestSandbox();
    let signalled = false;
    const slow = host("slow", [], async (_, signal) => {
      signal.addEventListener("abort", () => {
        signalled = true;
      });
      return hang(signal);
    });
    const execution = await test.run("import asyncio\nawait asyncio.gather(slow(), fail())", {
      functions: [slow, fail],
    });
    expect(execution).toMatchObject({
      ok: false,
      failure: { kind: "runtime", message: expect.stringContaining("no such user") },
      toolCalls: [{ name: "slow", error: expect.stringContaining("not finished") }, { name: "fail" }],
    });
    expect(signalled).toBe(true);
  });
});

describe("cancellation", () => {
  it("before the start runs nothing", async () => {
    await using test = new TestSandbox();
    const execution = await test.run("await echo(1)", { functions: [echo], signal: AbortSignal.abort() });
    expect(execution).toMatchObject({ ok: false, failure: { kind: "cancelled" }, toolCalls: [] });
    expect(await test.result("1 + 1")).toBe(2);
  });

  it("takes a program out of the queue", async () => {
    await using test = new TestSandbox({ maxPrograms: 1 });
    const [first, second] = [new AbortController(), new AbortController()];
    const started = new Gate(1);
    const wait = host("wait", [], (_, signal) => {
      started.pass();
      return hang(signal);
    });
    const running = test.run("await wait()", { functions: [wait], signal: first.signal });
    await started.opened;
    const queued = test.run("1", { signal: second.signal });
    second.abort();
    expect(await queued).toMatchObject({ ok: false, failure: { kind: "cancelled" } });
    first.abort();
    expect(await running).toMatchObject({ ok: false, failure: { kind: "cancelled" } });
    expect(await test.result("1 + 1")).toBe(2);
  });

  it("stops a program that computes", async () => {
    await using test = new TestSandbox();
    const cancel = new AbortController();
    const execution = await test.run("await echo(1)\nwhile True:\n    pass", {
      functions: [echo],
      signal: cancel.signal,
      onToolCall: (_, phase) => phase === "end" && setImmediate(() => cancel.abort()),
    });
    expect(execution).toMatchObject({
      ok: false,
      failure: { kind: "cancelled" },
      toolCalls: [{ error: null }],
    });
    expect(execution.durationMs).toBeLessThan(2500);
    expect(await test.result("1 + 1")).toBe(2);
  });

  it("stops a program that waits for a tool, and signals the tool", async () => {
    await using test = new TestSandbox();
    const cancel = new AbortController();
    let signalled = false;
    const wait = host("wait", [], (_, signal) => {
      signal.addEventListener("abort", () => {
        signalled = true;
      });
      setImmediate(() => cancel.abort());
      return hang(signal);
    });
    const execution = await test.run("x = 1\nawait wait()", { functions: [wait], signal: cancel.signal });
    expect(execution).toMatchObject({
      ok: false,
      failure: { kind: "cancelled" },
      toolCalls: [{ name: "wait", error: expect.stringContaining("not finished") }],
    });
    expect(signalled).toBe(true);
  });

  it("while a process starts does not keep its place", async () => {
    await using test = new TestSandbox({ maxPrograms: 1 });
    for (let i = 0; i < 3; i++) {
      const cancel = new AbortController();
      // A new owner each time: a process must be started for each.
      const run = test.run("1", { owner: {}, signal: cancel.signal });
      queueMicrotask(() => cancel.abort());
      expect(await run).toMatchObject({ ok: false, failure: { kind: "cancelled" } });
    }
    expect(await test.result("1 + 1")).toBe(2);
  });
});

describe("nothing of one program is visible to the next", () => {
  const leave = lines(
    "import math, json",
    "secret = 'left behind'",
    "def helper():",
    "    return secret",
    "for target, name in [(math, 'pi'), (math, 'extra'), (json, 'loads')]:",
    "    try:",
    "        setattr(target, name, 'patched')",
    "    except Exception:",
    "        pass",
    "len = lambda x: 99",
    "len([])",
  );
  // The declarations keep the type checker from refusing names that this program may find only by a leak.
  const stubs = "secret: Any\nhelper: Any\n";
  const look = lines(
    "import math, json",
    "found = []",
    "try:",
    "    found.append(secret)",
    "except NameError:",
    "    pass",
    "try:",
    "    found.append(helper())",
    "except NameError:",
    "    pass",
    "[found, round(math.pi, 2), json.loads('[1]'), len([]), hasattr(math, 'extra')]",
  );

  it.each(["of the same owner, in the same process", "of another owner, in another process"])(
    "%s",
    async (who) => {
      await using test = new TestSandbox();
      const owner = who.includes("another") ? {} : test.owner;
      // The type checker would refuse what this does to modules.
      expect(await test.result(leave, { stubs: "math: Any\n" })).toBe(99);
      expect(await test.result(look, { owner, stubs })).toEqual([[], 3.14, [1], 0, false]);
    },
  );
});

it("a closed sandbox leaves no process and fails what comes after", async () => {
  const test = new TestSandbox({ poolSize: 2 });
  const started = new Gate(1);
  const wait = host("wait", [], (_, signal) => {
    started.pass();
    return hang(signal);
  });
  const running = test.run("await wait()", { functions: [wait] });
  await started.opened;
  await test.sandbox.close();
  expect(await running).toMatchObject({
    ok: false,
    failure: { kind: "crash", message: "The sandbox is closed." },
  });
  expect(await test.run("1")).toMatchObject({ ok: false, failure: { kind: "crash" } });
  await until("no sandbox process is left", () => sandboxPids().length === 0);
});

describe("the note that a program has no value", () => {
  it("comes with a null that nothing was printed for, and with nothing else", async () => {
    await using test = new TestSandbox();
    const notes = async (code: string) => (await test.run(code)).notes.join();
    expect(await notes("for x in [1]:\n    y = x")).toContain("The last statement has no value");
    expect(await notes("for x in [1]:\n    1 / 0")).toBe("");
  });
});

it("a program that waits too long for its turn is told that the server is busy, and that nothing was run", async () => {
  await using test = new TestSandbox({ maxPrograms: 1, maxWaitMs: 20 });
  const cancel = new AbortController();
  let running = Promise.resolve<unknown>(undefined);
  await new Promise<void>((resolve) => {
    const functions = [host("wait", [], (_args, signal) => hang(signal))];
    running = test.run("await wait()", { functions, signal: cancel.signal, onToolCall: () => resolve() });
  });
  expect(await test.failure("1", { owner: {} })).toMatchObject({
    kind: "limit",
    message: "The server is busy: this program found no place to run within 20 ms.",
    hint: expect.stringContaining("Nothing was run"),
  });
  cancel.abort();
  await running;
});
