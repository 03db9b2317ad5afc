import { ChildProcess } from "node:child_process";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MontyCrashedError } from "../../../src/sandbox/monty/errors.js";
import { type Checkout, Pool } from "../../../src/sandbox/monty/pool.js";
import { RuntimeProcess } from "../../../src/sandbox/monty/process.js";
import { EXECUTABLE, RUNTIME_LIMITS } from "../../support/monty.js";
import { isAlive, sandboxPids } from "../../support/processes.js";
import { until } from "../../support/until.js";

const never = new AbortController().signal;
const open: Pool[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((pool) => pool.close()));
  await until("no process of the pool is left", () => sandboxPids().length === 0);
});

function makePool({ size = 1, maxRunning = 4, maxWaitMs = 10_000 } = {}): Pool {
  const pool = new Pool({ executable: EXECUTABLE, size, maxRunning, maxWaitMs, limits: RUNTIME_LIMITS });
  open.push(pool);
  return pool;
}

function pidOf({ session }: Checkout): number {
  // biome-ignore lint/complexity/useLiteralKeys: the brackets reach what is private.
  return session["runtime"].pid as number;
}

/** Checks a session out and gives it back; gives the process it had. */
async function visit(pool: Pool, owner: object): Promise<number> {
  const checkout = await pool.checkout(owner, never);
  checkout.release();
  return pidOf(checkout);
}

function run({ session }: Checkout, code: string): Promise<Uint8Array> {
  return session.feedRun(code, { functions: new Map(), onPrint: () => {}, onCall: () => {}, signal: never });
}

describe("processes", () => {
  it("are started ahead, as many as the size says", async () => {
    const pool = makePool({ size: 3 });
    await until("three processes run", () => sandboxPids().length === 3);
    expect(pool.state).toEqual({ idle: 3, running: 0, waiting: 0, held: 0 });
  });

  it("serve the same owner again", async () => {
    const pool = makePool();
    const owner = {};
    const pids = new Set<number>();
    for (let i = 0; i < 5; i++) pids.add(await visit(pool, owner));
    expect(pids.size).toBe(1);
  });

  it("never serve two owners, also when many come and go at once", async () => {
    const pool = makePool({ size: 2, maxRunning: 6 });
    const owners = Array.from({ length: 5 }, () => ({}));
    const ownerOf = new Map<number, object>();
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const owner = owners[(i * 7) % owners.length] as object;
        const checkout = await pool.checkout(owner, never);
        const pid = pidOf(checkout);
        expect(ownerOf.get(pid) ?? owner).toBe(owner);
        ownerOf.set(pid, owner);
        if (i % 3 === 0) await run(checkout, "1 + 1");
        checkout.release();
      }),
    );
    expect(new Set(ownerOf.values()).size).toBe(owners.length);
  });

  it("serve one program at a time", async () => {
    const pool = makePool();
    const owner = {};
    const [first, second] = [await pool.checkout(owner, never), await pool.checkout(owner, never)];
    expect(pidOf(first)).not.toBe(pidOf(second));
    first.release();
    second.release();
  });

  it("are not kept beyond the size", async () => {
    const pool = makePool({ size: 1 });
    const checkouts = await Promise.all([1, 2, 3].map(() => pool.checkout({}, never)));
    for (const checkout of checkouts) checkout.release();
    await until("one process is left", () => sandboxPids().length === 1);
    expect(pool.state).toEqual({ idle: 1, running: 0, waiting: 0, held: 0 });
  });

  it("of an owner that is forgotten are ended and replaced", async () => {
    const pool = makePool();
    const owner = {};
    const pid = await visit(pool, owner);
    pool.forget(owner);
    await until("its process has ended", () => !isAlive(pid));
    expect(pool.state.idle).toBe(1);
    expect(await visit(pool, owner)).not.toBe(pid);
  });

  it("that crash under a program are replaced", async () => {
    const pool = makePool();
    const owner = {};
    const checkout = await pool.checkout(owner, never);
    process.kill(pidOf(checkout), "SIGKILL");
    await expect(run(checkout, "while True:\n    pass")).rejects.toThrow(MontyCrashedError);
    checkout.release();
    const next = await pool.checkout(owner, never);
    expect(pidOf(next)).not.toBe(pidOf(checkout));
    await expect(run(next, "1 + 1")).resolves.toBeDefined();
    next.release();
  });

  it("that die while idle are replaced at once", async () => {
    const pool = makePool();
    const owner = {};
    const pid = await visit(pool, owner);
    process.kill(pid, "SIGKILL");
    const [spare] = await until("a spare process has started", () => {
      const others = sandboxPids().filter((other) => other !== pid);
      return others.length === 1 && others;
    });
    expect(await visit(pool, owner)).toBe(spare);
  });

  it("are replaced after 1,000 programs", async () => {
    const pool = makePool();
    const owner = {};
    const first = await visit(pool, owner);
    for (let i = 1; i < 1000; i++) expect(await visit(pool, owner)).toBe(first);
    expect(await visit(pool, owner)).not.toBe(first);
    await until("the worn process has ended", () => !isAlive(first));
  });
});

