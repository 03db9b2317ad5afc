import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonStubs } from "../../src/catalog/python-stubs.js";
import type { JsonSchema, Tool } from "../../src/catalog/tool.js";
import { TypeCheck } from "../support/type-check.js";

const STRING = { type: "string" };
const INTEGER = { type: "integer" };
const NUMBER = { type: "number" };

let checker: TypeCheck;
beforeAll(() => {
  checker = new TypeCheck();
});
afterAll(() => checker.close());

const expense = object({ date: { ...STRING, description: "YYYY-MM-DD" }, amount: NUMBER });
const getExpenses = {
  ...tool(
    "get_expenses",
    object({ user_id: INTEGER, quarter: { ...STRING, default: "", description: "Q1 to Q4." } }, ["user_id"]),
    object({ user_id: INTEGER, expenses: array(expense) }),
  ),
  description: "One user's expenses.",
};

describe("pythonStubs", () => {
  it("declares the types of a result, then the function with its docstring", () => {
    const { text } = pythonStubs([getExpenses]);
    expect(
      text,
    ).toBe(`# The types serve annotations only (\`rows: list[Row] = []\`): they do not exist at run time.
from typing import TypedDict

class Expense(TypedDict):
    date: str  # YYYY-MM-DD
    amount: float

class Expenses(TypedDict):
    user_id: int
    expenses: list[Expense]

async def get_expenses(user_id: int, quarter: str = "") -> Expenses:
    """One user's expenses.

    Args:
        quarter: Q1 to Q4.
    """
    ...
`);
  });

  it("offers the shape that results were seen to have as a comment, which changes no type", async () => {
    const find = { ...tool("find", {}), observedResult: 'list[{"id": int}]' };
    expect(pythonStubs([find]).text).toBe(`from typing import Any

async def find() -> Any:
    # Results so far: list[{"id": int}]
    ...
`);
    const documented = { ...find, description: "Finds.", observedResult: "str\nimport os" };
    const [written] = pythonStubs([documented]).functions;
    expect(written?.stub.split("\n").slice(1)).toEqual([
      '    """Finds."""',
      "    # Results so far: str import os",
      "    ...",
    ]);
    expect(await checker.check(pythonStubs([documented]).text, "(await find())['id'] + 1")).toEqual([]);
  });

  it("gives each function the declarations it needs, also those it shares", () => {
    const list = tool("list_expenses", {}, array(expense));
    const { functions, text } = pythonStubs([getExpenses, list]);
    expect(functions.map(({ types }) => types.map((type) => type.split("\n")[0]))).toEqual([
      ["class Expense(TypedDict):", "class Expenses(TypedDict):"],
      ["class Expense(TypedDict):"],
    ]);
    expect(functions[1]?.signature).toBe("async def list_expenses() -> list[Expense]");
    expect(text.match(/class Expense\(/g)).toHaveLength(1);
  });

  it("is empty for no tools", () => {
    expect(pythonStubs([])).toEqual({ text: "", functions: [] });
  });

  describe("names", () => {
    it("makes identifiers of tool names, without hiding what programs need", () => {
      const names = [
        "get-weather",
        "a.b",
        "a_b",
        "3d",
        "print",
        "from",
        "asyncio",
        "Literal",
        "_hidden",
        "--",
      ];
      expect(pythonStubs(names.map((name) => tool(name))).functions.map(({ name }) => name)).toEqual([
        "get_weather",
        "a_b_2",
        "a_b",
        "tool_3d",
        "print_",
        "from_",
        "asyncio_",
        "Literal_",
        "hidden",
        "tool",
      ]);
    });

    it("makes identifiers of properties and keeps which one each stands for", () => {
      const properties = {
        from: STRING,
        "x-y": STRING,
        x_y: STRING,
        self: STRING,
        __v: STRING,
        größe: STRING,
        "1": STRING,
      };
      const [fn] = pythonStubs([tool("f", { properties })]).functions;
      expect(fn?.parameters.map(({ name, property }) => [name, property])).toEqual([
        ["arg_1", "1"],
        ["from_", "from"],
        ["x_y_2", "x-y"],
        ["x_y", "x_y"],
        ["self", "self"],
        ["_v", "__v"],
        ["größe", "größe"],
      ]);
    });

    it("names types after title, definition, property or tool, and keeps them apart", () => {
      const schema = {
        type: "object",
        properties: {
          owner: { type: "object", title: "User Account", properties: { a: INTEGER } },
          home: { $ref: "#/$defs/postal_address" },
          categories: array({ type: "object", properties: { b: INTEGER } }),
          items: array({ type: "object", properties: { c: INTEGER } }),
          Report: { type: "object", properties: { d: INTEGER } },
        },
        $defs: { postal_address: { type: "object", properties: { street: STRING } } },
      };
      const { functions } = pythonStubs([tool("fetch_report", {}, schema)]);
      const declared = functions[0]?.types.map((type) => /\w+(?=\(TypedDict\)| = TypedDict)/.exec(type)?.[0]);
      expect(declared).toEqual([
        "UserAccount",
        "PostalAddress",
        "Category",
        "ReportItem",
        "ReportReport",
        "Report",
      ]);
      expect(functions[0]?.signature).toBe("async def fetch_report() -> Report");
    });

    it("keeps two types of one shape apart when their authors named both", () => {
      const shape = { type: "object", properties: { id: INTEGER } };
      const result = (title: string) => ({ ...shape, title });
      const { functions } = pythonStubs([
        tool("a", {}, result("User")),
        tool("b", {}, result("Team")),
        tool("c", {}, shape),
      ]);
      expect(functions.map(({ signature }) => signature.split("-> ")[1])).toEqual(["User", "Team", "User"]);
    });
  });

  describe("parameters", () => {
    it("puts required ones first and writes defaults as Python", () => {
      const properties = {
        deep: { type: "boolean", default: true },
        limit: { type: ["integer", "null"], default: null },
        tags: { type: "array", items: STRING, default: ["a"] },
        unset: STRING,
        misfit: { ...STRING, default: null },
        query: STRING,
      };
      expect(signature(tool("f", { properties, required: ["query"] }))).toBe(
        [
          "async def f(",
          "    query: str,",
          "    deep: bool = True,",
          "    limit: int | None = None,",
          '    tags: list[str] = ["a"],',
          "    unset: str = ...,",
          "    misfit: str = ...,",
          ") -> Any",
        ].join("\n"),
      );
    });

    it("takes those of every variant of the input, required where all variants require them", () => {
      const variant = (name: string, schema: object) => ({
        properties: { by: STRING, [name]: schema },
        required: ["by", name],
      });
      const schema = { type: "object", anyOf: [variant("id", INTEGER), variant("name", STRING)] };
      expect(signature(tool("find", schema))).toBe(
        "async def find(by: str, id: int = ..., name: str = ...) -> Any",
      );
    });

    it("keeps any text valid in the docstring", async () => {
      for (const description of [
        'ends with "',
        '"""',
        '""""""',
        "\\",
        "a\\n\n  b\r\nc",
        "\0\u2028\ud800",
        '\\"""',
      ]) {
        const properties = { x: { ...STRING, description } };
        const { text } = pythonStubs([{ ...tool("f", { properties }), description }]);
        const diagnostics = await checker.check("", text);
        expect(diagnostics.filter((line) => line.includes("syntax"))).toEqual([]);
      }
    });
  });

  describe("types", () => {
    const cases: [title: string, schema: JsonSchema, type: string][] = [
      ["nothing said", {}, "Any"],
      ["only a description", { description: "x" }, "Any"],
      ["a reference that leads nowhere", { $ref: "#/$defs/gone" }, "Any"],
      ["strings, dates included", { type: "string", format: "date-time" }, "str"],
      ["an enum", { type: "string", enum: ["a", 'b"', null] }, 'Literal["a", "b\\""]'],
      ["an enum with null", { enum: ["a", 1, true, null] }, 'Literal["a", 1, True] | None'],
      ["a const", { const: "a" }, 'Literal["a"]'],
      ["what Literal does not take", { enum: [1.5, { a: 1 }, [1]] }, "float | dict[str, Any] | list[Any]"],
      ["a number that is one of some", { type: "number", enum: [1, 2] }, "float"],
      ["several types", { type: ["string", "integer", "null"] }, "str | int | None"],
      ["nullable of OpenAPI", { type: "string", nullable: true }, "str | None"],
      ["a union", { anyOf: [{ type: "null" }, NUMBER, INTEGER, STRING] }, "float | str | None"],
      ["a union with everything", { oneOf: [STRING, {}] }, "Any"],
      ["a list", array(array(INTEGER)), "list[list[int]]"],
      ["a tuple", { type: "array", prefixItems: [STRING, INTEGER] }, "list[str | int]"],
      ["a tuple of draft 7", { items: [STRING], additionalItems: NUMBER }, "list[str | float]"],
      ["free-form objects", { type: "object" }, "dict[str, Any]"],
      ["a map", { type: "object", additionalProperties: INTEGER }, "dict[str, int]"],
      ["a map by pattern", { patternProperties: { "^a": INTEGER, "^b": STRING } }, "dict[str, int | str]"],
      ["allOf of scalars", { allOf: [{ type: ["string", "integer"] }, { type: "integer" }] }, "int"],
      ["a contradiction", { allOf: [STRING, INTEGER] }, "Never"],
      ["false", { anyOf: [false] }, "Never"],
      ["items that are false", { type: "array", items: false }, "list[Never]"],
      ["a tuple without further items", { prefixItems: [STRING], items: false }, "list[str]"],
      [
        "a reference by pointer",
        { anyOf: [INTEGER, { type: "null" }], $ref: "#/x~1y", "x/y": { type: ["integer", "null"] } },
        "int | None",
      ],
    ];
    it.each(cases)("%s", (_, schema, type) => {
      expect(signature(tool("f", {}, schema))).toBe(`async def f() -> ${type}`);
    });

    it("merges the objects of allOf", () => {
      const base = { type: "object", properties: { id: INTEGER }, required: ["id"] };
      const schema = { allOf: [{ $ref: "#/$defs/base" }, { properties: { name: STRING } }], $defs: { base } };
      expect(pythonStubs([tool("get_user", {}, schema)]).functions[0]?.types).toEqual([
        "class User(TypedDict):\n    id: int\n    name: NotRequired[str]",
      ]);
    });

    it("names the variants of a tagged union after their tags", () => {
      const variant = (kind: string, size: string) => ({
        type: "object",
        properties: { kind: { const: kind }, [size]: NUMBER },
        required: ["kind", size],
      });
      const schema = { oneOf: [variant("circle", "radius"), variant("square", "width")] };
      expect(signature(tool("get_shape", {}, schema))).toBe(
        "async def get_shape() -> CircleShape | SquareShape",
      );
    });

    it("writes keys that are no field names, or that hide a type, in the functional form", () => {
      const result = object({
        "a-b": INTEGER,
        class: { ...STRING, description: "Its class." },
        list: array(INTEGER),
      });
      expect(
        pythonStubs([tool("get_odd", {}, { ...result, required: ["a-b", "list"] })]).functions[0]?.types,
      ).toEqual([
        'Odd = TypedDict("Odd", {\n    "a-b": int,\n    "class": NotRequired[str],  # Its class.\n    "list": list[int],\n})',
      ]);
    });

    it("declares recursive objects once", () => {
      const node = object({ value: INTEGER, next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] } });
      const { functions } = pythonStubs([tool("get_list", {}, { $ref: "#/$defs/node", $defs: { node } })]);
      expect(functions[0]?.types).toEqual(["class Node(TypedDict):\n    value: int\n    next: Node | None"]);
    });

    it("gives an alias to what is recursive without an object", () => {
      const anything = {
        anyOf: [
          { type: ["string", "null"] },
          array({ $ref: "#/$defs/json" }),
          { type: "object", additionalProperties: { $ref: "#/$defs/json" } },
        ],
      };
      const [fn] = pythonStubs([
        tool("f", {}, { $ref: "#/$defs/json", $defs: { json: anything } }),
      ]).functions;
      expect(fn?.types).toEqual(["type Json = str | list[Json] | dict[str, Json] | None"]);
    });

    it("ends for deep and for exploding schemas", () => {
      let deep: JsonSchema = {};
      for (let i = 0; i < 5000; i++) deep = array(deep);
      expect(signature(tool("f", {}, deep))).toContain("list[Any]");
      const $defs: Record<string, JsonSchema> = {};
      for (let i = 0; i < 60; i++)
        $defs[i] = { allOf: [{ $ref: `#/$defs/${i + 1}` }, { $ref: `#/$defs/${i + 1}` }] };
      expect(signature(tool("f", {}, { $ref: "#/$defs/0", $defs }))).toBe("async def f() -> Any");
    });
  });

  describe("for the type checker", () => {
    const rows = array(object({ amount: NUMBER, note: STRING }, ["amount"]));
    const tools = [
      getExpenses,
      tool("sum_amounts", object({ items: array({ type: "object", additionalProperties: {} }) }), NUMBER),
      tool("save", object({ rows, limits: { type: "object", additionalProperties: NUMBER } }, ["rows"])),
      tool("mean", object({ numbers: array(NUMBER) })),
      tool("notify", object({ to: array(STRING), level: { enum: ["low", "high"] } }, ["to"])),
      tool("book", object({ expense, quarter: STRING })),
    ];
    const { text } = pythonStubs(tools);
    const fetched = 'rows = (await get_expenses(1))["expenses"]\n';

    it.each([
      ["a result's list to free-form objects", `${fetched}await sum_amounts(rows)`],
      ["a filtered list", `${fetched}await sum_amounts([r for r in rows if r["amount"] > 1])`],
      [
        "a list gathered in a loop",
        `all = []\nfor q in ["Q1"]:\n    all.extend((await get_expenses(1, q))["expenses"])\nawait sum_amounts(all)`,
      ],
      ["a result's objects where fewer keys are asked for", `${fetched}await save(rows)`],
      ["dicts from a variable", 'rows = [{"amount": 1, "note": "x"}]\nawait save(rows)'],
      [
        "dicts appended one by one",
        'rows = []\nfor i in range(3):\n    rows.append({"amount": i})\nawait save(rows)',
      ],
      ["a map from a variable", 'limits = {"a": 1}\nawait save([], limits)'],
      ["ints where floats are asked for", "numbers = [1, 2]\nawait mean(numbers)"],
      ["a literal dict for an object", 'await book({"date": "d", "amount": 1}, "Q1")'],
      ["names looped over", 'quarters = ["Q1", "Q2"]\nfor q in quarters:\n    await get_expenses(1, q)'],
      ["a literal from a loop", 'for level in ["low", "high"]:\n    await notify(["a"], level)'],
      ["a type of the stubs in an annotation", "def total(e: Expense) -> float:\n    return e['amount']"],
    ])("accepts %s", async (_, program) => {
      expect(await checker.check(text, program)).toEqual([]);
    });

    it.each([
      ["numbers for objects", "await sum_amounts([1])"],
      ["text for a list of text", 'await notify("a@example.com")'],
      ["an object for a list", 'await sum_amounts({"a": 1})'],
      ["a list for an object", 'await book([1], "Q1")'],
      ["a value outside an enum", 'await notify(["a"], "middle")'],
      ["an unknown key of a result", `${fetched}rows[0]["amuont"]`],
      ["an unknown argument", "await mean(values=[1])"],
      ["a missing argument", "await mean()"],
      ["a missing await", 'get_expenses(1)["expenses"]'],
    ])("refuses %s", async (_, program) => {
      expect(await checker.check(text, program)).not.toEqual([]);
    });
  });
});

function tool(name: string, inputSchema: JsonSchema = {}, outputSchema?: JsonSchema): Tool {
  const input = { type: "object", ...inputSchema };
  const call = async () => null;
  return {
    name,
    description: "",
    inputSchema: input,
    annotations: {},
    call,
    ...(outputSchema && { outputSchema }),
  };
}

function object(properties: Record<string, JsonSchema>, required = Object.keys(properties)): JsonSchema {
  return { type: "object", properties, required };
}

function array(items: JsonSchema): JsonSchema {
  return { type: "array", items };
}

function signature(one: Tool): string | undefined {
  return pythonStubs([one]).functions[0]?.signature;
}
