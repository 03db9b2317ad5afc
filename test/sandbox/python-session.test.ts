import { parser } from "@lezer/python";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WORKS } from "../../src/sandbox/prepare/constructs.js";
import { children } from "../../src/sandbox/prepare/parse.js";
import type { Execution, HostFunction } from "../../src/sandbox/program.js";
import { Gate, hang } from "../support/gate.js";
import { sandboxPids } from "../support/processes.js";
import { host, type TestProgram, TestSandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";

const LOST = "The variables of the session are lost: it starts afresh.";

let test: TestSandbox;

beforeAll(() => {
  test = new TestSandbox({
    limits: { interpreterMs: 400, timeoutMs: 3000, memoryBytes: 32 * 1024 * 1024 },
    sessionsPerOwner: 3,
    sessions: 200,
  });
});

afterAll(async () => {
  await test.sandbox.close();
  await until("no sandbox process is left", () => sandboxPids().length === 0);
});

/** Programs of one session of an owner of their own. */
class Session {
  readonly owner = {};

  constructor(
    private readonly defaults: TestProgram = {},
    private readonly sandbox = test,
  ) {}

  run(code: string, program: TestProgram = {}): Promise<Execution> {
    return this.sandbox.run(code, {
      owner: this.owner,
      session: { name: "s" },
      ...this.defaults,
      ...program,
    });
  }

  async result(code: string, program?: TestProgram): Promise<unknown> {
    const execution = await this.run(code, program);
    if (!execution.ok) throw new Error(`The program failed: ${JSON.stringify(execution.failure)}`);
    return execution.result;
  }

  async failure(code: string, program?: TestProgram) {
    const execution = await this.run(code, program);
    if (execution.ok) throw new Error(`The program gave ${JSON.stringify(execution.result)}`);
    return { ...execution.failure, notes: execution.notes };
  }
}

/** The statements at the top level of a program, each a program. */
function statementsOf(code: string): string[] {
  const { topNode } = parser.parse(code);
  return children(topNode).map(({ from, to }) => code.slice(from, to));
}

const lines = (...all: string[]) => all.join("\n");
const next = host("next", ["n"], ({ n }) => Number(n) + 1);
const silent = host("silent", [], (_, signal) => hang(signal));

describe("a session", () => {
  it("keeps variables, functions, classes and imports", async () => {
    const session = new Session({ functions: [next] });
    await session.result(
      lines(
        "import math, json as j",
        "from datetime import date",
        "rows = [1, 2, 3]",
        "def total(xs):",
        "    return sum(xs)",
        "async def after(n):",
        "    return await next(n)",
        "class Point:",
        "    def __init__(self, x):",
        "        self.x = x",
        "p = Point(4)",
      ),
    );
    expect(
      await session.result("[total(rows), math.floor(2.5), j.dumps({}), date(2020, 1, 2), p.x]"),
    ).toEqual([6, 2, "{}", "2020-01-02", 4]);
    expect(await session.result("rows.append(await after(3))\nlen(rows)")).toBe(4);
    expect(await session.result("rows")).toEqual([1, 2, 3, 4]);
  });

  it("is another one for another name or another owner, and none where none is named", async () => {
    const session = new Session();
    await session.result("x = 1");
    for (const other of [{ session: { name: "t" } }, { session: undefined }, { owner: {} }]) {
      expect(await session.failure("x", other)).toMatchObject({ kind: "type" });
    }
    expect(await session.result("x")).toBe(1);
  });

  it("starts afresh on reset", async () => {
    const session = new Session();
    await session.result("x = 1");
    expect(await session.result("y = 2", { session: { name: "s", reset: true } })).toBe(2);
    expect(await session.failure("x")).toMatchObject({
      kind: "type",
      message: expect.stringContaining("`x`"),
    });
    expect(await session.result("y")).toBe(2);
  });

  it("starts afresh beside a program that still runs in it", async () => {
    const session = new Session({ functions: [silent] });
    const ending = new AbortController();
    const running = session.run("x = 1\nawait silent()", { signal: ending.signal });
    const waiting = session.run("y = 1\ny");
    expect(await session.result("z = 1", { session: { name: "s", reset: true } })).toBe(1);
    ending.abort();
    expect(await running).toMatchObject({ ok: false, failure: { kind: "cancelled" } });
    expect(await waiting).toMatchObject({ ok: true });
    expect(await session.result("[y, z]")).toEqual([1, 1]);
  });

  it("runs its programs one after the other", async () => {
    let running = 0;
    const slow = host("slow", [], async () => {
      running += 1;
      expect(running).toBe(1);
      await new Promise(setImmediate);
      running -= 1;
    });
    const session = new Session({ functions: [slow] });
    await session.result("xs = []");
    const programs = [1, 2, 3, 4].map((n) => session.result(`await slow()\nxs.append(${n})`));
    await Promise.all(programs);
    expect(await session.result("xs")).toEqual([1, 2, 3, 4]);
  });

  it("binds the tools anew in each program", async () => {
    const session = new Session();
    const one = host("tool", [], () => "one");
    const two = host("tool", [], () => "two");
    await session.result("async def call():\n    return await tool()\nawait call()", { functions: [one] });
    expect(await session.result("await call()", { functions: [two] })).toBe("two");
    expect(await session.failure("await call()")).toMatchObject({
      message: expect.stringContaining("NameError"),
    });
    await session.result("tool = 5", { functions: [] });
    expect(await session.result("await tool()", { functions: [one] })).toBe("one");
  });

  it("limits computing by program, not in all", async () => {
    const session = new Session();
    const started = performance.now();
    const code = "n = 0\nwhile n < 300000:\n    n += 1\nn";
    while (performance.now() - started < 1000) expect(await session.result(code)).toBe(300000);
  });
});

describe("a program that fails", () => {
  it("leaves what ran before the error", async () => {
    const session = new Session();
    const failure = await session.failure("a = 1\nb = {}\nc = b['x']\nd = 2");
    expect(failure).toMatchObject({ kind: "runtime", line: 3 });
    expect(failure.message).not.toContain("lost");
    expect(await session.result("[a, b]")).toEqual([1, {}]);
    expect(await session.failure("d")).toMatchObject({
      kind: "type",
      message: expect.stringContaining("`d`"),
    });
  });

  it("leaves what ran before it waited, and no call of its own", async () => {
    const session = new Session({ functions: [next, silent] });
    const code = lines(
      "import asyncio",
      "x = 1",
      "left = silent()",
      "async def both(n):",
      "    return await next(n)",
      "y = await asyncio.gather(both(1), silent(), silent())",
    );
    expect(await session.failure(code, { timeoutMs: 200 })).toMatchObject({ kind: "limit", line: 6 });
    expect(await session.result("[x, *await asyncio.gather(both(1), next(5))]")).toEqual([1, 2, 6]);
    const execution = await session.run("await next(1)");
    expect(execution).toMatchObject({ result: 2, toolCalls: [{ name: "next", error: null }] });
  });

  it("tells where in an earlier program it failed", async () => {
    const session = new Session();
    await session.result("x = 0\ndef pick(d):\n    return d['nope']\n1");
    expect(await session.failure("y = 1\ndef g():\n    return pick({})\ng()")).toMatchObject({
      message:
        "KeyError: nope\nin pick() of an earlier program: `return d['nope']`\nin g(), called from line 4",
      line: 3,
      source: "    return pick({})",
    });
  });

  it("tells so also where asyncio.gather ran it, and knows which names are there", async () => {
    const session = new Session({ functions: [next] });
    await session.result("async def pick(d):\n    await next(1)\n    return d['nope']\n1");
    const code = "import asyncio\nbefore = 1\nrows = await asyncio.gather(pick({}), pick({}))\nafter = 2";
    expect(await session.failure(code)).toMatchObject({
      kind: "runtime",
      message: "KeyError: nope\nin pick() of an earlier program: `return d['nope']`",
    });
    expect(await session.result("before")).toBe(1);
    for (const name of ["rows", "after"]) expect(await session.failure(name)).toMatchObject({ kind: "type" });
  });

  it.each([
    ["computes without end", "x = 2\nwhile True:\n    pass", "The program computed for more than 0.4 s."],
    ["does not let itself be interrupted", "x = 7 ** (10 ** 7)\n1", "The program took longer than"],
  ])("and %s loses the state, says so, and the next program too", async (_what, code, message) => {
    const session = new Session();
    await session.result("x = 1");
    const failure = await session.failure(code, { timeoutMs: code.includes("**") ? 100 : 3000 });
    expect(failure.message).toContain(message);
    expect(failure.message).toContain(LOST);
    const after = await session.run("y = 1\ny");
    expect(after).toMatchObject({ ok: true, result: 1, notes: [expect.stringMatching(/"s" starts afresh/)] });
    const later = await session.failure("x");
    expect(later).toMatchObject({ kind: "type", notes: [] });
    expect(await session.result("y")).toBe(1);
  });

  it("by one large allocation or deep recursion keeps the state", async () => {
    const session = new Session();
    await session.result("x = 1\ndef f(n):\n    return f(n + 1)");
    for (const code of ["y = 'x' * 10 ** 9", "f(1)"]) {
      const failure = await session.failure(code);
      expect(failure.kind).toBe("limit");
      expect(failure.message).not.toContain("lost");
    }
    expect(await session.result("x")).toBe(1);
  });

  it("and fills the memory keeps the state, and is told how to make room", async () => {
    const session = new Session();
    await session.result("x = 1");
    const fill = "xs = []\nwhile True:\n    xs.append('x' * 1000 + str(len(xs)))";
    expect(await session.failure(fill)).toMatchObject({
      kind: "limit",
      message: "The program needed more than 32 MiB of memory.",
      hint: expect.stringContaining("`reset`"),
    });
    await session.result("xs = None");
    expect(await session.result("[x, xs, len([n for n in range(1000)])]")).toEqual([1, null, 1000]);
  });

  it("because its process was killed, loses the state", async () => {
    const others = new Set(sandboxPids());
    await using own = new TestSandbox();
    const kill = host("kill", [], () => {
      for (const pid of sandboxPids()) if (!others.has(pid)) process.kill(pid, "SIGKILL");
    });
    const session = new Session({}, own);
    await session.result("x = 1");
    const failure = await session.failure("await kill()", { functions: [kill] });
    expect(failure).toMatchObject({ kind: "crash", message: expect.stringContaining(LOST) });
    const { notes } = await session.run("x = 2\nx");
    expect(notes).toContainEqual(expect.stringContaining("starts afresh"));
  });

  it("between two programs, by its process, tells the next one", async () => {
    const others = new Set(sandboxPids());
    await using own = new TestSandbox();
    const session = new Session({}, own);
    await session.result("x = 1");
    for (const pid of sandboxPids()) if (!others.has(pid)) process.kill(pid, "SIGKILL");
    await until("it is told", async () => {
      const { notes } = await session.run("x = 2\nx");
      return notes.some((note) => note.includes("starts afresh"));
    });
  });
});

describe("a call that an earlier program did not await", () => {
  it("fails when it is awaited, and hangs nothing", async () => {
    const session = new Session({ functions: [next] });
    await session.result("left = next(1)\nother = next(2)\n1");
    const code = "mine = next(5)\nawait left";
    expect(await session.failure(code)).toMatchObject({
      kind: "runtime",
      message: expect.stringContaining("a call that an earlier program has made"),
    });
    expect(await session.failure("await other")).toMatchObject({
      message: expect.stringContaining("a call that an earlier program has made"),
    });
    expect(await session.result("await next(7)")).toBe(8);
  });
});

describe("the type check", () => {
  const stubs = lines(
    "from typing import Any, Literal, TypedDict",
    "class Row(TypedDict):",
    "    id: int",
    "    name: str",
    "async def fetch(n: int, kind: Literal['a', 'b'] = 'a') -> Row: ...",
    "",
  );
  const fetch = host("fetch", ["n", "kind"], ({ n }) => ({ id: n, name: `name ${n}` }));
  const typed = { functions: [fetch] as HostFunction[], stubs };

  it("knows the types of earlier names", async () => {
    const session = new Session(typed);
    await session.result(
      lines(
        "import asyncio",
        "rows = await asyncio.gather(*[fetch(n) for n in range(3)])",
        "kind = 'b'",
        "async def one(n: int) -> Row:",
        "    return await fetch(n)",
      ),
    );
    expect(await session.failure("z = 1\nrows[0]['nope']")).toMatchObject({
      kind: "type",
      line: 2,
      source: "rows[0]['nope']",
      message: expect.stringContaining('Unknown key "nope"'),
    });
    expect(await session.failure("await one()")).toMatchObject({ kind: "type" });
    expect(await session.failure("one(1)['id']")).toMatchObject({ kind: "type" });
    expect(await session.result("(await fetch(1, kind))['id'] + (await one(2))['id'] + rows[1]['id']")).toBe(
      4,
    );
  });

  it("refuses an unknown name", async () => {
    const session = new Session(typed);
    await session.result("rows = 1\ndef f():\n    inner = 1\n    return inner");
    for (const name of ["nope", "inner"]) {
      expect(await session.failure(`1\n${name}`)).toMatchObject({ kind: "type", line: 2 });
    }
  });

  it("lets a name become another thing", async () => {
    const session = new Session(typed);
    await session.result("x: int = 1\ndef f(a):\n    return a\nclass A:\n    pass\nimport math\n1");
    expect(await session.result("x = 'a'\nx.upper()")).toBe("A");
    expect(await session.result("x.lower()")).toBe("a");
    expect(await session.result("f = 5\nf + 1")).toBe(6);
    expect(await session.result("f + 1")).toBe(6);
    expect(await session.result("class A:\n    def __init__(self, n):\n        self.n = n\nA(2).n")).toBe(2);
    expect(await session.result("def math(a, b):\n    return a + b\nmath(1, 2)")).toBe(3);
    expect(await session.result("for x in [1, 2]:\n    x + 1\nx")).toBe(2);
  });

  it("takes no side where an error left a name in doubt", async () => {
    const session = new Session(typed);
    await session.result("x = 1\ny = 1");
    await session.failure("y = 'late'\nfor i in [1]:\n    x = 'text'\n    {}['k']\ny = 3");
    expect(await session.result("[x.upper(), y.upper()]")).toEqual(["TEXT", "LATE"]);
  });

  it("takes no side where a program has run against it", async () => {
    const session = new Session(typed);
    await session.result("store = {'count': 1}\nxs = [1]");
    await session.result("store['rows'] = [3]\nxs.append('text')\n1");
    expect(await session.result("[[n for n in store['rows']], xs[1].upper()]")).toEqual([[3], "TEXT"]);
  });

  it("does not take a value of a class for one of a later class of that name", async () => {
    const session = new Session(typed);
    const define = (name: string) => `class A:\n    def __init__(self, n):\n        self.${name} = n`;
    await session.result(`${define("old")}\na = A(1)`);
    expect(await session.failure("a.nope")).toMatchObject({ kind: "type" });
    await session.result(`${define("new")}\n1`);
    expect(await session.result("[a.old, A(2).new]")).toEqual([1, 2]);
  });

  it("takes no side on names that functions rebind", async () => {
    const session = new Session(typed);
    await session.result("x = 1\ndef rebind():\n    global x, made\n    x = 'text'\n    made = 1\n1");
    await session.result("rebind()\n1");
    expect(await session.result("[x.upper(), made]")).toEqual(["TEXT", 1]);
  });

  it("is not switched off by an earlier program", async () => {
    const session = new Session(typed);
    await session.failure("x = 1\nraise ValueError('no')");
    await session.failure("y = 1\nwhile True:\n    z = 1\n    {}['k']");
    expect(await session.failure("nope")).toMatchObject({ kind: "type" });
    expect(await session.result("[x, y, z]")).toEqual([1, 1, 1]);
  });

  it("does not report an earlier program again", async () => {
    const session = new Session(typed);
    // A total of another kind than it was said to be: the checker finds fault, and the program runs.
    await session.result("n: int = 'a'\ndef f() -> int:\n    return 'text'\nf()");
    expect(await session.failure("f().upper() + nope")).toMatchObject({ kind: "type", line: 1 });
    expect(await session.result("n")).toBe("a");
  });

  it("does not doubt what a program that cannot be read has bound", async () => {
    const session = new Session(typed);
    await session.result("x = 1");
    await session.result(`x = 'text'\nlarge = '${"a".repeat(33_000)}'\n1`);
    expect(await session.result("[x.upper(), len(large)]")).toEqual(["TEXT", 33_000]);
    expect(await session.failure("nope")).toMatchObject({ kind: "type" });
  });

  it("knows nothing of a session in a program beside it", async () => {
    const session = new Session(typed);
    await session.result("secret = await fetch(1)");
    for (let i = 0; i < 3; i++) {
      const failure = await session.failure("secret", { session: undefined, owner: {} });
      expect(failure).toMatchObject({ kind: "type" });
    }
  });
});

describe("a program that is sent statement by statement", () => {
  const tool = host("tool", ["x"], ({ x }) => x);

  it.each(WORKS)("gives what it gives as a whole: $what", async ({ example, gives }) => {
    const session = new Session({ functions: [tool] });
    let last: unknown;
    for (const statement of statementsOf(example)) last = await session.result(statement);
    expect(last).toEqual(gives);
  });
});

describe("mends in a session", () => {
  it("count the names that are there as bound", async () => {
    const session = new Session();
    await session.result("class Json:\n    def dumps(self, x):\n        return 'own'\njson = Json()\n1");
    const execution = await session.run("json.dumps(1)");
    expect(execution).toMatchObject({ result: "own", notes: [] });
    const imports = await session.run("math.floor(2.5)");
    expect(imports).toMatchObject({ result: 2, notes: ["`import math` was added."] });
    expect(await session.run("math.floor(3.5)")).toMatchObject({ result: 3, notes: [] });
  });

  it("know an async function that is there, and do not call one that is only defined", async () => {
    const session = new Session();
    const defined = await session.run("async def two():\n    return 2");
    expect(defined).toMatchObject({ ok: true, result: null, notes: [] });
    expect(await session.result("two()")).toBe(2);
  });

  it("keep the lines of the program as it was sent", async () => {
    const session = new Session();
    await session.result("rows = [1]");
    const code = "```python\nx = math.floor(1.5)\ny = rows[x + 5]\n```";
    expect(await session.failure(code)).toMatchObject({ line: 3, source: "y = rows[x + 5]" });
    expect(await session.result("x")).toBe(1);
    expect(await session.failure("y")).toMatchObject({ kind: "type" });
  });
});

describe("the number of sessions", () => {
  it("is capped for an owner; the failure names those that are open", async () => {
    const session = new Session();
    for (const name of ["a", "b", "c"]) await session.result(`x = '${name}'`, { session: { name } });
    const failure = await session.failure("1", { session: { name: "d" } });
    expect(failure).toMatchObject({
      kind: "limit",
      message: 'As many sessions are open as may be: "a", "b", "c".',
      hint: expect.stringContaining("reset"),
    });
    expect(await session.result("x", { session: { name: "b" } })).toBe("b");
    expect(await session.result("y = 1", { session: { name: "a", reset: true } })).toBe(1);
    expect(await new Session().result("1", { session: { name: "d" } })).toBe(1);
  });

  it("is capped for all owners, and leaves room for programs without one", async () => {
    await using own = new TestSandbox({ sessions: 2, maxPrograms: 2 });
    const [first, second, third] = [new Session({}, own), new Session({}, own), new Session({}, own)];
    await first.result("x = 1");
    await second.result("x = 2");
    expect(await third.failure("x = 3")).toMatchObject({
      kind: "limit",
      message: "The server holds 2 sessions, as many as it may.",
    });
    expect(await third.result("3", { session: undefined })).toBe(3);
    own.sandbox.forget(first.owner);
    await until("there is room", async () => (await third.run("x = 3")).ok);
    expect(await second.result("x")).toBe(2);
  });

  it("comes down again: 100 sessions opened and ended leave no process", async () => {
    await using own = new TestSandbox({ sessions: 100, sessionsPerOwner: 5 });
    await own.result("1");
    const before = sandboxPids().length;
    const sessions = Array.from({ length: 20 }, () => new Session({}, own));
    const names = ["a", "b", "c", "d", "e"];
    for (const session of sessions) {
      const opened = names.map((name) => session.result("x = 1", { session: { name } }));
      expect(await Promise.all(opened)).toEqual([1, 1, 1, 1, 1]);
    }
    expect(sandboxPids().length).toBeGreaterThanOrEqual(before + 99);
    expect(own.sandbox.state).toMatchObject({ running: 0, waiting: 0 });
    for (const { owner } of sessions) own.sandbox.forget(owner);
    await until("their processes are gone", () => sandboxPids().length <= before);
    expect(await own.result("1 + 1")).toBe(2);
  }, 30_000);
});

describe("the end of a session", () => {
  it("comes when it is idle; its next program is told", async () => {
    await using own = new TestSandbox({ sessionIdleMs: 150 });
    const session = new Session({}, own);
    await own.result("1");
    const before = sandboxPids();
    await session.result("x = 1");
    await until("it has ended", () => sandboxPids().length <= before.length);
    await until("it is told", async () => {
      const { notes } = await session.run("x = 2\nx");
      return notes.some((note) => note.includes("without a program"));
    });
  });

  it("does not come while a program runs or when one has come in between", async () => {
    await using own = new TestSandbox({ sessionIdleMs: 200 });
    const session = new Session({}, own);
    const slow = host("slow", [], () => new Promise((resolve) => setTimeout(resolve, 300)));
    await session.result("x = 1\nawait slow()", { functions: [slow] });
    expect(await session.result("x")).toBe(1);
  });

  it("comes with its owner; a program that runs goes on to its end", async () => {
    await using own = new TestSandbox();
    await own.result("1");
    const before = sandboxPids().length;
    const session = new Session({}, own);
    const gate = new Gate(2);
    let called = false;
    const wait = host("wait", [], () => {
      called = true;
      return gate.pass();
    });
    const running = session.result("x = 5\nawait wait()\nx", { functions: [wait] });
    await until("it waits", () => called);
    own.sandbox.forget(session.owner);
    await gate.pass();
    expect(await running).toBe(5);
    await until("its process is gone", () => sandboxPids().length <= before);
  });

  it("comes with its owner, also where programs wait for their turn", async () => {
    await using own = new TestSandbox();
    await own.result("1");
    const before = sandboxPids().length;
    const session = new Session({}, own);
    await session.result("x = 1");
    const gate = new Gate(2);
    const wait = host("wait", [], () => gate.pass());
    const running = session.result("await wait()\nx", { functions: [wait] });
    const waiting = [1, 2].map(() => session.run("y = 2\ny"));
    own.sandbox.forget(session.owner);
    await gate.pass();
    expect(await running).toBe(1);
    for (const execution of await Promise.all(waiting)) expect(execution).toMatchObject({ result: 2 });
    await until("their processes are gone", () => sandboxPids().length <= before);
  });

  it("does not take the process from a program that waits for a place", async () => {
    await using own = new TestSandbox({ maxPrograms: 1 });
    const session = new Session({}, own);
    await session.result("x = 1");
    const gate = new Gate(2);
    const wait = host("wait", [], () => gate.pass());
    const other = own.result("await wait()", { functions: [wait] });
    const waiting = session.result("x");
    await until("it waits", () => own.sandbox.state.waiting === 1);
    const fresh = session.failure("x", { session: { name: "s", reset: true } });
    await until("both wait", () => own.sandbox.state.waiting === 2);
    await gate.pass();
    await other;
    expect(await waiting).toBe(1);
    expect(await fresh).toMatchObject({ kind: "type" });
  });

  it("comes with the sandbox", async () => {
    const own = new TestSandbox();
    await new Session({}, own).result("x = 1");
    const pids = sandboxPids();
    await own.sandbox.close();
    expect(sandboxPids().length).toBeLessThan(pids.length);
  });

  it("ends the wait of a program for its turn, by cancellation and after the longest wait", async () => {
    await using own = new TestSandbox({ maxWaitMs: 100 });
    const session = new Session({ functions: [silent] }, own);
    const ending = new AbortController();
    const running = session.run("await silent()", { signal: ending.signal });
    expect(await session.failure("1")).toMatchObject({
      kind: "limit",
      message: expect.stringContaining("Another program of the session runs"),
    });
    const cancelled = new AbortController();
    const waiting = session.run("1", { signal: cancelled.signal });
    cancelled.abort();
    expect(await waiting).toMatchObject({ failure: { kind: "cancelled" } });
    ending.abort();
    await running;
    expect(await session.result("2")).toBe(2);
  });
});
