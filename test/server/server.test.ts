import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { defineTool, z } from "../../src/index.js";
import { TestConnection, textOf } from "../support/client.js";

describe("the list of tools", () => {
  it("has execute_python and the tools of the catalog, each with title, schemas and annotations", async () => {
    await using connection = await TestConnection.open();
    const { tools } = await connection.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      "execute_python",
      "ask",
      "search_tools",
      "get_team_members",
      "get_expenses",
      "get_custom_budget",
      "sum_amounts",
    ]);
    const ajv = new Ajv({ strict: false });
    for (const { description, inputSchema, outputSchema, title } of tools) {
      expect(description).toBeTruthy();
      expect(title).toBeTruthy();
      expect(inputSchema.type).toBe("object");
      expect(outputSchema?.type).toBe("object");
      expect(ajv.compile(inputSchema)).toBeTypeOf("function");
      expect(ajv.compile(outputSchema ?? false)).toBeTypeOf("function");
    }
    for (const { annotations } of tools.slice(3)) expect(annotations).toMatchObject({ readOnlyHint: true });
  });

  it("describes execute_python by its rules and the functions that programs can call", async () => {
    await using connection = await TestConnection.open();
    const { tools } = await connection.client.listTools();
    const [tool] = tools;
    expect(tool?.description).toContain("async def get_team_members(department: str)");
    expect(tool?.description).toContain("await");
    expect(tool?.inputSchema).toMatchObject({
      required: ["code"],
      properties: { code: { type: "string" }, timeout_ms: { type: "integer" } },
      additionalProperties: false,
    });
    expect(tool?.outputSchema).toMatchObject({
      required: ["execution_id", "stdout", "tool_calls", "duration_ms", "truncated", "receipt"],
    });
  });
});

describe("a tool called directly", () => {
  it("gives an object as structured content and as text", async () => {
    await using connection = await TestConnection.open();
    const result = await connection.call("get_team_members", { department: "Engineering" });
    expect(result.isError).toBeFalsy();
    expect(result.structuredContent).toMatchObject({
      department: "Engineering",
      members: expect.arrayContaining([{ id: expect.any(Number), name: expect.any(String) }]),
    });
    expect(JSON.parse(textOf(result))).toEqual(result.structuredContent);
  });

  it("fills in the defaults", async () => {
    await using connection = await TestConnection.open();
    const { structuredContent } = await connection.call("get_expenses", { user_id: 1 });
    expect(structuredContent).toMatchObject({
      user_id: 1,
      quarter: "",
      category: "",
      expenses: expect.any(Array),
    });
  });

  it.each([
    ["a float", "sum_amounts", { items: [{ amount: 0.1 }, { amount: 0.2 }] }, 0.3],
    ["null", "get_custom_budget", { user_id: 1 }, null],
  ])("wraps %s as an object", async (_what, name, args, value) => {
    await using connection = await TestConnection.open();
    const result = await connection.call(name, args);
    expect(result).toMatchObject({ structuredContent: { result: value } });
    expect(textOf(result)).toBe(JSON.stringify(value));
  });

  it("wraps an object that can also be null", async () => {
    await using connection = await TestConnection.open();
    const { structuredContent } = await connection.call("get_custom_budget", { user_id: 2 });
    expect(structuredContent).toMatchObject({ result: { user_id: 2, budget: expect.any(Number) } });
  });

  it.each([
    ["a missing argument", "get_expenses", {}, /user_id: expected integer, got nothing/],
    [
      "an argument of the wrong type",
      "get_expenses",
      { user_id: "1" },
      /user_id: expected integer, got string "1"/,
    ],
    ["an unknown argument", "get_expenses", { user_id: 1, year: 2024 }, /unknown argument "year"/],
    ["a value that is not there", "get_expenses", { user_id: 99 }, /99/],
    ["a wrong quarter", "get_expenses", { user_id: 1, quarter: "Q5" }, /use Q1, Q2, Q3 or Q4/],
  ])("answers %s with a result that says what would be right", async (_what, name, args, text) => {
    await using connection = await TestConnection.open();
    const result = await connection.call(name, args);
    expect(result.isError).toBe(true);
    expect(textOf(result)).toMatch(text);
    expect(textOf(result)).not.toMatch(/\bat .*:\d+:\d+/);
  });

  it("with a schema that refers to itself has structured content that the client accepts", async () => {
    const Tree: z.ZodType = z.object({
      name: z.string(),
      get children() {
        return z.array(Tree);
      },
    });
    const trees = defineTool({
      name: "trees",
      description: "Trees.",
      input: z.object({}),
      output: z.array(Tree),
      run: () => [{ name: "a", children: [{ name: "b", children: [] }] }],
    });
    await using connection = await TestConnection.open({ tools: [trees] });
    const { structuredContent } = await connection.call("trees", {});
    expect(structuredContent).toEqual({ result: [{ name: "a", children: [{ name: "b", children: [] }] }] });
  });
});

