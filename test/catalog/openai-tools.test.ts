import { describe, expect, it } from "vitest";
import { openaiTools, toolsByOpenAIName } from "../../src/catalog/openai-tools.js";
import { defineTool, type JsonSchema, type Tool, z } from "../../src/index.js";
import { expenseTools } from "../../tools/expenses/index.js";

const VALID_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

function tool(name: string, { description = "", inputSchema = { type: "object" } as JsonSchema } = {}): Tool {
  const defined = defineTool({ name, description, input: z.object({}), run: () => null });
  return { ...defined, inputSchema };
}

describe("openaiTools", () => {
  it("keeps valid names, descriptions and parameters, without $schema", () => {
    const [members] = openaiTools(expenseTools);
    expect(members).toEqual({
      name: "get_team_members",
      description: expenseTools[0]?.description,
      parameters: expect.objectContaining({ type: "object", required: ["department"] }),
    });
    expect(members?.parameters).not.toHaveProperty("$schema");
  });

  it("makes names valid and unique, and maps them back", () => {
    const long = "a".repeat(100);
    const tools = ["files.read", "files_read", `${long}.x`, `${long}.y`].map((name) => tool(name));
    const names = openaiTools(tools).map(({ name }) => name);
    expect(names).toEqual(["files_read_2", "files_read", "a".repeat(64), `${"a".repeat(62)}_2`]);
    for (const name of names) expect(name).toMatch(VALID_NAME);
    const back = toolsByOpenAIName(tools);
    expect(names.map((name) => back.get(name))).toEqual(tools);
  });

  it("cuts a long description at a word", () => {
    const [cut] = openaiTools([tool("long", { description: "some words ".repeat(200) })]);
    expect(cut?.description.length).toBeLessThanOrEqual(1024);
    expect(cut?.description).toMatch(/ (some|words)…$/);
    const [unbroken] = openaiTools([tool("long", { description: "x".repeat(2000) })]);
    expect(unbroken?.description).toBe(`${"x".repeat(1023)}…`);
  });

  it("gives each tool an object with properties, without what the API refuses at the top", () => {
    const inputSchema = { $schema: "x", anyOf: [{ required: ["a"] }], $defs: { A: { type: "string" } } };
    expect(
      openaiTools([tool("bare"), tool("union", { inputSchema })]).map((each) => each.parameters),
    ).toEqual([
      { type: "object", properties: {} },
      { type: "object", properties: {}, $defs: { A: { type: "string" } } },
    ]);
  });
});