describe("waiting", () => {
  it("is in the order of asking", async () => {
    const pool = makePool({ maxRunning: 1 });
    const served: number[] = [];
    const first = await pool.checkout({}, never);
    const others = [1, 2, 3].map(async (number) => {
      const checkout = await pool.checkout({}, never);
      served.push(number);
      checkout.release();
    });
    expect(pool.state).toMatchObject({ running: 1, waiting: 3 });
    first.release();
    await Promise.all(others);
    expect(served).toEqual([1, 2, 3]);
  });

  it("ends when the signal aborts, and does not hold up who comes after", async () => {
    const pool = makePool({ maxRunning: 1 });
    const cancel = new AbortController();
    const first = await pool.checkout({}, never);
    const second = pool.checkout({}, cancel.signal);
    const third = pool.checkout({}, never);
    cancel.abort("not needed");
    await expect(second).rejects.toMatchObject({ name: "MontyAbortedError", reason: "not needed" });
    first.release();
    (await third).release();
    expect(pool.state).toMatchObject({ running: 0, waiting: 0, held: 0 });
  });

  it("takes a place only once, however often it is released", async () => {
    const pool = makePool({ maxRunning: 1 });
    const first = await pool.checkout({}, never);
    first.release();
    first.release();
    const second = await pool.checkout({}, never);
    expect(pool.state.running).toBe(1);
    second.release();
  });

  it("ends when the pool is closed", async () => {
    const pool = makePool({ maxRunning: 1 });
    const first = await pool.checkout({}, never);
    const running = expect(run(first, "while True:\n    pass")).rejects.toThrow("The sandbox is closed.");
    const waiting = expect(pool.checkout({}, never)).rejects.toThrow("The sandbox is closed.");
    await pool.close();
    await Promise.all([running, waiting]);
    expect(sandboxPids()).toEqual([]);
    await expect(pool.checkout({}, never)).rejects.toThrow("The sandbox is closed.");
  });
});

it("a runtime that does not start fails the checkout, and is tried again by the next", async () => {
  const pool = new Pool({
    executable: "/nowhere/monty",
    size: 1,
    maxRunning: 1,
    maxWaitMs: 1000,
    limits: RUNTIME_LIMITS,
  });
  for (let i = 0; i < 2; i++) await expect(pool.checkout({}, never)).rejects.toThrow(/did not start/);
  await pool.close();
});

it("a runtime that did not start is not signalled: Node.js has no number of its process", async () => {
  const kill = vi.spyOn(ChildProcess.prototype, "kill").mockReturnValue(true);
  try {
    const runtime = new RuntimeProcess("/nowhere/monty");
    runtime.kill("It is not needed.");
    expect(await runtime.ended).toMatchObject({ message: "It is not needed." });
    expect(kill).not.toHaveBeenCalled();
  } finally {
    kill.mockRestore();
  }
});
