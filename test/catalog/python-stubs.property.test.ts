import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PythonFunction, type PythonStubs, pythonStubs } from "../../src/catalog/python-stubs.js";
import type { JsonSchema, Tool } from "../../src/catalog/tool.js";
import { TypeCheck } from "../support/type-check.js";

const ODD_NAMES =
  "id name items from class self print list str Any x-y x.y _x __x __proto__ constructor 3d größe 天气 Expense Literal a";
const oddName = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      ...ODD_NAMES.split(" "),
      "",
      "with space",
      'quote"',
      "back\\slash",
      "new\nline",
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) },
);
const TOOL_NAMES = "get_expenses get-expenses get.expenses list print asyncio from 3d a Expense Expenses _x";
const text = fc.oneof(
  fc.constantFrom(
    "Short.",
    'ends with "',
    '"""',
    "back\\slash\\",
    "two\n\n  lines\r\nthree",
    "\t\0\u2028\ud800",
  ),
  fc.string({ unit: "binary", maxLength: 20 }),
);
const scalar = fc.oneof(fc.constantFrom(null, true, false, "a", "b", 1, -3, 2.5, 1e21), text);
const json = fc.oneof(scalar, fc.constantFrom([], [1, "a"], {}, { a: [null] }));
const DEFINITIONS = ["Node", "Json", "expense", "a b", "x/y~z"];
const reference = fc.constantFrom(
  ...["#", "#/$defs/Node", "#/$defs/Json", "#/$defs/expense", "#/$defs/a%20b", "#/$defs/x~1y~0z"],
  ...["#/definitions/Node", "#/properties/items", "#/$defs/gone", "https://example.com/other"],
);

const { schema } = fc.letrec((tie) => {
  const inner = tie("schema");
  const some = fc.array(inner, { minLength: 1, maxLength: 3 });
  const properties = fc.dictionary(oddName, inner, { maxKeys: 4 });
  const object = fc
    .record(
      {
        type: fc.constant("object"),
        properties,
        additionalProperties: inner,
        patternProperties: fc.record({ "^x-": inner }),
      },
      { requiredKeys: [] },
    )
    .chain((made) =>
      fc.subarray(Object.keys(made.properties ?? {})).map((required) => ({ ...made, required }) as object),
    );
  const bare = fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc
      .constantFrom("string", "integer", "number", "boolean", "null", "object", "array")
      .map((type) => ({ type })),
    fc.record({ $ref: reference }),
    fc.array(json, { maxLength: 4 }).map((values) => ({ enum: values })),
    json.map((value) => ({ const: value })),
    fc.record({
      type: fc.subarray(["string", "integer", "number", "null", "object", "array"]),
      enum: fc.array(scalar),
    }),
    fc.record({
      type: fc.subarray(["string", "integer", "number", "null", "object", "array"], { minLength: 1 }),
    }),
    object,
    object,
    fc.record({ type: fc.constant("array"), items: inner }),
    fc.record(
      { type: fc.constant("array"), prefixItems: some, items: inner },
      { requiredKeys: ["prefixItems"] },
    ),
    fc.record({ anyOf: some }),
    fc.record({ oneOf: some, type: fc.constant("object"), properties }, { requiredKeys: ["oneOf"] }),
    fc.record({ allOf: some }),
    fc.record({ $ref: reference, properties }),
  );
  const notes = fc.record(
    { title: oddName, description: text, default: json, nullable: fc.boolean() },
    { requiredKeys: [] },
  );
  return {
    schema: fc.oneof(
      { weight: 12, arbitrary: fc.tuple(bare, notes).map(([one, more]) => ({ ...one, ...more })) },
      { weight: 1, arbitrary: fc.boolean() },
    ) as fc.Arbitrary<JsonSchema | boolean>,
  };
}) as { schema: fc.Arbitrary<JsonSchema> };

const document = fc
  .tuple(schema, fc.array(schema, { minLength: DEFINITIONS.length, maxLength: DEFINITIONS.length }))
  .map(([root, defs]) => {
    const definitions = Object.fromEntries(DEFINITIONS.map((name, index) => [name, defs[index]]));
    return { ...(typeof root === "object" ? root : {}), $defs: definitions, definitions } as JsonSchema;
  });

const tool: fc.Arbitrary<Tool> = fc
  .record({
    name: fc.oneof(fc.constantFrom(...TOOL_NAMES.split(" ")), fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/)),
    description: text,
    inputSchema: fc
      .tuple(document, fc.dictionary(oddName, schema, { maxKeys: 4 }))
      .chain(([inputs, properties]) =>
        fc
          .subarray(Object.keys(properties))
          .map((required) => ({ ...inputs, type: "object", properties, required })),
      ),
    outputSchema: document,
  })
  .map((made) => ({ ...made, annotations: {}, call: async () => null }));

