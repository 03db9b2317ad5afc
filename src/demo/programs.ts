/** A program as an agent writes it, and the question that it answers. */
export interface DemoProgram {
  readonly title: string;
  readonly code: string;
  /** What the demo shows with it. */
  readonly outcome: "result" | "refusal" | "failure";
  /** Whether it goes on where the program before it failed. */
  readonly resumes?: boolean;
}

const HOTELS = `import asyncio

team = await get_team_members("Engineering")
stays = await asyncio.gather(*[
    get_expenses(member["id"], quarter="Q3", category="hotel")
    for member in team["members"]
])
{
    member["name"]: [stay["amount"] for stay in report["expenses"]]
    for member, report in zip(team["members"], stays)
}`;

const SPENT = `import asyncio

team = await get_team_members("Engineering")
reports = await asyncio.gather(*[get_expenses(m["id"]) for m in team["members"]])
items = [item for report in reports for item in report["expenses"]]
{"items": len(items), "spent": await sum_amounts(items, field="amount")}`;

/** What an agent is asked in the demo, and what it writes. */
export const PROGRAMS: readonly DemoProgram[] = [
  {
    title: "1. What did the team's flights cost?",
    outcome: "result",
    code: `import asyncio

team = await get_team_members("Engineering")
reports = await asyncio.gather(*[
    get_expenses(member["id"], category="flight")
    for member in team["members"]
])
flights = [item for report in reports for item in report["expenses"]]
total = await sum_amounts(flights)
print(f"{len(flights)} items, {total} in total")
dearest = max(flights, key=lambda item: item["amount"])
{"items": len(flights), "total": total, "dearest": dearest}`,
  },
  {
    title: "2. Who has used how much of their budget?",
    outcome: "result",
    code: `import asyncio

# The agent's own choice: get_custom_budget gives None for most members.
DEFAULT_BUDGET = 5000.0

async def standing(member):
    report, own = await asyncio.gather(
        get_expenses(member["id"]), get_custom_budget(member["id"])
    )
    spent = await sum_amounts(report["expenses"])
    budget = own["budget"] if own else DEFAULT_BUDGET
    return {
        "name": member["name"], "spent": spent, "budget": budget,
        "percent": round(100 * spent / budget),
    }

team = await get_team_members("Engineering")
rows = await asyncio.gather(*[standing(m) for m in team["members"]])
sorted(rows, key=lambda row: row["percent"], reverse=True)`,
  },
  {
    title: "3. What did each member's hotel stays cost? First try, with a typo in a key",
    outcome: "refusal",
    code: HOTELS.replace('team["members"]\n', 'team["membrs"]\n'),
  },
  {
    title: "3. Second try, mended from the answer",
    outcome: "result",
    code: HOTELS,
  },
  {
    title: "4. What did the team spend in all? First try, which fails at the last of its calls",
    outcome: "failure",
    code: SPENT.replace('"amount"', '"cost"'),
  },
  {
    title: "4. Second try, mended; with resume_from, it goes on where the first one failed",
    outcome: "result",
    code: SPENT,
    resumes: true,
  },
];
