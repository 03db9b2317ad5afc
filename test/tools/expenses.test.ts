import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Catalog } from "../../src/catalog/catalog.js";
import { expenseTools } from "../../tools/expenses/index.js";

type Expense = { date: string; amount: number; description: string; category: string };
type Expenses = { user_id: number; quarter: string; category: string; expenses: Expense[] };
type Team = { department: string; members: { id: number; name: string }[] };

const catalog = new Catalog(expenseTools);
const context = { signal: new AbortController().signal };

async function call<T>(name: string, args: Record<string, unknown>): Promise<T> {
  const tool = catalog.get(name);
  if (!tool) throw new Error(`no tool ${name}`);
  return (await tool.call(args, context)) as T;
}

async function expensesOfTheTeam(filter: Record<string, string> = {}): Promise<Expense[]> {
  const { members } = await call<Team>("get_team_members", { department: "Engineering" });
  const answers = await Promise.all(
    members.map(({ id }) => call<Expenses>("get_expenses", { user_id: id, ...filter })),
  );
  return answers.flatMap(({ expenses }) => expenses);
}

it("finds 15 flights of the team that total 10510.0", async () => {
  const flights = (await expensesOfTheTeam()).filter(({ description }) =>
    description.toLowerCase().includes("flight"),
  );
  expect(flights).toHaveLength(15);
  expect(await call("sum_amounts", { items: flights })).toBe(10510);
});

it.each(expenseTools)("$name is titled, read-only, and has both schemas", (tool) => {
  expect(tool.annotations).toEqual({
    title: expect.any(String),
    readOnlyHint: true,
    idempotentHint: true,
    destructiveHint: false,
    openWorldHint: false,
  });
  expect(tool.inputSchema.type).toBe("object");
  expect(tool.outputSchema).toBeDefined();
});

it("has the argument names of the contract, in their order", () => {
  const parameters = Object.fromEntries(
    expenseTools.map((tool) => [tool.name, Object.keys(tool.inputSchema.properties as object)]),
  );
  expect(parameters).toEqual({
    get_team_members: ["department"],
    get_expenses: ["user_id", "quarter", "category"],
    get_custom_budget: ["user_id"],
    sum_amounts: ["items", "field"],
  });
});

describe("get_team_members", () => {
  it("gives the five members, whatever the case of the department, and echoes it", async () => {
    const team = await call<Team>("get_team_members", { department: "engineering" });
    expect(team.department).toBe("engineering");
    expect(team.members).toHaveLength(5);
    expect(team.members[1]).toEqual({ id: 2, name: "Bob Smith" });
  });

  it("names the departments when it does not know one", async () => {
    await expect(call("get_team_members", { department: "Sales" })).rejects.toThrow(
      "Unknown department 'Sales': use 'Engineering'",
    );
  });
});

describe("get_expenses", () => {
  it("gives all of a user's expenses by default, without the user in each", async () => {
    const answer = await call<Expenses>("get_expenses", { user_id: 1 });
    expect(answer).toMatchObject({ user_id: 1, quarter: "", category: "" });
    expect(answer.expenses[0]).toEqual({
      date: "2024-07-15",
      amount: 450,
      description: "Flight to NYC",
      category: "flight",
    });
    expect(await expensesOfTheTeam()).toHaveLength(54);
  });

  it("filters by category without case, and echoes what was asked", async () => {
    const answer = await call<Expenses>("get_expenses", { user_id: 1, category: "Flight", quarter: "q3" });
    expect(answer).toMatchObject({ category: "Flight", quarter: "q3" });
    expect(new Set(answer.expenses.map(({ category }) => category))).toEqual(new Set(["flight"]));
    expect(await expensesOfTheTeam({ category: "FLIGHT" })).toHaveLength(15);
  });

  it("filters by quarter: the data is all in the third", async () => {
    expect(await expensesOfTheTeam({ quarter: "Q3" })).toHaveLength(54);
    for (const quarter of ["Q1", "Q2", "Q4"]) expect(await expensesOfTheTeam({ quarter })).toEqual([]);
  });

  it("finds nothing, and does not fail, for a category that nobody uses", async () => {
    expect(await expensesOfTheTeam({ category: "travel" })).toEqual([]);
  });

  it("names what is right when the quarter or the user is wrong", async () => {
    await expect(call("get_expenses", { user_id: 1, quarter: "Q5" })).rejects.toThrow(
      "Unknown quarter 'Q5': use Q1, Q2, Q3 or Q4, or \"\" for all",
    );
    await expect(call("get_expenses", { user_id: 9 })).rejects.toThrow(
      "Unknown user_id 9: use 1 (Alice Chen), 2 (Bob Smith), 3 (Carol Jones), 4 (David Kim) or 5 (Eve Wilson)",
    );
  });

  it("says which days and categories the data has", () => {
    const tool = catalog.get("get_expenses");
    expect(tool?.description).toContain("2024-07-01 to 2024-09-21");
    expect(JSON.stringify(tool?.inputSchema)).toContain("flight, hotel, meals");
  });
});

