import { readFileSync } from "node:fs";
import { z } from "zod";
import { PACKAGE_ROOT } from "../../src/paths.js";

const Data = z.object({
  department: z.string(),
  team_members: z.array(z.object({ id: z.int(), name: z.string() })),
  expenses: z.array(
    z.object({
      user_id: z.int(),
      date: z.iso.date(),
      amount: z.number(),
      description: z.string(),
      category: z.string(),
    }),
  ),
  custom_budgets: z.array(z.object({ user_id: z.int(), amount: z.number(), reason: z.string() })),
});

const FILE = new URL("tools/expenses/expenses.json", PACKAGE_ROOT);

export type ExpenseData = z.output<typeof Data>;

let data: ExpenseData | undefined;

/** The data set, read and checked once. Amounts have no currency. */
export function expenseData(): ExpenseData {
  data ??= Data.parse(JSON.parse(readFileSync(FILE, "utf8")));
  return data;
}

/** The first and the last day that has an expense, as YYYY-MM-DD. */
export function dateRange(): { first: string; last: string } {
  const dates = expenseData()
    .expenses.map((expense) => expense.date)
    .sort();
  return { first: dates[0] ?? "", last: dates.at(-1) ?? "" };
}

/** Every category in the data, sorted. */
export function categories(): string[] {
  return [...new Set(expenseData().expenses.map((expense) => expense.category))].sort();
}

/** @throws RangeError that lists the members when there is no such user. */
export function requireUser(userId: number): void {
  const members = expenseData().team_members;
  if (members.some((member) => member.id === userId)) return;
  throw new RangeError(
    `Unknown user_id ${userId}: use ${oneOf(members.map((member) => `${member.id} (${member.name})`))}`,
  );
}

/** `a, b or c`. */
export function oneOf(choices: readonly string[]): string {
  return choices.length < 2 ? choices.join() : `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
}

export const READ_ONLY = {
  readOnlyHint: true,
  idempotentHint: true,
  destructiveHint: false,
  openWorldHint: false,
} as const;
