import fc from "fast-check";
import { expect, it } from "vitest";
import { ObservedShape } from "../../../src/catalog/upstream/shapes.js";

function shapeOf(...values: unknown[]): string | undefined {
  const shape = new ObservedShape();
  for (const value of values) shape.add(value);
  return shape.text;
}

it.each([
  [["x"], "str"],
  [[1], "int"],
  [[1, 2.5], "float"],
  [[null, true, "x"], "bool | str | None"],
  [[[]], "list[Any]"],
  [[[1, "x"]], "list[int | str]"],
  [[{}], "dict[str, Any]"],
  [[{ id: 1, owner: { login: "ada" } }], '{"id": int, "owner": {"login": str}}'],
  [[{ id: 1, note: "x" }, { id: 2 }], '{"id": int, "note": NotRequired[str]}'],
  [[{ id: 1 }, { id: 2, note: null }], '{"id": int, "note": NotRequired[None]}'],
  [[[{ a: 1 }, { a: null }]], 'list[{"a": int | None}]'],
  [[{ "ada@example.com": 1, "eve@example.com": 2 }], "dict[str, int]"],
  [[{ id: 1 }, { "ada@example.com": "x" }], "dict[str, int | str]"],
  [[{ mon: [1], tue: [2], wed: [3], thu: [4], fri: [5] }], "dict[str, list[int]]"],
])("of %j is %s", (values, expected) => {
  expect(shapeOf(...values)).toBe(expected);
});

it("says whether it has changed", () => {
  const shape = new ObservedShape();
  expect(shape.text).toBeUndefined();
  expect(shape.add({ a: 1 })).toBe(true);
  expect(shape.add({ a: 2 })).toBe(false);
  expect(shape.add({ a: 2, b: 1 })).toBe(true);
});

it("stays short, whatever it is shown", () => {
  const wide = Object.fromEntries(
    Array.from({ length: 24 }, (_, n) => [`field_with_a_long_name_${n}`, { x: n }]),
  );
  const wider = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`key${n}`, n]));
  let deep: unknown = 1;
  for (let depth = 0; depth < 1000; depth++) deep = { deep };
  for (const value of [wide, wider, deep]) expect(shapeOf(value)?.length).toBeLessThan(700);
  expect(shapeOf(wider)).toBe("dict[str, int]");
});

it("holds no value, and comes to an end of changing", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 10 }), (values) => {
      const shape = new ObservedShape();
      for (const value of values) shape.add(value);
      expect(values.some((value) => shape.add(value)) && values.some((value) => shape.add(value))).toBe(
        false,
      );
      expect(shape.text?.split("\n").length ?? 1).toBe(1);
    }),
  );
  expect(shapeOf({ token: "s3cret", list: ["s3cret"], "s3cret-key?": { a: "s3cret" } })).not.toContain(
    "s3cret",
  );
});
