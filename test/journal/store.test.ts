import { describe, expect, it } from "vitest";
import { ExecutionStore, type KeepLimits } from "../../src/journal/store.js";
import { PythonValue } from "../../src/sandbox/python-value.js";
import { until } from "../support/until.js";

const MIB = 1024 * 1024;

function open(limits: Partial<KeepLimits> = {}) {
  const store = new ExecutionStore({ executions: 100, bytes: MIB, ms: 60_000, ...limits });
  return {
    store,
    /** Keeps an execution with a result of so many bytes. */
    keep(bytes = 10): string {
      const execution = store.begin("1");
      execution.result = PythonValue.of("x".repeat(bytes));
      store.end(execution);
      return execution.id;
    },
    [Symbol.dispose]: () => store.close(),
  };
}

describe("the executions that are kept", () => {
  it("are the latest ones, up to a number", () => {
    using kept = open({ executions: 3 });
    const ids = Array.from({ length: 5 }, () => kept.keep());
    expect(kept.store.ids()).toEqual(ids.slice(2));
    expect(() => kept.store.find(ids[1] as string)).toThrow(
      `the latest first: ${ids[4]}, ${ids[3]}, ${ids[2]}.`,
    );
  });

  it("are the latest ones, up to a number of bytes", () => {
    using kept = open();
    const ids = Array.from({ length: 5 }, () => kept.keep(0.4 * MIB));
    expect(kept.store.ids()).toEqual(ids.slice(3));
  });

  it("are kept without their result where that is too long", () => {
    using kept = open();
    const id = kept.keep(2 * MIB);
    expect(kept.store.find(id).result).toBeUndefined();
  });

  it("are dropped when they are too old", async () => {
    using kept = open({ ms: 20 });
    kept.keep();
    await until("it is dropped", () => kept.store.ids().length === 0);
    expect(() => kept.store.find("last")).toThrow("None is kept");
  });

  it("are bounded over all connections: those that keep most drop their oldest", () => {
    const all = Array.from({ length: 6 }, () => open());
    const small = open();
    const first = small.keep(0.1 * MIB);
    for (const kept of all) for (let i = 0; i < 2; i += 1) kept.keep(0.45 * MIB);
    expect(all.flatMap(({ store }) => store.ids()).length).toBe(8);
    expect(small.store.ids()).toEqual([first]);
    for (const { store } of [...all, small]) store.close();
  });
});

describe("a store that is closed", () => {
  it("keeps nothing of a program that ends after it", () => {
    const { store } = open();
    const running = store.begin("1");
    store.close();
    store.end(running);
    expect(store.ids()).toEqual([]);
  });
});
