import { describe, expect, it } from "vitest";
import { PythonError } from "../../src/sandbox/monty/calls.js";
import type { HostFunction } from "../../src/sandbox/program.js";
import { Gate } from "../support/gate.js";
import { host, TestSandbox } from "../support/sandbox.js";

/** Fails for what is negative. */
const root = host("root", ["x"], ({ x }) => {
  if (Number(x) < 0) throw new PythonError("ValueError", `root: no root of ${x}`);
  return Math.sqrt(Number(x));
});

async function run(code: string, functions: readonly HostFunction[] = [root]) {
  await using test = new TestSandbox();
  return await test.run(`import asyncio\n${code}`, { functions });
}

const SAFE = `async def safe(x):
    try:
        return await root(x)
    except ValueError as error:
        return str(error)
`;

describe("calls that fail in a gather", () => {
  it.each([
    ["one of them", "[4, -1, 9]", [2, "root: no root of -1", 3]],
    [
      "several at once",
      "[-1, -2, -3]",
      ["root: no root of -1", "root: no root of -2", "root: no root of -3"],
    ],
  ])("are caught where they are made: %s", async (_, xs, result) => {
    const code = `${SAFE}await asyncio.gather(*[safe(x) for x in ${xs}])`;
    expect(await run(code)).toMatchObject({ ok: true, result });
  });

  it("are caught in nested gathers, and let `finally` run", async () => {
    const code = `log = []
async def careful(x):
    try:
        return await asyncio.gather(root(x), root(4))
    except ValueError:
        return "caught"
    finally:
        log.append(x)
[await asyncio.gather(careful(-1), careful(9), careful(-4)), sorted(log)]`;
    expect(await run(code)).toMatchObject({
      result: [
        ["caught", [3, 2], "caught"],
        [-4, -1, 9],
      ],
    });
  });

  it.each([
    ["one", "[4, -1]"],
    ["several at once", "[-1, -2, -3]"],
  ])("are caught around the gather: %s", async (_, xs) => {
    const code = `try:
    await asyncio.gather(*[root(x) for x in ${xs}])
except ValueError as error:
    message = str(error)
message`;
    expect(await run(code)).toMatchObject({
      ok: true,
      result: expect.stringContaining("root: no root of -"),
    });
  });

  it.each([
    ["calls", "x = 1\nawait asyncio.gather(root(-1), root(-2))", 3],
    [
      "tasks",
      "async def task(x):\n    y = await root(x)\n    return y\nawait asyncio.gather(task(-1), task(-2))",
      5,
    ],
  ])("fail the program at once with their line when nobody catches them: %s", async (_, code, line) => {
    const execution = await run(code);
    expect(execution).toMatchObject({
      ok: false,
      failure: { kind: "runtime", message: expect.stringContaining("ValueError: root: no root of -"), line },
    });
    expect(execution.durationMs).toBeLessThan(4000);
  });

  it("fail a program whose tasks catch something else", async () => {
    const code = `${SAFE.replace("ValueError", "KeyError")}await asyncio.gather(safe(-1), root(-2))`;
    expect(await run(code)).toMatchObject({
      failure: { message: expect.stringMatching(/^ValueError: root: no root of -/) },
    });
  });

  it("run in parallel also where failures are caught", async () => {
    const gate = new Gate(3);
    const wait = host("root", ["x"], async ({ x }) => {
      await gate.pass();
      if (Number(x) < 0) throw new PythonError("ValueError", "negative");
      return x;
    });
    const code = `${SAFE}await asyncio.gather(safe(1), safe(-2), root(x=3))`;
    expect(await run(code, [wait])).toMatchObject({ result: [1, "negative", 3] });
  });

  it("keep their exception types", async () => {
    const code = `async def kind(x):
    try:
        await refuse(x)
    except PermissionError:
        return "permission"
    except LookupError:
        return "lookup"
await asyncio.gather(kind(1), kind(2))`;
    const refuse = host("refuse", ["x"], ({ x }) => {
      throw new PythonError(x === 1 ? "PermissionError" : "KeyError", "no");
    });
    expect(await run(code, [refuse])).toMatchObject({ result: ["permission", "lookup"] });
  });

  it("are caught by a function of an earlier program of the session", async () => {
    await using test = new TestSandbox();
    const program = { functions: [root], session: { name: "s" } };
    await test.run(`import asyncio\n${SAFE}`, program);
    expect(await test.run("await asyncio.gather(safe(-1), safe(-2), safe(4))", program)).toMatchObject({
      result: ["root: no root of -1", "root: no root of -2", 2],
    });
  });
});

describe("functions that a program of a session keeps as values", () => {
  it("give what they gave before, once a later program catches failures in tasks", async () => {
    await using test = new TestSandbox();
    const program = { functions: [root], session: { name: "s" } };
    const kept =
      "kept = root\nby_name = {'root': root}\nasync def by_default(x, f=root):\n    return await f(x)";
    await test.run(kept, program);
    const all = (x: number) => `[await kept(${x}), await by_name["root"](${x}), await by_default(${x})]`;
    expect(await test.result(`import asyncio\n${SAFE}${all(4)} + [await safe(-1)]`, program)).toEqual([
      2,
      2,
      2,
      "root: no root of -1",
    ]);
    expect(await test.failure(all(-1), program)).toMatchObject({
      message: "ValueError: root: no root of -1",
      line: 1,
    });
  });

  it("show nothing of what stands before a program that catches failures in tasks", async () => {
    await using test = new TestSandbox({ limits: { toolCalls: 5 } });
    const program = { functions: [root], session: { name: "s" } };
    expect(await test.result(`${SAFE}kept = root\nrepr(root)`, program)).toMatch(/^<function 'root'/);
    const failure = await test.failure("for x in range(9):\n    await kept(x)", program);
    expect(failure).toMatchObject({ message: "The program made more than 5 tool calls.", line: 2 });
  });
});

describe("a program with a task that catches", () => {
  it("counts lines as they were sent, in errors and in syntax errors", async () => {
    expect(await run(`${SAFE}await safe(4)\n[][0]`)).toMatchObject({ failure: { line: 8 } });
    expect(await run(`${SAFE}await safe(4)\nx = = 1`)).toMatchObject({
      failure: { kind: "syntax", line: 8 },
    });
  });

  it("gives an unawaited call as what it is", async () => {
    await using test = new TestSandbox();
    const failure = await test.failure(`import asyncio\n${SAFE}[root(4)]`, { functions: [root] });
    expect(failure.message).toContain("not awaited");
  });
});
