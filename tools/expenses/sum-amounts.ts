import { z } from "zod";
import { defineTool } from "../../src/catalog/tool.js";
import { READ_ONLY } from "./data.js";

export const sumAmounts = defineTool({
  name: "sum_amounts",
  description:
    "The sum of one numeric field over all items, added as decimals (0.1 + 0.2 gives 0.3); 0.0 for no items.",
  annotations: { title: "Sum", ...READ_ONLY },
  input: z.object({
    items: z
      .array(z.record(z.string(), z.unknown()))
      .describe("Free-form objects; each must have the field."),
    field: z.string().default("amount").describe("Key of the number to add up."),
  }),
  output: z.number(),
  run({ items, field }) {
    const total = sumDecimals(items.map((item, index) => numberIn(item, field, index)));
    if (!Number.isFinite(total)) throw new RangeError("The sum is too large for a float");
    return total;
  },
});

function numberIn(item: Record<string, unknown>, field: string, index: number): number {
  const value = Object.hasOwn(item, field) ? item[field] : undefined;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  const keys = Object.keys(item);
  const has = keys.length > 0 ? `its keys are ${keys.slice(0, 20).join(", ")}` : "it has no keys";
  if (value === undefined) throw new TypeError(`items[${index}] has no field '${field}': ${has}`);
  throw new TypeError(`items[${index}]['${field}'] is not a finite number but ${describe(value)}: ${has}`);
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/**
 * The float nearest to the exact sum of the numbers as they are written in decimal: 0.1 + 0.2 is 0.3.
 * Each number's shortest decimal form is taken as whole units of a power of ten, and the units are added as BigInts.
 */
function sumDecimals(numbers: readonly number[]): number {
  const unitsByExponent = new Map<number, bigint>();
  for (const number of numbers) {
    const [mantissa = "", power] = number.toExponential().split("e");
    const [whole = "", fraction = ""] = mantissa.split(".");
    const exponent = Number(power) - fraction.length;
    unitsByExponent.set(exponent, (unitsByExponent.get(exponent) ?? 0n) + BigInt(whole + fraction));
  }
  const smallest = Math.min(0, ...unitsByExponent.keys());
  let units = 0n;
  for (const [exponent, count] of unitsByExponent) units += count * 10n ** BigInt(exponent - smallest);
  return Number(`${units}e${smallest}`);
}
