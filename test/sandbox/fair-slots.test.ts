import { describe, expect, it } from "vitest";
import { BusyError, FairSlots } from "../../src/sandbox/fair-slots.js";

const signal = new AbortController().signal;
const PATIENT = { signal, maxWaitMs: 10_000 };

describe("places", () => {
  it("go to the owners in turn, and within one owner in the order of asking", async () => {
    const slots = new FairSlots(1);
    const [first, a, b, c] = [{}, {}, {}, {}];
    await slots.acquire(first, PATIENT);
    const served: string[] = [];
    const ask = async (name: string, owner: object) => {
      await slots.acquire(owner, PATIENT);
      served.push(name);
      slots.release(owner);
    };
    const all = [ask("a1", a), ask("a2", a), ask("a3", a), ask("b1", b), ask("b2", b), ask("c1", c)];
    expect(slots).toMatchObject({ taken: 1, waiting: 6 });
    slots.release(first);
    await Promise.all(all);
    expect(served).toEqual(["a1", "b1", "c1", "a2", "b2", "a3"]);
    expect(slots).toMatchObject({ taken: 0, waiting: 0 });
  });

  it("are never all held by one owner", async () => {
    const slots = new FairSlots(3);
    const [greedy, other] = [{}, {}];
    await slots.acquire(greedy, PATIENT);
    await slots.acquire(greedy, PATIENT);
    const third = slots.acquire(greedy, PATIENT);
    expect(slots).toMatchObject({ taken: 2, waiting: 1 });
    await slots.acquire(other, PATIENT);
    slots.release(other);
    expect(slots).toMatchObject({ taken: 2, waiting: 1 });
    slots.release(greedy);
    await third;
    expect(slots).toMatchObject({ taken: 2, waiting: 0 });
  });

  it("are not waited for longer than allowed", async () => {
    const slots = new FairSlots(1);
    const owner = {};
    await slots.acquire(owner, PATIENT);
    await expect(slots.acquire({}, { signal, maxWaitMs: 5 })).rejects.toThrow(BusyError);
    slots.release(owner);
    expect(slots).toMatchObject({ taken: 0, waiting: 0 });
  });

  it("are not given to who stopped waiting", async () => {
    const slots = new FairSlots(1);
    const owner = {};
    await slots.acquire(owner, PATIENT);
    const cancel = new AbortController();
    const waiting = slots.acquire({}, { signal: cancel.signal, maxWaitMs: 10_000 });
    cancel.abort(new Error("not needed"));
    await expect(waiting).rejects.toThrow("not needed");
    slots.release(owner);
    expect(slots).toMatchObject({ taken: 0, waiting: 0 });
  });
});
