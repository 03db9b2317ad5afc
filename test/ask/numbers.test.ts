import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unsupportedNumbers } from "../../src/ask/numbers.js";

const AMOUNTS = [450, 380, 520, 850, 780, 920, 1200, 1100, 650, 420, 510, 480, 680, 750, 820];
const FLIGHTS = {
  items: AMOUNTS.map((amount, index) => ({
    user_id: (index % 5) + 1,
    amount,
    date: `2024-07-${10 + index}`,
    description: "Flight to NYC",
  })),
  total: 10510,
  average: 700.6667,
  booked: "2024-07-15T22:30:00Z",
};

const inFlights = (answer: string, question = "") => unsupportedNumbers(answer, [question, FLIGHTS]);

describe("a number that the data hold", () => {
  test.each([
    "10510 10,510 10.510 10'510 10 510 10\u00a0510 10_510 10,510.00 10.510,00",
    "$10,510, 10.510 €, £10,510, USD 10,510, USD10510, 10510EUR, US$10,510.00, 10,510 dollars",
    "**10,510** (10,510) `10,510` “10,510”. 10,510!",
    "10.5k, 10.5K, $10.5k, 10.5 thousand, 0.0105 million, 11k",
    "about 10,500, roughly $10,500, ~10,000, over 10,000, more than **$10,000**, 10,000+",
    "701, 700.7, 700.67, 700.667",
    "from 380 to 1,200, 380–1,200, 380-1200, $380-$1,200",
    "-450, −450, a change of -$450",
    "450, 380, and 520; 450/380; 1,2,3",
  ])("may be written as %j", (answer) => {
    expect(inFlights(answer)).toEqual([]);
  });

  test("may come from the question", () => {
    expect(inFlights("Nothing is above 99,000.", "What is above $99,000?")).toEqual([]);
  });

  test("may stand in a text, a key or a name of the data", () => {
    const data = { "Room 217": "Invoice 88-4711, user_9, 1,250 USD", list: "3,17,45" };
    expect(unsupportedNumbers("Room 217, invoice 4711 of user 9 for 1,250.00; 17 and 45", [data])).toEqual(
      [],
    );
  });

  test("may count a list or the keys of an object", () => {
    expect(inFlights("There are 15 flights.")).toEqual([]);
    expect(unsupportedNumbers("2 members", [{ Alice: "a", Bob: "b" }])).toEqual([]);
  });
});

describe("a number that the data do not hold", () => {
  test.each([
    ["The total is 8,530.", ["8,530"]],
    ["The total is **$9,370.00**, not 11950.", ["9,370.00", "11950"]],
    ["about 9,000", ["9,000"]],
    ["10.6k or 1.2 million", ["10.6k", "1.2 million"]],
    ["700.6", ["700.6"]],
    ["There are 12 flights.", ["12"]],
    // A count is no amount.
    ["$15", ["15"]],
    ["450 + 380 = 830", ["830"]],
    ["from 450 to 999", ["999"]],
    ["12 km, 7GB", ["12", "7"]],
    ["8,530 and again 8,530", ["8,530"]],
    ["1,2,7777", ["7777"]],
    ["-451", ["451"]],
  ])("%j reports %j", (answer, reported) => {
    expect(inFlights(answer)).toEqual(reported);
  });
});

describe("percentages", () => {
  test("of the data pass as a percentage and as a fraction", () => {
    const data = { percent: 61.9, share: 0.4279, items: [] };
    expect(unsupportedNumbers("61.9%, 62 percent, 42.79 %, 43%", [data])).toEqual([]);
    expect(unsupportedNumbers("61.8%, 44%", [data])).toEqual(["61.8%", "44%"]);
  });

  test("of two shown numbers pass, one of them in the same line", () => {
    expect(inFlights("450 is 4.3% of the total.\n\nThe total is 10,510.")).toEqual([]);
    expect(inFlights("It rose by 18.4%, from 380 to 450.")).toEqual([]);
    expect(inFlights("450 is 5.3% of 10,510.")).toEqual(["5.3%"]);
    expect(inFlights("A share of 4.3%.\n\nIt was 450.\n\nOf 10,510.")).toEqual(["4.3%"]);
  });

  test("of two fields of one small object pass", () => {
    const data = [{ name: "Bob", spent: 5600, budget: 7000 }];
    expect(unsupportedNumbers("Bob has used 80% of the budget.", [data])).toEqual([]);
    expect(unsupportedNumbers("Bob has used 81% of the budget.", [data])).toEqual(["81%"]);
  });

  test("are not allowed by any pair of a long list", () => {
    const percentages = Array.from({ length: 100 }, (_, percent) => `${percent}.5%`);
    expect(percentages.filter((percent) => inFlights(percent).length === 0)).toEqual([]);
  });

  test("count for both ends of a range", () => {
    expect(unsupportedNumbers("10–15%, between 10 and 15%", [{ low: 0.1, high: 0.15 }])).toEqual([]);
  });

  test("have multiples beside them", () => {
    expect(inFlights("1,200 is 2.7x as much as 450")).toEqual([]);
    expect(inFlights("1,200 is 3.7x as much as 450")).toEqual(["3.7x"]);
  });
});

