import { describe, expect, it } from "vitest";
import { PythonError } from "../../../src/sandbox/monty/calls.js";
import { decodeArgument, decodeResult } from "../../../src/sandbox/monty/decode.js";
import { encodeValue } from "../../../src/sandbox/monty/encode.js";
import { MontyAbortedError, MontyCrashedError, MontySyntaxError } from "../../../src/sandbox/monty/errors.js";
import { RuntimeProcess } from "../../../src/sandbox/monty/process.js";
import { MontySession } from "../../../src/sandbox/monty/session.js";
import { EXECUTABLE, RUNTIME_LIMITS, TestSession } from "../../support/monty.js";

const never = () => new Promise<Uint8Array>(() => {});
const json = (value: Uint8Array) => decodeResult(value, 1e6, () => {}).value;

describe("feedRun", () => {
  it("runs host calls of one gather at the same time, also inside helper coroutines", async () => {
    await using monty = await TestSession.start();
    let running = 0;
    let most = 0;
    const started: (() => void)[] = [];
    // No call ends before all five have started.
    const call = async ([bytes]: readonly Uint8Array[]) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => {
        started.push(resolve);
        if (started.length === 5) for (const release of started) release();
      });
      running -= 1;
      return bytes as Uint8Array;
    };
    const { value } = await monty.run(
      [
        "import asyncio",
        "async def double(n):",
        "    return 2 * await call(n)",
        "await asyncio.gather(*[double(n) for n in range(5)])",
      ].join("\n"),
      { call },
    );
    expect(json(value)).toEqual([0, 2, 4, 6, 8]);
    expect(most).toBe(5);
  });

  it("raises what a host function throws as a Python exception that can be caught", async () => {
    await using monty = await TestSession.start();
    const { printed } = await monty.run(
      "for f in [a, b]:\n    try:\n        await f()\n    except Exception as e:\n        print(type(e).__name__, e)",
      {
        a: async () => {
          throw new PythonError("KeyError", "no such key");
        },
        b: async () => {
          throw new Error("x".repeat(10_000));
        },
      },
    );
    expect(printed).toMatch(/^KeyError 'no such key'\nRuntimeError x{4000}…\n$/);
  });

  it("says NameError for a function that nobody bound", async () => {
    await using monty = await TestSession.start();
    await expect(monty.run("await nobody(1)")).rejects.toMatchObject({
      type: "NameError",
      frames: [{ line: 1 }],
    });
  });

  it("gives programs the host's clock and nothing else of the host", async () => {
    await using monty = await TestSession.start();
    const now = new Date();
    const { value } = await monty.json(
      "import datetime as d\n[d.date.today(), d.datetime.now(d.timezone.utc), d.datetime.now()]",
    );
    const [today, utc, local] = value as string[];
    expect(Math.abs(new Date(`${utc}`).getTime() - now.getTime())).toBeLessThan(60_000);
    expect(Math.abs(new Date(`${local}`).getTime() - now.getTime())).toBeLessThan(60_000);
    expect(local?.slice(0, 10)).toBe(today);
    await expect(monty.run("open('/etc/passwd').read()")).rejects.toMatchObject({ type: "PermissionError" });
    await expect(monty.run("import os\nos.getenv('PATH')")).rejects.toMatchObject({ type: "RuntimeError" });
    await expect(monty.run("import os\nos.environ")).rejects.toMatchObject({ type: "RuntimeError" });
  });

  it("names the lines of a traceback", async () => {
    await using monty = await TestSession.start();
    await expect(monty.run("def f(x):\n    return 1 / x\n\nf(0)")).rejects.toMatchObject({
      type: "ZeroDivisionError",
      frames: [
        { line: 4, functionName: null },
        { line: 2, functionName: "f" },
      ],
    });
  });
});

