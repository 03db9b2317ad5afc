import { z } from "zod";
import { defineTool } from "../../src/catalog/tool.js";
import { expenseData, READ_ONLY, requireUser } from "./data.js";

export const getCustomBudget = defineTool({
  name: "get_custom_budget",
  description: "A user's own budget and the reason for it; null for a user who has none.",
  annotations: { title: "Custom budget", ...READ_ONLY },
  input: z.object({ user_id: z.int().describe("Id of a team member.") }),
  output: z
    .object({ user_id: z.int(), budget: z.number().describe("No currency is given."), reason: z.string() })
    .nullable(),
  run({ user_id }) {
    requireUser(user_id);
    const own = expenseData().custom_budgets.find((budget) => budget.user_id === user_id);
    return own ? { user_id, budget: own.amount, reason: own.reason } : null;
  },
});
