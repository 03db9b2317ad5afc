import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Execution, Limits } from "../../src/sandbox/program.js";
import { hang } from "../support/gate.js";
import { sandboxPids } from "../support/processes.js";
import { host, LIMITS, type TestProgram, TestSandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";

/** Small, so that a program which runs into one is over soon. */
const limits: Limits = {
  ...LIMITS,
  timeoutMs: 4000,
  interpreterMs: 1500,
  memoryBytes: 32 * 1024 * 1024,
  toolCalls: 100,
  resultBytes: 4096,
  stdoutBytes: 4096,
};
const POOL_SIZE = 2;

let test: TestSandbox;

beforeAll(async () => {
  test = new TestSandbox({ limits, poolSize: POOL_SIZE });
  // The first type check takes longer than the others.
  await test.result("1");
});

afterEach(async () => {
  // No owner has more than one program here, so all processes beyond the pool's and the checkers' are leaks.
  await until("the processes of ended programs are gone", () => sandboxPids().length <= 2 * POOL_SIZE);
});

afterAll(async () => {
  await test.sandbox.close();
  await until("no sandbox process is left", () => sandboxPids().length === 0);
});

/** Runs a program to its end, and makes sure that others are answered while it runs and afterwards. */
async function runBesideOthers(code: string, program?: TestProgram): Promise<Execution> {
  const running = test.run(code, program);
  const other = await test.run("1 + 1", { owner: {} });
  expect(other).toMatchObject({ ok: true, result: 2 });
  expect(other.durationMs).toBeLessThan(limits.timeoutMs / 2);
  const execution = await running;
  expect(await test.result("2 + 2")).toBe(4);
  return execution;
}

async function limitOf(code: string, program?: TestProgram) {
  const execution = await runBesideOthers(code, program);
  if (execution.ok) throw new Error(`The program gave ${JSON.stringify(execution.result)}`);
  expect(execution.failure.kind).toBe("limit");
  expect(execution.durationMs).toBeLessThan(limits.timeoutMs + 500);
  return { ...execution, ...execution.failure };
}

const next = host("next", ["n"], ({ n }) => n);

describe("time", () => {
  it("ends a program that spins, at the limit on computing", async () => {
    const { message, durationMs } = await limitOf("n = 0\nwhile True:\n    n += 1");
    expect(message).toBe("The program computed for more than 1.5 s.");
    expect(durationMs).toBeLessThan(limits.timeoutMs);
  });

  it("ends by the wall clock what the interpreter does not interrupt", async () => {
    const { message, durationMs } = await limitOf("x = 7 ** (10 ** 7)\n1", { timeoutMs: 300 });
    expect(message).toBe("The program took longer than 0.3 s.");
    expect(durationMs).toBeLessThan(1000);
  });

  it("ends a program whose tool never answers, names the tool and the line, and signals the tool", async () => {
    let signalled = false;
    const silent = host("silent", [], (_, signal) => {
      signal.addEventListener("abort", () => {
        signalled = true;
      });
      return hang(signal);
    });
    const found = await limitOf("await next(1)\nawait silent()", {
      functions: [next, silent],
      timeoutMs: 1500,
    });
    expect(found).toMatchObject({
      message: expect.stringMatching(
        /^The program took longer than 1\.5 s\. It waited for: silent \(for [01]\.\d s\)\.$/,
      ),
      line: 2,
      source: "await silent()",
      toolCalls: [
        { name: "next", error: null },
        { name: "silent", error: expect.any(String) },
      ],
    });
    expect(signalled).toBe(true);
  });

  it("ends a program whose tool ignores its signal", async () => {
    const deaf = host("deaf", [], () => new Promise(() => {}));
    const { message } = await limitOf("await deaf()", { functions: [deaf], timeoutMs: 1500 });
    expect(message).toContain("deaf");
  });

  it("cannot be raised by the program", async () => {
    const { message } = await limitOf("while True:\n    pass", { timeoutMs: 1e9 });
    expect(message).toContain("1.5 s");
  });
});

describe("memory", () => {
  const message = "The program needed more than 32 MiB of memory.";

  it.each([
    ["many lists", "xs = []\nwhile True:\n    xs.append([len(xs)] * 10)"],
    ["many texts", "xs = []\nwhile True:\n    xs.append('x' * 1000 + str(len(xs)))"],
    ["one text that doubles", "x = 'x'\nwhile True:\n    x = x + x"],
    ["one large list", "x = [0] * 10 ** 9\nlen(x)"],
    ["one large text", "x = 'x' * 10 ** 10\nlen(x)"],
    ["one large range", "list(range(10 ** 12))"],
  ])("ends a program that allocates %s", async (_what, code) => {
    expect(await limitOf(code)).toMatchObject({ message });
  });
});

describe("recursion", () => {
  it("ends a program that calls itself without end", async () => {
    const code = "def down(n):\n    return down(n + 1)\ndown(0)";
    expect(await limitOf(code)).toMatchObject({
      message: expect.stringMatching(
        /^More than 200 nested calls: RecursionError.*\nin down\(\), called from line 2, /,
      ),
      line: 2,
      hint: expect.any(String),
    });
  });

  it("ends a program that awaits itself without end", async () => {
    const { message } = await limitOf("async def down(n):\n    return await down(n + 1)\nawait down(0)");
    expect(message).toContain("nested calls");
  });

  it.each([
    ["parentheses", `${"(".repeat(20_000)}1${")".repeat(20_000)}`],
    ["lists", "[".repeat(20_000) + "]".repeat(20_000)],
    ["dicts", `${"{1:".repeat(20_000)}1${"}".repeat(20_000)}`],
    ["brackets that never close", "([{".repeat(7000)],
    ["minus signs", `${"-".repeat(20_000)}1`],
    ["nots", `${"not ".repeat(20_000)}True`],
    ["lambdas", `${"lambda: ".repeat(20_000)}1`],
    ["nested calls", `${"str(".repeat(20_000)}1${")".repeat(20_000)}`],
    ["calls of results", `print${"()".repeat(20_000)}`],
    ["attributes", `x = 1\nx${".real".repeat(20_000)}`],
    ["subscripts", `x = [1]\nx${"[0]".repeat(20_000)}`],
    ["sums", `1${"+1".repeat(20_000)}`],
    ["conditions", `${"1 if x else ".repeat(20_000)}1`],
    ["blocks", Array.from({ length: 600 }, (_, depth) => `${" ".repeat(depth)}if 1:`).join("\n")],
  ])("refuses 20,000 nested %s at once", async (_what, code) => {
    const execution = await runBesideOthers(code);
    if (execution.ok) throw new Error("it ran");
    expect(execution.failure).toMatchObject({
      kind: "syntax",
      message: expect.stringMatching(/SyntaxError|Not supported/),
    });
    expect(JSON.stringify(execution.failure).length).toBeLessThan(2000);
    expect(execution.durationMs).toBeLessThan(limits.timeoutMs);
  });
});

describe("length of the program", () => {
  const line = "x = x + 1\n";
  const program = (bytes: number) => `x = 0\n${line.repeat(Math.floor((bytes - 8) / line.length))}x\n`;

  it("runs one of 250 KiB", async () => {
    await using patient = new TestSandbox({ limits: { timeoutMs: 20_000 } });
    const execution = await patient.run(program(250 * 1024));
    expect(execution).toMatchObject({ ok: true, result: Math.floor((250 * 1024 - 8) / line.length) });
  });

  it("refuses one beyond 256 KiB with both numbers", async () => {
    const { message } = await limitOf(program(257 * 1024));
    expect(message).toMatch(/^The program is 2631\d\d bytes long; the limit is 262144\.$/);
  });

  it("counts bytes, not characters", async () => {
    const { message } = await limitOf(`'${"é".repeat(130 * 1024)}'`);
    expect(message).toContain("266242 bytes");
  });
});

describe("output", () => {
  it("ends a program that prints without end and keeps the beginning", async () => {
    const { message, stdout, truncated } = await limitOf(
      "n = 0\nwhile True:\n    print('line', n)\n    n += 1",
    );
    expect(message).toMatch(
      /^The program printed more than 256 KiB\.$|^The program computed for more than 0\.5 s\.$/,
    );
    expect(stdout).toMatch(/^line 0\nline 1\n/);
    expect(stdout).toMatch(/\n… \(\d+ more bytes\)$/);
    expect(stdout.length).toBeLessThan(limits.stdoutBytes + 100);
    expect(truncated).toBe(true);
  });

  it("ends a program that prints one text beyond all bounds", async () => {
    const { stdout } = await limitOf("x = 'x' * 1_000_000\nwhile True:\n    print(x)");
    expect(stdout.length).toBeLessThan(limits.stdoutBytes + 100);
  });

  it("cuts what a program prints beyond the limit, and says so", async () => {
    const execution = await test.run("print('é' * 5000)\n1");
    expect(execution).toMatchObject({ ok: true, result: 1, truncated: true });
    expect(execution.stdout).toBe(`${"é".repeat(2048)}\n… (5905 more bytes)`);
  });

  it("cuts a result beyond the limit so that it stays JSON, and says so", async () => {
    const execution = await runBesideOthers("[{'name': 'x' * 100, 'n': n} for n in range(10_000)]");
    expect(execution).toMatchObject({ ok: true, truncated: true });
    const { result } = execution as Execution & { ok: true };
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThanOrEqual(limits.resultBytes);
    expect(result).toContainEqual({ name: "x".repeat(100), n: 3 });
  });

  it("does not give back a result that is nested too deeply", async () => {
    const { message } = await limitOf("x = []\nfor i in range(5000):\n    x = [x]\nx");
    expect(message).toBe("The result is nested too deeply to be given back.");
  });
});

describe("tool calls", () => {
  it("ends a program that calls without end, one by one", async () => {
    let calls = 0;
    const count = host("count", [], () => {
      calls += 1;
    });
    const { message, toolCalls } = await limitOf("while True:\n    await count()", { functions: [count] });
    expect(message).toBe("The program made more than 100 tool calls.");
    expect(calls).toBe(100);
    expect(toolCalls).toHaveLength(100);
  });

  it("ends a program that calls without end and awaits none", async () => {
    let calls = 0;
    const count = host("count", [], (_, signal) => {
      calls += 1;
      return hang(signal);
    });
    const { message, toolCalls } = await limitOf("xs = []\nwhile True:\n    xs.append(count())", {
      functions: [count],
    });
    expect(message).toBe("The program made more than 100 tool calls.");
    expect(toolCalls).toHaveLength(100);
    expect(calls).toBe(limits.parallelToolCalls);
  });

  it("ends a program that catches the error of the call too many", async () => {
    const code = "while True:\n    try:\n        await next(1)\n    except Exception:\n        pass";
    expect((await limitOf(code, { functions: [next] })).message).toContain("100 tool calls");
  });
});
