import { describe, expect, test } from "vitest";
import { defineTool, z } from "../../src/index.js";
import { needs, program, TestAsker } from "../support/asker.js";

/** What went wrong in the article that the server was built from; its programs, on honest tools. */
const FIRST_OF_BOB = `import asyncio

members_data = await get_team_members('Engineering')
members = members_data['members']

bob_id = None
for member in members:
    if 'bob smith' in member['name'].lower():
        bob_id = member['id']
        break

expenses_data = await get_expenses(bob_id, 'Q3', 'flight')
expenses = expenses_data['expenses']

first_expense = expenses[0] if expenses else None

result = first_expense`;

const UNCALLED = `import asyncio

async def main():
    user_ids = [1, 2, 3, 4, 5]
    expenses_results = await asyncio.gather(
        *[get_expenses(user_id, 'Q3', 'flight') for user_id in user_ids]
    )
    flight_expenses = []
    for result in expenses_results:
        for expense in result['expenses']:
            if 'flight' in expense['description'].lower():
                flight_expenses.append({'user_id': result['user_id'], **expense})
    flight_expenses`;

const ALL_COMBINATIONS = `import asyncio

quarters = ['Q1', 'Q2', 'Q3', 'Q4']
categories = ['travel', 'meals', 'accommodation']

tasks = []
for quarter in quarters:
    for category in categories:
        tasks.append(get_expenses(2, quarter, category))

results = await asyncio.gather(*tasks)`;

const FLIGHTS = `import asyncio
reports = await asyncio.gather(*[get_expenses(user_id) for user_id in [1, 2, 3, 4, 5]])
items = [e for r in reports for e in r["expenses"] if "flight" in e["description"].lower()]
{"items": items, "total": await sum_amounts(items)}`;

test("a last statement that is an assignment gives its value", async () => {
  await using test = await TestAsker.start([
    needs("get_team_members", { department: "Engineering" }),
    program(FIRST_OF_BOB),
    { text: "Bob's first expense is a flight to London for 850.00 on July 1, 2024." },
  ]);
  const turn = await test.ask("get the first expense line for Bob Smith and tell me the items on it");
  expect(turn.result).toEqual({
    date: "2024-07-01",
    amount: 850,
    description: "Flight to London",
    category: "flight",
  });
  expect(turn).toMatchObject({ attempts: 1, route: "code", code: FIRST_OF_BOB, unsupportedNumbers: [] });
  expect(test.told(2)).toContain('<tool_results>\n{"date":"2024-07-01","amount":850,');
});

test("logic in a function that is never called runs all the same", async () => {
  await using test = await TestAsker.start([
    needs("get_expenses", { user_id: 1, quarter: "Q3", category: "flight" }),
    program(UNCALLED),
    { text: "There are 15 flights." },
  ]);
  const turn = await test.ask("itemize member's expenses that have 'flight' in the description");
  expect(turn.result).toHaveLength(15);
  expect(turn).toMatchObject({ attempts: 1, answer: "There are 15 flights." });
});

describe("over-fetching", () => {
  const distinct = ["Q1", "Q2", "Q3", "Q4"].flatMap((quarter) =>
    ["travel", "meals", "accommodation"].map(
      (category) => `get_expenses ${JSON.stringify({ user_id: 2, quarter, category })}`,
    ),
  );

  test("runs each tool once for each distinct call", async () => {
    const twice = ALL_COMBINATIONS.replace(
      "*tasks)",
      "*tasks)\nagain = await asyncio.gather(*[\n    get_expenses(user_id=2, category=c, quarter=q) for q in quarters for c in categories\n])\nlen(again)",
    );
    await using test = await TestAsker.start([
      needs("get_expenses", { user_id: 2 }),
      program(ALL_COMBINATIONS),
      { text: "Bob had meals in Q3." },
      needs("get_expenses", { user_id: 2 }),
      program(twice),
      { text: "There are 12." },
    ]);
    const turn = await test.ask("try looking for user id 2");
    expect(turn.result).toHaveLength(12);
    expect(test.runs.toSorted()).toEqual(distinct.toSorted());
    test.runs.length = 0;
    expect((await test.ask("and how many are that?")).result).toBe(12);
    expect(test.runs.toSorted()).toEqual(distinct.toSorted());
  });
});