describe("dates and times", () => {
  test.each([
    "2024-07-15, 2024/07/15, 15/07/2024, 07/15/2024, 15.07.2024, 15/07/24, 7/15",
    "July 15, 2024; Jul 15; July 15th, 2024; 15 July 2024; the 15th of July; July 2024; 2024-07; 2024",
    "July 15 and 16, 2024; July 15–17; July 15, 450 paid",
    "15. Juli 2024, 15 juillet 2024, 15 de julio de 2024",
    "at 22:30, 10:30 PM, 10:30 p.m., 22:30:00",
  ])("of the data pass in any form: %j", (answer) => {
    expect(inFlights(answer)).toEqual([]);
  });

  test.each([
    ["2024-07-30", ["2024-07-30"]],
    ["July 30, 2024", ["July 30, 2024"]],
    ["in August 2024", ["August 2024"]],
    ["in 2023", ["2023"]],
    ["at 9:15", ["9:15"]],
  ])("not of the data are reported: %j", (answer, reported) => {
    expect(inFlights(answer)).toEqual(reported);
  });
});

describe("what is no number", () => {
  test("is a name with digits, an ordinal, a number of a list or of a row", () => {
    const answer = [
      "# 1. H2O, GPT-4, Q3 and COVID-19 in 3D, v2, 7zip",
      "1. the 31st, 2nd and 43rd",
      "77) more",
      "**9.** bold",
      "| # | amount |",
      "|---|---|",
      ...[1, 2, 3, 4, 5, 6].map((row) => `| ${row} | 450 |`),
    ].join("\n");
    expect(unsupportedNumbers(answer, [[450]])).toEqual([]);
  });

  test("is not the first cell of a row that does not count", () => {
    expect(unsupportedNumbers("| 77 | 450 |\n| 3 | 450 |", [[450]])).toEqual(["77", "3"]);
  });
});

test("takes little time for a long answer and long data", () => {
  const rows = Array.from({ length: 2000 }, (_, index) => ({ id: index, amount: index * 1.37 }));
  const answer = rows.map(({ id, amount }) => `| ${id} | ${amount.toFixed(2)} | 3% |`).join("\n");
  const started = performance.now();
  unsupportedNumbers(answer, [rows, JSON.stringify(rows)]);
  expect(performance.now() - started).toBeLessThan(5000);
});

type Format = (value: number) => { text: string; step: number };

const group = (value: number, decimals: number, sign: string, point: string) => {
  const [whole = "", fraction] = value.toFixed(decimals).split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, sign) + (fraction === undefined ? "" : point + fraction);
};
const decimals = fc.integer({ min: 0, max: 2 });
const grouping = fc.constantFrom<[string, string]>(
  ["", "."],
  [",", "."],
  [".", ","],
  ["\u00a0", ","],
  ["\u202f", "."],
  ["'", "."],
);
const grouped: fc.Arbitrary<Format> = fc
  .tuple(decimals, grouping)
  .map(([places, [sign, point]]) => (value) => ({
    text: group(value, places, sign, point),
    step: 10 ** -places,
  }));
const scaled: fc.Arbitrary<Format> = fc
  .tuple(decimals, fc.constantFrom<[string, number]>(["k", 1e3], [" thousand", 1e3], [" million", 1e6]))
  .map(([places, [word, factor]]) => (value) => ({
    text: `${(value / factor).toFixed(places)}${word}`,
    step: factor * 10 ** -places,
  }));
const format = fc.oneof(grouped, scaled);
const sentence = fc.constantFrom<(text: string) => string>(
  (text) => `The total is ${text}.`,
  (text) => `**$${text}**`,
  (text) => `| Alice | €${text} |`,
  (text) => `EUR ${text}, in all`,
  (text) => `-${text} EUR`,
  (text) => `(${text})`,
  (text) => `Alice: ${text}\nBob: no expenses`,
);
const amount = fc.oneof(
  fc.integer({ min: 1000, max: 9_999_999 }),
  fc.integer({ min: 100_000, max: 99_999_999 }).map((cents) => cents / 100),
);

describe("for any number of the data", () => {
  test("no allowed form is reported", () => {
    fc.assert(
      fc.property(
        fc.array(amount, { minLength: 1, maxLength: 20 }),
        format,
        sentence,
        (values, write, place) => {
          for (const value of values)
            expect(unsupportedNumbers(place(write(value).text), [{ values }])).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("one that is off by more than its rounding is always reported", () => {
    const steps = fc.integer({ min: 1, max: 100_000 }).map((many) => many * 1.0);
    fc.assert(
      fc.property(amount, format, sentence, steps, fc.boolean(), (value, write, place, many, up) => {
        const { step } = write(value);
        const changed = value + (up ? many : -many) * step * 1.01;
        // Smaller ones could be a count, or another reading of the same digits.
        fc.pre(changed >= 1000);
        const shown = Math.round(changed / step) * step;
        fc.pre(Math.abs(shown - value) > step * 0.51);
        const { text } = write(shown);
        expect(unsupportedNumbers(place(text), [{ total: value }])).toEqual([text]);
      }),
      { numRuns: 2000 },
    );
  });
});
