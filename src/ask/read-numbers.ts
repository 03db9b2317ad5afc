import { readDates } from "./read-dates.js";

/** A number, a date or a time as a text writes it. */
export interface Mention {
  /** As written, with the sign of percent or the word of scale. */
  readonly text: string;
  /** 0-based. */
  readonly line: number;
  /** What it can mean: "1,234" is 1234, or 1.234 where the comma is the decimal sign. None for a date or a time. */
  readonly readings: readonly Reading[];
  /** Several numbers that the text may be instead, as "1,2,3" is. */
  readonly parts: readonly Mention[];
  /** How a date or a time is looked up; empty for a number. */
  readonly dates: readonly string[];
  /** `share` for a percentage, `times` for "2x". */
  readonly unit: "none" | "share" | "times";
  /** A whole number of things: no sign of currency, percent or scale. */
  readonly isCount: boolean;
  /** Introduced by "about", "over" or the like. */
  readonly isApproximate: boolean;
}

export interface Reading {
  /** Without its sign. */
  readonly value: number;
  /** What one more in the last digit shown adds. */
  readonly step: number;
}

export interface ReadOptions {
  /** Whether digits beside letters count, as in "user_2", and the numbers of a list: for what an answer is compared with. */
  readonly lenient: boolean;
  /** Whether a date is one of those to be expected: decides where digits may be a date or numbers. */
  readonly isKnownDate: (key: string) => boolean;
}

/** Characters around a number that tell what it is. */
const CONTEXT = 60;

const SPACES = "\\u00a0\\u202f\\u2009";
const NUMBER = new RegExp(
  `(?:\\d+(?:[.,'’_${SPACES}]\\d+| \\d{3}(?!\\d))*|(?<![\\p{L}\\d.])\\.\\d+)(?:[eE][+-]?\\d+(?![\\p{L}\\d]))?`,
  "gu",
);

const CURRENCY_CODES = "USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|BRL|MXN|US|Rs|R|kr";
const CURRENCY_BEFORE = new RegExp(`(?:[$€£¥₹]\\s?|(?<!\\p{L})(?:${CURRENCY_CODES})\\s?)$`, "u");
const CURRENCY_AFTER = new RegExp(
  `^\\s?(?:[$€£¥₹]|(?:${CURRENCY_CODES}|dollars?|euros?|pounds?|francs?|yen|rupees?|cents?)(?!\\p{L}))`,
  "u",
);
const GLUED_CURRENCY = new RegExp(`(?<!\\p{L})(?:${CURRENCY_CODES})$`, "u");
const UNITS = new RegExp(
  `^(?:${CURRENCY_CODES}|s|ms|h|hrs?|min|d|km|m|cm|mm|kg|g|mg|t|lbs?|oz|ml|l|[KMGT]i?B|k?Wh?|px|pt|am|pm)$`,
);
const SCALES: readonly (readonly [pattern: RegExp, factor: number])[] = [
  [/^(?:\s?k(?![\p{L}\d])|[\s-]?thousand\b)/iu, 1e3],
  [/^(?:\s?(?:m|mn|mio)(?![\p{L}\d])|[\s-]?millions?\b)/iu, 1e6],
  [/^(?:\s?(?:b|bn|mrd)(?![\p{L}\d])|[\s-]?billions?\b)/iu, 1e9],
  [/^(?:\s?(?:t|tn)(?![\p{L}\d])|[\s-]?trillions?\b)/iu, 1e12],
];
const PERCENT = /^(?:\s?\\?%|[\s-]?(?:percent|per cent|percentage points?|pct|pp)\b)/i;
const TIMES = /^\s?(?:x(?![\p{L}\d])|×)/iu;
/** The other end of a range, whose sign or scale counts for both. */
const RANGE_END = /^\s?(?:[–—-]|to\b|and\b)\s?[$€£]?\d[\d.,]*/;
const APPROXIMATE =
  /(?:\b(?:about|around|approximately|approx\.?|roughly|nearly|almost|over|under|above|below|than|at least|up to|some|circa|ca\.)\s|[~≈])\s?\**(?:[$€£¥₹]|[A-Z]{3}\s)?$/i;

/** Finds the numbers, dates and times of a text. Ordinals, list numbers and digits glued to letters are none. */
export function readNumbers(text: string, options: ReadOptions): Mention[] {
  const lineStarts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  const lineAt = (index: number) => {
    const next = lineStarts.findIndex((start) => start > index);
    return (next === -1 ? lineStarts.length : next) - 1;
  };
  const { dates, rest } = readDates(text, options.isKnownDate);
  const found: Mention[] = dates.map(({ text, index, keys }) => ({
    ...mention(text, lineAt(index)),
    dates: keys,
  }));
  const rows = new RowNumbers();
  for (const { 0: digits, index } of rest.matchAll(NUMBER)) {
    const line = lineAt(index);
    const before = rest.slice(Math.max(lineStarts[line] ?? 0, index - CONTEXT), index);
    const after = rest.slice(index + digits.length, index + digits.length + CONTEXT);
    const isOrdinal = isListNumber(before, digits, after) || rows.isNext(line, before, digits, after);
    if (!options.lenient && (isOrdinal || isGlued(before, after))) continue;
    found.push(readNumber(digits, before, after, line));
  }
  return found;
}