it("an unknown tool is an error that lists the tools", async () => {
  await using connection = await TestConnection.open();
  await expect(connection.call("get_expense", {})).rejects.toThrow(
    /no tool named get_expense\. The tools are execute_python, ask, search_tools, get_team_members/,
  );
});

it("a tool of the catalog cannot have the name of one of the server's own", async () => {
  const tool = defineTool({ name: "execute_python", description: "", input: z.object({}), run: () => 1 });
  await expect(TestConnection.open({ tools: [tool] })).rejects.toThrow(/named execute_python/);
});

it("programs of one connection do not hold up another tool call", async () => {
  await using connection = await TestConnection.open();
  const order: string[] = [];
  await Promise.all([
    connection.execute("while True:\n    pass", { timeout_ms: 500 }).then(() => order.push("program")),
    connection.call("sum_amounts", { items: [] }).then(() => order.push("tool")),
  ]);
  expect(order).toEqual(["tool", "program"]);
});

describe("resources", () => {
  it("are the stubs and the guide to the dialect", async () => {
    await using connection = await TestConnection.open();
    const { resources } = await connection.client.listResources();
    expect(resources).toMatchObject([
      { uri: "monty-code-mode://stubs", mimeType: "text/x-python" },
      { uri: "monty-code-mode://dialect", mimeType: "text/markdown" },
    ]);
    for (const { uri, size } of resources) {
      const { contents } = await connection.client.readResource({ uri });
      const [content] = contents as { text: string }[];
      expect(Buffer.byteLength(content?.text ?? "")).toBe(size);
      expect(size).toBeGreaterThan(500);
    }
  });

  it("that are not there are an error that lists those that are", async () => {
    await using connection = await TestConnection.open();
    await expect(connection.client.readResource({ uri: "monty-code-mode://nope" })).rejects.toMatchObject({
      code: -32002,
      message: expect.stringContaining("monty-code-mode://stubs, monty-code-mode://dialect"),
    });
  });
});

describe("prompts", () => {
  it("start the writing of a program", async () => {
    await using connection = await TestConnection.open();
    const { prompts } = await connection.client.listPrompts();
    expect(prompts).toMatchObject([{ name: "write_program", arguments: [{ name: "task", required: true }] }]);
    const { messages } = await connection.client.getPrompt({
      name: "write_program",
      arguments: { task: "Who flew most?" },
    });
    const [message] = messages as { role: string; content: { text: string } }[];
    expect(message?.role).toBe("user");
    expect(message?.content.text).toMatch(/^Who flew most\?\n/);
    expect(message?.content.text).toContain("async def get_expenses(");
  });

  it.each([[undefined], [{ task: " " }]])("want the task: %j", async (args) => {
    await using connection = await TestConnection.open();
    const prompt = { name: "write_program", ...(args && { arguments: args }) };
    await expect(connection.client.getPrompt(prompt)).rejects.toThrow(/needs the argument task/);
  });

  it("that are not there are an error", async () => {
    await using connection = await TestConnection.open();
    await expect(connection.client.getPrompt({ name: "nope" })).rejects.toThrow(/no prompt named nope/);
  });
});
