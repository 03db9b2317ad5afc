import { partialKeys, yearOf } from "./read-dates.js";
import { type Mention, type Reading, readNumbers } from "./read-numbers.js";

/** Numbers of one object are compared with each other up to this many: more would allow nearly every percentage. */
const MAX_SIBLINGS = 4;

/** Keys whose numbers measure nothing. */
const ID = /(?:^|_)(?:id|ID)$|Id$/;

/**
 * The numbers in an answer that stand in none of the sources, as written, each once.
 *
 * A source is JSON, or a text. Allowed are: other grouping, decimals and currency; rounding to the digits shown, also
 * in thousands or millions ("10.5k"), and after "about" or "over" to the nearest round number; the length of a list or
 * the number of keys of an object, for a bare whole number; a date of the sources in any form, or a part of it;
 * numbers of list items and table rows, ordinals, digits glued to letters (H2O, GPT-4, Q3). Signs are not compared.
 *
 * A percentage is allowed where the sources hold it, hold it as a fraction of one, or hold its two numbers in one
 * small object; and where it is the ratio or the change of two numbers of the answer that are themselves allowed, one
 * of them in the same line: a part and its whole, or both in that line.
 *
 * Not caught: a right number in a wrong place, a wrong number that happens to be in the data, a wrong sign, unit or
 * currency, numbers in words. Correct arithmetic that the answer does itself is reported.
 */
export function unsupportedNumbers(answer: string, sources: readonly unknown[]): string[] {
  const facts = new Facts();
  for (const source of sources) facts.add(source);
  const mentions = readNumbers(answer, { lenient: false, isKnownDate: (key) => facts.dates.has(key) });
  const checked = mentions.map((mention) => ({ mention, value: facts.find(mention) }));
  const shown = checked.flatMap(({ mention: { line, unit }, value }) =>
    value === undefined || unit !== "none" ? [] : [{ line, value }],
  );
  const unsupported = checked.flatMap(({ mention, value }) => {
    if (value !== undefined || facts.isDate(mention)) return [];
    if (mention.unit !== "none" && facts.isRatio(mention, shown)) return [];
    const wrong = mention.parts.filter((part) => facts.find(part) === undefined);
    const isList = wrong.length < mention.parts.length;
    return isList ? wrong.map(({ text }) => text) : [mention.text];
  });
  return [...new Set(unsupported)];
}

interface Shown {
  readonly line: number;
  readonly value: number;
}

/** What the sources hold, and what follows from it. */
class Facts {
  readonly dates = new Set<string>();
  private readonly values = new Set<number>();
  private readonly counts = new Set<number>();
  private readonly ratios: number[] = [];
  private sorted: number[] | undefined;

  add(source: unknown): void {
    if (typeof source === "number") this.values.add(Math.abs(source));
    if (typeof source === "string") this.addText(source);
    if (typeof source !== "object" || source === null) return;
    const parts = Object.values(source);
    this.counts.add(parts.length);
    for (const part of parts) this.add(part);
    if (Array.isArray(source)) return;
    for (const key of Object.keys(source)) this.addText(key);
    const numbers = Object.entries(source).flatMap(([key, part]) =>
      typeof part === "number" && !ID.test(key) ? [part] : [],
    );
    if (numbers.length > MAX_SIBLINGS) return;
    for (const a of numbers)
      for (const b of numbers) if (a !== b && b !== 0) this.ratios.push(Math.abs(a / b));
  }

  /** The number that a mention stands for; undefined where the sources have none such. */
  find(mention: Mention): number | undefined {
    const { readings, isCount, isApproximate, unit } = mention;
    for (const reading of readings) {
      if (isCount && this.counts.has(reading.value)) return reading.value;
      const found = this.near(reading.value, isApproximate ? roughly(reading) : reading.step / 2);
      if (found !== undefined) return found;
      // A whole number beyond 1 is no fraction.
      const fraction = unit === "share" && this.near(reading.value / 100, reading.step / 200);
      if (typeof fraction === "number" && (fraction <= 1 || !Number.isInteger(fraction))) return fraction;
    }
    return undefined;
  }

  isDate({ dates }: Mention): boolean {
    return dates.some((key) => this.dates.has(key));
  }

  /** Whether a percentage or a multiple follows from two numbers that belong together. */
  isRatio({ line, readings, unit, isApproximate }: Mention, shown: readonly Shown[]): boolean {
    const factor = unit === "share" ? 100 : 1;
    const here = shown.filter((number) => number.line === line);
    return readings.some((reading) => {
      const tolerance = isApproximate ? roughly(reading) : reading.step / 2;
      const is = (ratio: number) => isWithin(ratio * factor, reading.value, tolerance);
      if (this.ratios.some(is)) return true;
      return here.some(({ value: a }) =>
        shown.some(({ value: b, line: other }) => {
          if (a === b || a === 0 || b === 0) return false;
          const isSameLine = other === line;
          const change = unit === "share" && isSameLine && is(Math.abs(a - b) / b);
          return change || is(Math.min(a, b) / Math.max(a, b)) || (isSameLine && is(a / b));
        }),
      );
    });
  }

  private addText(text: string): void {
    const add = ({ dates, readings, parts }: Mention) => {
      for (const date of dates) this.addDate(date);
      for (const { value } of readings) this.values.add(value);
      parts.forEach(add);
    };
    readNumbers(text, { lenient: true, isKnownDate: () => false }).forEach(add);
  }

  private addDate(date: string): void {
    for (const key of partialKeys(date)) this.dates.add(key);
    const year = yearOf(date);
    if (year !== undefined) this.values.add(year);
  }

  /** A value of the sources within a tolerance, the nearest first. */
  private near(value: number, tolerance: number): number | undefined {
    this.sorted ??= [...this.values].sort((a, b) => a - b);
    const { sorted } = this;
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    const around = [sorted[low - 1], sorted[low]].filter((found) => found !== undefined);
    const [nearest] = around.sort((a, b) => Math.abs(a - value) - Math.abs(b - value));
    return nearest !== undefined && isWithin(nearest, value, tolerance) ? nearest : undefined;
  }
}

/** What a round number leaves open: one of its last digit that is not zero, but no more than a tenth of it. */
function roughly({ value, step }: Reading): number {
  let round = step;
  while (round < value && Number.isInteger(Number((value / (round * 10)).toPrecision(12)))) round *= 10;
  return Math.max(step / 2, Math.min(round, value / 10));
}

function isWithin(value: number, expected: number, tolerance: number): boolean {
  // Decimal fractions are not exact in binary.
  return Math.abs(value - expected) <= tolerance + 1e-12 * Math.max(1, Math.abs(value));
}