function mention(text: string, line: number): Mention {
  return {
    text,
    line,
    readings: [],
    parts: [],
    dates: [],
    unit: "none",
    isCount: false,
    isApproximate: false,
  };
}

function readNumber(digits: string, before: string, after: string, line: number): Mention {
  const beyond = after.slice(RANGE_END.exec(after)?.[0].length ?? 0);
  const percent = PERCENT.exec(after) ?? PERCENT.exec(beyond);
  const times = TIMES.exec(after);
  const [scale, factor] = (!percent && !times && (scaleOf(after) ?? scaleOf(beyond))) || ([null, 1] as const);
  const isSuffix = (percent ?? times ?? scale)?.input === after;
  const suffix = isSuffix ? ((percent ?? times ?? scale)?.[0] ?? "") : "";
  const plain = readingsOf(digits);
  const scaled = plain.map(({ value, step }) => ({ value: value * factor, step: step * factor }));
  return {
    ...mention(digits + suffix, line),
    // Without the scale too: the data may be in thousands.
    readings: factor === 1 ? plain : [...scaled, ...plain],
    parts: partsOf(digits, plain).map((part) => ({ ...mention(part, line), readings: readingsOf(part) })),
    unit: percent ? "share" : times ? "times" : "none",
    isCount:
      /^\d+$/.test(digits) &&
      !percent &&
      !times &&
      factor === 1 &&
      !CURRENCY_BEFORE.test(before) &&
      !CURRENCY_AFTER.test(after),
    isApproximate: APPROXIMATE.test(before) || /^(?:\s?[km])?\+/i.test(after),
  };
}

function scaleOf(after: string): readonly [RegExpExecArray, number] | undefined {
  for (const [pattern, factor] of SCALES) {
    const match = pattern.exec(after);
    if (match) return [match, factor];
  }
  return undefined;
}

/** Whether digits belong to a word, as in H2O, GPT-4, Q3, 1st; not those before a unit or behind a currency's code. */
function isGlued(before: string, after: string): boolean {
  if (/[\p{L}_]$/u.test(before) && !GLUED_CURRENCY.test(before)) return true;
  if (/\p{L}[-‑]$/u.test(before)) return true;
  const [word] = /^[\p{L}\d_]+/u.exec(after) ?? [];
  return (
    word !== undefined && !UNITS.test(word) && !TIMES.test(after) && !PERCENT.test(after) && !scaleOf(after)
  );
}

/** Whether digits number an item of a list: `1.`, `2)`, also in bold or in a heading. */
function isListNumber(before: string, digits: string, after: string): boolean {
  return /^\d{1,3}$/.test(digits) && /^[\s>*_#|(-]*$/.test(before) && /^\**[.)]\**(?:\s|$)/.test(after);
}

/** Knows the rows of tables whose first cell counts 1, 2, 3. */
class RowNumbers {
  private last = { line: -1, number: 0 };

  isNext(line: number, before: string, digits: string, after: string): boolean {
    if (!/^\s*\|\s*\**#?$/.test(before) || !/^\**\s*\|/.test(after)) return false;
    const number = Number(digits);
    const isNext = number === (line === this.last.line + 1 ? this.last.number + 1 : 1);
    if (isNext) this.last = { line, number };
    return isNext;
  }
}

/** The numbers that digits with separators can mean, in the usual ways of grouping and of decimal signs. */
function readingsOf(text: string): Reading[] {
  const [, digits = text, exponent = "0"] = /^(.*)[eE]([+-]?\d+)$/.exec(text) ?? [];
  const power = 10 ** Number(exponent);
  const written = new Set<string>();
  const groups = digits.split(/[^\d]/);
  const separators = digits.replace(/\d/g, "");
  const first = separators[0] ?? "";
  const last = separators.at(-1) ?? "";
  if (separators === "") written.add(digits);
  if (separators.length === 1 && ".,".includes(first)) written.add(`${groups[0] || "0"}.${groups[1]}`);
  if (separators !== "" && isGrouped(groups, separators)) written.add(groups.join(""));
  if (separators.length > 1 && first !== last && ".,".includes(last)) {
    const whole = groups.slice(0, -1);
    if (isGrouped(whole, separators.slice(0, -1))) written.add(`${whole.join("")}.${groups.at(-1)}`);
  }
  return Array.from(written, (number) => ({
    value: Number(number) * power,
    step: 10 ** -(number.split(".")[1]?.length ?? 0) * power,
  }));
}

/** Whether one sign separates groups of three digits, or of two before the last as in India. */
function isGrouped(groups: readonly string[], separators: string): boolean {
  const [head = "", ...others] = groups;
  const tail = others.pop();
  return (
    new Set(separators).size === 1 &&
    /^(?!0)\d{1,3}$/.test(head) &&
    tail?.length === 3 &&
    (others.every(({ length }) => length === 3) || others.every(({ length }) => length === 2))
  );
}

/** "1,2,3" and "1 234" may be several numbers; "1,234" is one. */
function partsOf(digits: string, readings: readonly Reading[]): string[] {
  if (digits.includes(" ")) return digits.split(" ");
  return readings.length === 0 ? digits.split(/[^\d]+/).filter((part) => part !== "") : [];
}