describe("get_custom_budget", () => {
  it("gives the budget of who has one and null for who has none", async () => {
    expect(await call("get_custom_budget", { user_id: 2 })).toEqual({
      user_id: 2,
      budget: 7000,
      reason: "International travel required",
    });
    expect(await call("get_custom_budget", { user_id: 1 })).toBeNull();
  });

  it("names the users when it does not know one", async () => {
    await expect(call("get_custom_budget", { user_id: 0 })).rejects.toThrow(
      /^Unknown user_id 0: use 1 \(Alice/,
    );
  });
});

describe("sum_amounts", () => {
  const sum = (numbers: readonly number[]) =>
    call<number>("sum_amounts", { items: numbers.map((amount) => ({ amount })) });

  it("adds decimals exactly", async () => {
    expect(await sum([0.1, 0.2])).toBe(0.3);
    expect(await sum([1e16, 1, -1e16])).toBe(1);
    expect(await sum([-5.5, 2.25])).toBe(-3.25);
  });

  it("gives 0.0 for an empty list and adds up another field when asked", async () => {
    expect(await sum([])).toBe(0);
    expect(await call("sum_amounts", { items: [{ n: 1 }, { n: 2.5 }], field: "n" })).toBe(3.5);
  });

  it("agrees with sums in whole cents", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: -(10 ** 12), max: 10 ** 12 })), async (cents) => {
        const total = cents.reduce((all, one) => all + BigInt(one), 0n);
        expect(await sum(cents.map((one) => one / 100))).toBe(Number(`${total}e-2`));
      }),
    );
  });

  it("gives the float nearest to the rational sum of any floats as they are written", async () => {
    const float = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e290, max: 1e290 });
    await fc.assert(
      fc.asyncProperty(fc.array(float, { maxLength: 8 }), async (numbers) => {
        const exact = numbers.map((number) => decimalFraction(number)).reduce(add, { top: 0n, bottom: 1n });
        const total = await sum(numbers);
        const error = distance(binaryFraction(total), exact);
        for (const neighbour of neighboursOf(total))
          expect(isAtMost(error, distance(binaryFraction(neighbour), exact))).toBe(true);
      }),
    );
  });

  it("refuses a total that no float holds", async () => {
    await expect(sum([1.7e308, 1.7e308])).rejects.toThrow("The sum is too large for a float");
  });

  it.each<[string, unknown, string]>([
    [
      "has no such field",
      { amout: 1, date: "x" },
      "items[1] has no field 'amount': its keys are amout, date",
    ],
    ["is empty", {}, "items[1] has no field 'amount': it has no keys"],
    [
      "holds text",
      { amount: "12" },
      "items[1]['amount'] is not a finite number but \"12\": its keys are amount",
    ],
    [
      "holds a bool",
      { amount: true },
      "items[1]['amount'] is not a finite number but true: its keys are amount",
    ],
    [
      "holds null",
      { amount: null },
      "items[1]['amount'] is not a finite number but null: its keys are amount",
    ],
    [
      "holds NaN",
      { amount: Number.NaN },
      "items[1]['amount'] is not a finite number but NaN: its keys are amount",
    ],
    [
      "holds infinity",
      { amount: 1 / 0 },
      "items[1]['amount'] is not a finite number but Infinity: its keys are amount",
    ],
  ])("names the item that %s", async (_, item, message) => {
    await expect(call("sum_amounts", { items: [{ amount: 1 }, item] })).rejects.toThrow(message);
  });

  it("does not take a field from the prototype of an item", async () => {
    await expect(call("sum_amounts", { items: [{ a: 1 }], field: "constructor" })).rejects.toThrow(
      /no field/,
    );
  });
});

interface Fraction {
  readonly top: bigint;
  readonly bottom: bigint;
}

function add(a: Fraction, b: Fraction): Fraction {
  return { top: a.top * b.bottom + b.top * a.bottom, bottom: a.bottom * b.bottom };
}

function distance(a: Fraction, b: Fraction): Fraction {
  const { top, bottom } = add(a, { top: -b.top, bottom: b.bottom });
  return { top: top < 0n ? -top : top, bottom };
}

function isAtMost(a: Fraction, b: Fraction): boolean {
  return a.top * b.bottom <= b.top * a.bottom;
}

/** The number as its shortest decimal text says. */
function decimalFraction(number: number): Fraction {
  const [, sign, whole = "", , fraction = "", , power = "0"] =
    /^(-?)(\d+)(\.(\d+))?(e([+-]?\d+))?$/.exec(String(number)) ?? [];
  const top = BigInt(`${sign}${whole}${fraction}`);
  const exponent = Number(power) - fraction.length;
  return exponent < 0
    ? { top, bottom: 10n ** BigInt(-exponent) }
    : { top: top * 10n ** BigInt(exponent), bottom: 1n };
}

function bitsOf(number: number): bigint {
  return new BigInt64Array(new Float64Array([number]).buffer)[0] ?? 0n;
}

function fromBits(bits: bigint): number {
  return new Float64Array(new BigInt64Array([bits]).buffer)[0] ?? 0;
}

/** The number as its bits say. */
function binaryFraction(number: number): Fraction {
  const bits = bitsOf(Math.abs(number));
  const exponent = bits >> 52n;
  const mantissa = (bits & ((1n << 52n) - 1n)) | (exponent === 0n ? 0n : 1n << 52n);
  const shift = (exponent === 0n ? 1n : exponent) - 1075n;
  const top = number < 0 ? -mantissa : mantissa;
  return shift < 0n ? { top, bottom: 1n << -shift } : { top: top << shift, bottom: 1n };
}

function neighboursOf(number: number): number[] {
  if (number === 0) return [Number.MIN_VALUE, -Number.MIN_VALUE];
  return [fromBits(bitsOf(number) - 1n), fromBits(bitsOf(number) + 1n)];
}
