import { describe, expect, it } from "vitest";
import { floatShape } from "../../src/catalog/float-shape.js";

const NUMBER = { type: "number" };
const INTEGER = { type: "integer" };

describe("floatShape", () => {
  it("is undefined where the schema has no number", () => {
    expect(floatShape(undefined)).toBeUndefined();
    expect(floatShape({})).toBeUndefined();
    expect(floatShape(INTEGER)).toBeUndefined();
    expect(
      floatShape({ type: "object", properties: { a: { type: "array", items: INTEGER } } }),
    ).toBeUndefined();
  });

  it("is a float for a number, also a nullable one", () => {
    expect(floatShape(NUMBER)).toBe("float");
    expect(floatShape({ type: ["number", "null"] })).toBe("float");
    expect(floatShape({ anyOf: [NUMBER, { type: "null" }] })).toBe("float");
    expect(floatShape({ type: "number", enum: [1, 2] })).toBe("float");
  });

  it("follows properties, items and values, and leaves out what holds no float", () => {
    const schema = {
      type: "object",
      properties: {
        user_id: INTEGER,
        expenses: {
          type: "array",
          items: { type: "object", properties: { amount: NUMBER, date: { type: "string" } } },
        },
        totals: { type: "object", additionalProperties: NUMBER },
        by_code: { type: "object", patternProperties: { "^x-": NUMBER } },
        pair: { type: "array", prefixItems: [{ type: "string" }, NUMBER] },
      },
    };
    expect(floatShape(schema)).toEqual({
      properties: {
        expenses: { items: { properties: { amount: "float" } } },
        totals: { values: "float" },
        by_code: { values: "float" },
        pair: { items: "float" },
      },
    });
  });

  it("keeps an integer property beside other values that are floats", () => {
    const schema = {
      type: "object",
      properties: { count: INTEGER, rate: NUMBER },
      additionalProperties: NUMBER,
    };
    expect(floatShape(schema)).toEqual({ properties: { count: {}, rate: "float" }, values: "float" });
  });

  it("merges the alternatives of a union: float where one of them has a number", () => {
    const a = { type: "object", properties: { x: INTEGER, y: INTEGER } };
    const b = { type: "object", properties: { x: NUMBER, z: NUMBER } };
    for (const keyword of ["anyOf", "oneOf"]) {
      expect(floatShape({ [keyword]: [a, b] })).toEqual({ properties: { x: "float", z: "float" } });
    }
  });

  it("takes what allOf allows together: an integer that is also a number stays an int", () => {
    const of = (x: object) => ({ type: "object", properties: { x } });
    expect(floatShape({ allOf: [of(NUMBER), of(INTEGER)] })).toBeUndefined();
    expect(floatShape({ allOf: [of(NUMBER), { properties: { y: NUMBER } }] })).toEqual({
      properties: { x: "float", y: "float" },
    });
  });

  it("is cyclic for a recursive schema", () => {
    const schema = {
      $ref: "#/$defs/node",
      $defs: {
        node: {
          type: "object",
          properties: { kids: { type: "array", items: { $ref: "#/$defs/node" } }, weight: NUMBER },
        },
      },
    };
    const shape = floatShape(schema) as { properties: { kids: { items: unknown }; weight: unknown } };
    expect(shape.properties.weight).toBe("float");
    expect(shape.properties.kids.items).toBe(shape);
  });

  it("ends for schemas that refer to themselves in every way", () => {
    const self = { $ref: "#" };
    expect(floatShape(self)).toBeUndefined();
    expect(floatShape({ anyOf: [self, { allOf: [self] }, NUMBER] })).toBe("float");
    expect(
      floatShape({ type: "object", properties: { a: self }, additionalProperties: self }),
    ).toBeUndefined();
  });

  it("does no harm with a property called __proto__", () => {
    const schema = JSON.parse('{"type":"object","properties":{"__proto__":{"type":"number"}}}');
    const { properties } = floatShape(schema) as { properties: Record<string, unknown> };
    expect(Object.getPrototypeOf(properties)).toBeNull();
    expect(Object.entries(properties)).toEqual([["__proto__", "float"]]);
    expect(({} as Record<string, unknown>).float).toBeUndefined();
  });
});
