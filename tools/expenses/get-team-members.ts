import { z } from "zod";
import { defineTool } from "../../src/catalog/tool.js";
import { expenseData, READ_ONLY } from "./data.js";

export const getTeamMembers = defineTool({
  name: "get_team_members",
  description: `The members of a department, with their ids. The departments: ${expenseData().department}.`,
  annotations: { title: "Team members", ...READ_ONLY },
  input: z.object({ department: z.string().describe("Name of the department; case does not matter.") }),
  output: z.object({
    department: z.string(),
    members: z.array(z.object({ id: z.int(), name: z.string() })),
  }),
  run({ department }) {
    const data = expenseData();
    if (department.toLowerCase() !== data.department.toLowerCase())
      throw new RangeError(`Unknown department '${department}': use '${data.department}'`);
    return { department, members: data.team_members };
  },
});
