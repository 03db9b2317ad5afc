import { z } from "zod";
import type { ChatBody, ScriptedReply } from "./scripted-model.js";

/** A question of the demo, and what the script says to it in place of a model. */
interface ScriptedTurn {
  readonly question: string;
  /** The tools that discovery asks for; absent where the conversation holds the answer. */
  readonly calls?: NonNullable<ScriptedReply["toolCalls"]>;
  /** One for each attempt. */
  readonly programs?: readonly string[];
  /** Narrates the result of a program as it stands in the request: of this turn, or of an earlier one. */
  readonly narrate: (result: unknown) => string;
}

const TEAM = { name: "get_team_members", arguments: { department: "Engineering" } };

const FLIGHTS_PER_MEMBER = `import asyncio

team = await get_team_members("Engineering")
reports = await asyncio.gather(*[
    get_expenses(member["id"], category="flight")
    for member in team["members"]
])`;

const BOB = `team = await get_team_members("Engineering")
[bob] = [m for m in team["members"] if m["name"] == "Bob Smith"]
report = await get_expenses(bob["id"])
items = report["expenses"]
{"member": bob["name"], "items": items, "total": await sum_amounts(items)}`;

const Members = z.object({ count: z.number(), names: z.array(z.string()) });
const Item = z.object({ date: z.string(), amount: z.number(), description: z.string() });
const Flights = z.object({ count: z.number(), flights: z.array(Item.extend({ member: z.string() })) });
const Totals = z.object({
  members: z.array(z.object({ member: z.string(), total: z.number() })),
  total: z.number(),
});
const Itemised = z.object({ member: z.string(), items: z.array(Item), total: z.number() });

/** The conversation of the article: two fetches, a table from context, totals, one member, a follow-up. */
const TURNS: readonly ScriptedTurn[] = [
  {
    question: "Who is on the Engineering team?",
    calls: [TEAM],
    programs: [
      `team = await get_team_members("Engineering")
names = [member["name"] for member in team["members"]]
{"count": len(names), "names": names}`,
    ],
    narrate: (result) => {
      const { count, names } = Members.parse(result);
      return `The Engineering team has ${count} members: ${names.join(", ")}.`;
    },
  },
  {
    question: "Fetch all flight expenses across the team.",
    calls: [TEAM, { name: "get_expenses", arguments: { user_id: 1, category: "flight" } }],
    programs: [
      `${FLIGHTS_PER_MEMBER}
flights = [
    {"member": member["name"], "date": item["date"],
     "description": item["description"], "amount": item["amount"]}
    for member, report in zip(team["members"], reports)
    for item in report["expenses"]
]
{"count": len(flights), "flights": flights}`,
    ],
    narrate: (result) => {
      const { count, flights } = Flights.parse(result);
      const dearest = flights.reduce((most, flight) => (flight.amount > most.amount ? flight : most));
      return (
        `There are ${count} flight expenses. The dearest is ${dearest.member}'s ${dearest.description} ` +
        `on ${dearest.date}, for ${dearest.amount}.`
      );
    },
  },
  {
    question: "Show them as a table.",
    narrate: (result) =>
      table(
        ["Date", "Member", "Description", "Amount"],
        Flights.parse(result).flights.map((flight) => [
          flight.date,
          flight.member,
          flight.description,
          String(flight.amount),
        ]),
      ),
  },
  {
    question: "What do the flights cost per member, and in all?",
    calls: [{ name: "sum_amounts", arguments: { items: [] } }],
    programs: [
      `${FLIGHTS_PER_MEMBER}
totals = await asyncio.gather(*[sum_amounts(r["expenses"]) for r in reports])
rows = [
    {"member": member["name"], "total": total}
    for member, total in zip(team["members"], totals)
]
{"members": rows, "total": await sum_amounts(rows, "total")}`,
    ],
    narrate: (result) => {
      const { members, total } = Totals.parse(result);
      const rows = members.map((row) => [row.member, String(row.total)]);
      return `${table(["Member", "Flights"], rows)}\n\nIn all, the flights cost ${total}.`;
    },
  },
  {
    question: "Itemise what Bob Smith spent.",
    calls: [{ name: "get_expenses", arguments: { user_id: 2 } }],
    // The first program reads a key that get_expenses does not give: the error leads to the second.
    programs: [BOB.replace('report["expenses"]', 'report["items"]'), BOB],
    narrate: (result) => {
      const { member, items, total } = Itemised.parse(result);
      const rows = items.map((item) => [item.date, item.description, String(item.amount)]);
      return `${table(["Date", "Description", "Amount"], rows)}\n\n${member} spent ${total} in total.`;
    },
  },
  {
    question: "Which of these was the dearest?",
    narrate: (result) => {
      const { items } = Itemised.parse(result);
      const dearest = items.reduce((most, item) => (item.amount > most.amount ? item : most));
      return `${dearest.description} on ${dearest.date}: ${dearest.amount}.`;
    },
  },
];

/** What is asked in the demo, in order. */
export const QUESTIONS: readonly string[] = TURNS.map(({ question }) => question);

/**
 * The reply of the script to a request, by what stands in it. It holds no numbers: what it tells, it reads from the
 * results in the request.
 */
export function scriptedReply({ messages, tools }: ChatBody): ScriptedReply | undefined {
  const said = messages.filter(({ role }) => role === "user").map(({ content }) => content);
  const turn = TURNS.findLast(({ question }) => said.some((content) => content.includes(question)));
  if (turn === undefined) return undefined;
  const { calls, programs, narrate } = turn;
  if (tools !== undefined && calls !== undefined) return { toolCalls: calls };
  if (calls === undefined || said.at(-1)?.includes("<tool_results>")) {
    const results = said.flatMap((content) => content.match(/<tool_results>.*?<\/tool_results>/gs) ?? []);
    return { text: narrate(readResult(results.at(-1))) };
  }
  const next = programs?.find((program) => !messages.some(({ content }) => content.includes(program)));
  return next === undefined ? undefined : { text: `\`\`\`python\n${next}\n\`\`\`` };
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const isNumber = head.map((_, column) => rows.every((row) => !Number.isNaN(Number(row[column]))));
  const line = (cells: readonly string[]) =>
    `| ${cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return isNumber[column] ? cell.padStart(width) : cell.padEnd(width);
      })
      .join(" | ")} |`;
  const rule = widths.map((width, column) =>
    isNumber[column] ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** The JSON of a block. */
function readResult(block = ""): unknown {
  return JSON.parse(block.replace(/^<[^>]*>|<[^>]*>$/g, ""));
}