describe("an aborted feedRun", () => {
  it("ends a program that waits, says in which line it waited, and keeps the process", async () => {
    await using monty = await TestSession.start();
    const abort = new AbortController();
    const run = monty.session.feedRun(
      "x = 1\ntry:\n    await call()\nexcept Exception:\n    print('caught')",
      {
        functions: new Map([["call", never]]),
        onPrint: () => {},
        onCall: () => abort.abort("enough"),
        signal: abort.signal,
      },
    );
    await expect(run).rejects.toMatchObject({ reason: "enough", frames: [{ line: 3 }] });
    expect(json((await monty.run("x + 1")).value)).toBe(2);
  });

  it("kills a program that computes", async () => {
    await using monty = await TestSession.start();
    const abort = new AbortController();
    const run = monty.run("print('go')\nwhile True:\n    pass", {}, abort.signal);
    setTimeout(() => abort.abort("enough"), 50);
    await expect(run).rejects.toBeInstanceOf(MontyAbortedError);
    await monty.process.ended;
    expect(monty.process.alive).toBe(false);
  });
});

describe("compile and check", () => {
  it("compile finds what does not parse without running anything", async () => {
    await using monty = await TestSession.start();
    const signal = new AbortController().signal;
    await expect(monty.session.compile("print('ran')\nx = (", signal)).rejects.toMatchObject({
      frames: [{ line: 2 }],
    });
    await expect(monty.session.compile("x = 1\nclass A(B): pass", signal)).rejects.toBeInstanceOf(
      MontySyntaxError,
    );
    await monty.session.compile("x = 1\n1 / 0", signal);
    await expect(monty.run("x")).rejects.toMatchObject({ type: "NameError" });
  });

  it("check finds type errors without running anything, and forgets what it saw", async () => {
    const stubs = "async def f(x: int) -> str: ...\n";
    await using monty = await TestSession.start(RUNTIME_LIMITS, stubs);
    const diagnostics = async (code: string) =>
      (await monty.session.check(code)).trim().split("\n").length - 1;
    expect(await diagnostics("y = await f(1)\ny.upper()")).toBe(0);
    expect(await diagnostics("await f('1')")).toBe(1);
    expect(await diagnostics("y")).toBe(1);
  });
});

describe("a runtime process", () => {
  it("that is killed in mid-program fails the turn with what it died of", async () => {
    await using monty = await TestSession.start();
    const call = () => {
      process.kill(monty.process.pid as number, "SIGKILL");
      return never();
    };
    const abort = new AbortController();
    const run = monty.run("await call()\nwhile True:\n    pass", { call }, abort.signal);
    await expect(monty.process.ended).resolves.toMatchObject({
      message: "The Monty runtime ended by signal SIGKILL",
    });
    abort.abort("over");
    await expect(run).rejects.toThrow();
  });

  it("that cannot be started is a crash like any other", async () => {
    const runtime = new RuntimeProcess("/nowhere/monty");
    await expect(new MontySession(runtime).configure(RUNTIME_LIMITS)).rejects.toThrow(
      /did not start: .*ENOENT/,
    );
    expect(runtime.alive).toBe(false);
  });

  it("that speaks another protocol is ended", async () => {
    const runtime = new RuntimeProcess(process.execPath);
    await expect(new MontySession(runtime).configure(RUNTIME_LIMITS)).rejects.toBeInstanceOf(
      MontyCrashedError,
    );
    await runtime.ended;
  });

  it("runs with an empty environment", async () => {
    const { readFileSync } = await import("node:fs");
    const runtime = new RuntimeProcess(EXECUTABLE);
    if (process.platform === "linux") {
      await new MontySession(runtime).configure(RUNTIME_LIMITS);
      expect(readFileSync(`/proc/${runtime.pid}/environ`, "utf8")).toBe("");
    }
    runtime.kill();
    await runtime.ended;
  });
});

it("arguments arrive as the program wrote them", async () => {
  await using monty = await TestSession.start();
  const seen: unknown[] = [];
  await monty.run("await f(1, 'a', c=[2])", {
    f: async (args, kwargs) => {
      seen.push(args.map(decodeArgument), kwargs.length);
      return encodeValue(null);
    },
  });
  expect(seen).toEqual([[1, "a"], 1]);
});