const tools = fc.uniqueArray(tool, { minLength: 1, maxLength: 4, selector: ({ name }) => name });

describe("stubs of any schemas", () => {
  let checker: TypeCheck;
  beforeAll(() => {
    checker = new TypeCheck();
  });
  afterAll(() => checker.close());

  /** The checker reports nothing about stubs: what it does not understand is silently `Unknown`. */
  it("are understood in every type, and calls fit them", async () => {
    await fc.assert(
      fc.asyncProperty(tools, async (some) => {
        const stubs = pythonStubs(some);
        const diagnostics = await checker.check(stubs.text, programFor(stubs));
        expect(diagnostics.filter((line) => !line.includes("info[revealed-type]"))).toEqual([]);
        expect(diagnostics.filter((line) => /Unknown|Divergent|@Todo/.test(withoutText(line)))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it("are without errors as a program of their own", async () => {
    await fc.assert(
      fc.asyncProperty(tools, async (some) => {
        const { text, functions } = pythonStubs(some);
        expect((await checker.check("", text)).filter((line) => !isAllowedInStubs(line, text))).toEqual([]);
        for (const { types, stub } of functions) {
          const alone = [IMPORTS, ...types, stub].join("\n");
          expect((await checker.check("", alone)).filter((line) => !isAllowedInStubs(line, alone))).toEqual(
            [],
          );
        }
      }),
      { numRuns: 50 },
    );
  });

  it("are the same for the same tools", () => {
    fc.assert(
      fc.property(tools, (some) => {
        expect(pythonStubs(structuredClone(some.map(({ call: _, ...rest }) => rest)) as Tool[]).text).toBe(
          pythonStubs(some).text,
        );
      }),
      { numRuns: 50 },
    );
  });
});

const IMPORTS = "from typing import Any, Literal, Mapping, Never, NotRequired, Sequence, TypedDict";

/** Longer than the names of tools are here. */
const VALUE = "a_value_of_any_type";

/** Calls every tool in every way, and looks at every field of every TypedDict. */
function programFor({ text, functions }: PythonStubs): string {
  const lines = ["from typing import Any", "def anything() -> Any: ...", `${VALUE} = anything()`];
  lines.push(...functions.flatMap(callsOf));
  fieldsIn(text).forEach(([name, keys], index) => {
    lines.push(`def fields_${index}(x: ${name}):`, "    x");
    for (const key of keys) lines.push(`    reveal_type(x[${key}])`);
  });
  return lines.join("\n");
}

function callsOf({ name, parameters }: PythonFunction, index: number): string[] {
  const calls = [
    parameters.map(() => VALUE),
    parameters.map((parameter) => `${parameter.name}=${VALUE}`),
    parameters.filter(({ required }) => required).map(() => VALUE),
  ];
  return [
    `reveal_type(${name})`,
    // A call that gives Never ends its function: what comes after it is not checked.
    ...calls.flatMap((args, n) => [
      `async def call_${index}_${n}():`,
      `    return await ${name}(${args.join(", ")})`,
    ]),
  ];
}

function fieldsIn(stubs: string): [name: string, keys: string[]][] {
  return stubs.split("\n\n").flatMap((block): [string, string[]][] => {
    const [head = "", ...lines] = block.split("\n");
    const asClass = /^class (\S+)\(TypedDict\):$/.exec(head)?.[1];
    if (asClass) return [[asClass, lines.map((line) => JSON.stringify(line.trim().split(":")[0]))]];
    const asCall = /^(\S+) = TypedDict\(/.exec(head)?.[1];
    const keys = lines.flatMap((line) => /^ {4}("(?:[^"\\]|\\.)*"): /.exec(line)?.[1] ?? []);
    return asCall ? [[asCall, keys]] : [];
  });
}

/** A diagnostic without its string literals. */
function withoutText(line: string): string {
  return line.replace(/"(?:[^"\\]|\\.)*"/g, '""');
}

/** What is right in stubs and wrong in a program: empty bodies, `...` as default, names declared further down. */
function isAllowedInStubs(diagnostic: string, text: string): boolean {
  const [, rule] = /error\[([a-z-]+)\]/.exec(diagnostic) ?? [];
  if (rule === "empty-body") return true;
  if (rule === "invalid-parameter-default") return diagnostic.includes("EllipsisType");
  const name = /Name `([^`]+)` used when not defined/.exec(diagnostic)?.[1];
  const declarations = [`class ${name}(TypedDict)`, `${name} = TypedDict("`, `type ${name} = `];
  return name !== undefined && declarations.some((declaration) => text.includes(declaration));
}