test("a null goes back to the model, which mends its program", async () => {
  await using test = await TestAsker.start([
    needs("get_custom_budget", { user_id: 1 }),
    program("await get_custom_budget(1)"),
    program('{"own_budget": await get_custom_budget(1)}'),
    { text: "Alice has no budget of her own." },
  ]);
  const turn = await test.ask("What is Alice's budget?");
  expect(turn).toMatchObject({ result: { own_budget: null }, attempts: 2 });
  expect(test.told(2)).toMatch(/^The result is None and nothing was printed/);
  expect(test.requests[2]?.messages.at(-2)).toMatchObject({
    role: "assistant",
    content: program("await get_custom_budget(1)").text,
  });
});

describe("a total that the narrator computes", () => {
  const script = [
    needs("get_expenses", { user_id: 1 }),
    program(FLIGHTS),
    { text: "There are 15 flights, for **$8,530** in total." },
  ];

  test("is corrected by the model", async () => {
    const right = "There are 15 flights, for **$10,510.00** in total.";
    await using test = await TestAsker.start([...script, { text: right }]);
    const pieces: string[] = [];
    const turn = await test.ask("itemize the flights", {
      onText: (piece) => pieces.push(piece),
      onEvent: (event) => {
        test.events.push(event);
        if (event.type === "phase" || event.type === "corrected") pieces.length = 0;
      },
    });
    expect(turn).toMatchObject({ answer: right, unsupportedNumbers: [], attempts: 1 });
    expect(turn.result).toMatchObject({ total: 10510 });
    expect(pieces.join("")).toBe(right);
    expect(turn.usage.map(({ phase, calls }) => [phase, calls])).toEqual([
      ["discovery", 1],
      ["code", 1],
      ["answer", 2],
    ]);
    expect(test.events.filter(({ type }) => type === "corrected")).toEqual([
      { type: "corrected", numbers: ["8,530"] },
    ]);
    // The model sees its answer and the results again.
    const roles = test.requests[3]?.messages.map(({ role }) => role);
    expect(roles).toEqual(["system", "user", "assistant", "user"]);
    expect(test.requests[3]?.messages[1]?.content).toContain('"total":10510');
    expect(test.told(3)).toContain("8,530");
  });

  test("is marked where it stays wrong, after one correction", async () => {
    const wrong = "It is $8,530, or $11,950, in total.";
    await using test = await TestAsker.start([...script, { text: wrong }]);
    const pieces: string[] = [];
    const onText = (piece: string) => pieces.push(piece);
    const turn = await test.ask("itemize the flights", { onText });
    expect(turn.unsupportedNumbers).toEqual(["8,530", "11,950"]);
    expect(turn.answer).toBe(
      `${wrong}\n\nNote: these numbers are not in the data, and they may be wrong: 8,530, 11,950.`,
    );
    expect(pieces.join("").endsWith(turn.answer)).toBe(true);
    expect(test.requests).toHaveLength(4);
  });
});

describe("a program that fails after a write", () => {
  test("is mended without a second write", async () => {
    const write = defineTool({
      name: "book",
      description: "Books a trip.",
      input: z.object({ to: z.string() }),
      output: z.object({ id: z.int() }),
      run: () => ({ id: 7 }),
    });
    await using test = await TestAsker.start(
      [
        needs("book", { to: "Oslo" }),
        program('trip = await book("Oslo")\n{"id": trip["id"] / 0}'),
        program('trip = await book("Oslo")\n{"id": trip["id"]}'),
        { text: "It is trip 7." },
      ],
      { tools: [write] },
    );
    const turn = await test.ask("Book a trip to Oslo.");
    expect(turn).toMatchObject({ answer: "It is trip 7.", result: { id: 7 }, attempts: 2 });
    expect(test.runs).toEqual(['book {"to":"Oslo"}']);
  });
});
