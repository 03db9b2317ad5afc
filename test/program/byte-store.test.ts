import { expect, it } from "vitest";
import { ByteStore } from "../../src/program/byte-store.js";

const base64 = (text: string) => Buffer.from(text).toString("base64");

it("gives bytes by the name under which they were kept", () => {
  const store = new ByteStore();
  const [one, two] = [store.keep(base64("one")), store.keep(base64("two"))];
  expect(Buffer.from(store.get(one) ?? []).toString()).toBe("one");
  expect(Buffer.from(store.get(two) ?? []).toString()).toBe("two");
  expect(store.get("other")).toBeUndefined();
});

it("drops the oldest beyond a number and beyond a size, and never gives a name twice", () => {
  const store = new ByteStore({ count: 2, bytes: 10 });
  const names = ["1", "2", "3"].map((text) => store.keep(base64(text)));
  expect(store.names).toEqual(names.slice(1));
  const large = store.keep(base64("x".repeat(10)));
  expect(store.names).toEqual([large]);
  const over = store.keep(base64("x".repeat(11)));
  expect(store.names).toEqual([]);
  expect(new Set([...names, large, over]).size).toBe(5);
});
