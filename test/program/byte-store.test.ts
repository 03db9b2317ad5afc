import { afterEach, expect, it } from "vitest";
import { type ByteLimits, ByteStore } from "../../src/program/byte-store.js";

const stores: ByteStore[] = [];

afterEach(() => {
  for (const store of stores.splice(0)) store.clear();
});

function open(limits?: ByteLimits): ByteStore {
  const store = new ByteStore(limits);
  stores.push(store);
  return store;
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

it("gives bytes by the name under which they were kept", () => {
  const store = open();
  const [one, two] = [store.keep(base64("one")), store.keep(base64("two"))];
  expect(Buffer.from(store.get(one) ?? []).toString()).toBe("one");
  expect(Buffer.from(store.get(two) ?? []).toString()).toBe("two");
  expect(store.get("other")).toBeUndefined();
});

it("is bounded over all connections: who keeps most drops first", () => {
  const limits = { count: 10, bytes: 10 };
  const [greedy, ...modest] = Array.from({ length: 8 }, () => open(limits));
  for (const text of ["12345", "67890"]) greedy?.keep(base64(text));
  for (const store of modest) store.keep(base64("12345"));
  expect(stores.map(({ bytes }) => bytes)).toEqual([5, 5, 5, 5, 5, 5, 5, 5]);
  modest[0]?.clear();
  greedy?.keep(base64("67890"));
  expect(greedy?.bytes).toBe(10);
});

it("drops the oldest beyond a number and beyond a size, and never gives a name twice", () => {
  const store = open({ count: 2, bytes: 10 });
  const names = ["1", "2", "3"].map((text) => store.keep(base64(text)));
  expect(store.names).toEqual(names.slice(1));
  const large = store.keep(base64("x".repeat(10)));
  expect(store.names).toEqual([large]);
  const over = store.keep(base64("x".repeat(11)));
  expect(store.names).toEqual([]);
  expect(new Set([...names, large, over]).size).toBe(5);
});
