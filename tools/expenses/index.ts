import type { Tool } from "../../src/catalog/tool.js";
import { getCustomBudget } from "./get-custom-budget.js";
import { getExpenses } from "./get-expenses.js";
import { getTeamMembers } from "./get-team-members.js";
import { sumAmounts } from "./sum-amounts.js";

/** The tools of the demonstration data set: one team, its expenses and budgets. */
export const expenseTools: readonly Tool[] = [getTeamMembers, getExpenses, getCustomBudget, sumAmounts];
