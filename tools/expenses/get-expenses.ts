import { z } from "zod";
import { defineTool } from "../../src/catalog/tool.js";
import { categories, dateRange, expenseData, READ_ONLY, requireUser } from "./data.js";

const { first, last } = dateRange();

export const getExpenses = defineTool({
  name: "get_expenses",
  description: `One user's expenses, filtered by quarter and category. The data is from ${first} to ${last}.`,
  annotations: { title: "Expenses", ...READ_ONLY },
  input: z.object({
    user_id: z.int().describe("Id of a team member."),
    quarter: z.string().default("").describe('Calendar quarter: "Q1", "Q2", "Q3" or "Q4"; "" for all.'),
    category: z
      .string()
      .default("")
      .describe(
        `One category, "" for all. In the data: ${categories().join(", ")}. Another one matches nothing.`,
      ),
  }),
  output: z.object({
    user_id: z.int(),
    quarter: z.string().describe("As asked."),
    category: z.string().describe("As asked."),
    expenses: z.array(
      z.object({
        date: z.string().describe("YYYY-MM-DD"),
        amount: z.number().describe("No currency is given."),
        description: z.string(),
        category: z.string(),
      }),
    ),
  }),
  run({ user_id, quarter, category }) {
    requireUser(user_id);
    const wantedQuarter = quarter.toUpperCase();
    if (!["", "Q1", "Q2", "Q3", "Q4"].includes(wantedQuarter))
      throw new RangeError(`Unknown quarter '${quarter}': use Q1, Q2, Q3 or Q4, or "" for all`);
    const wantedCategory = category.toLowerCase();
    const expenses = expenseData().expenses.filter(
      (expense) =>
        expense.user_id === user_id &&
        (wantedQuarter === "" || wantedQuarter === quarterOf(expense.date)) &&
        (wantedCategory === "" || wantedCategory === expense.category.toLowerCase()),
    );
    return { user_id, quarter, category, expenses };
  },
});

/** The calendar quarter of a YYYY-MM-DD date. */
function quarterOf(date: string): string {
  return `Q${Math.ceil(Number(date.slice(5, 7)) / 3)}`;
}
