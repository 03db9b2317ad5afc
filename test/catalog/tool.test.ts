import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import { defineTool, type Tool, ToolInputError, ToolOutputError } from "../../src/catalog/tool.js";
import { z } from "../../src/index.js";

const context = { signal: new AbortController().signal };
const base = { name: "probe", description: "A tool of the tests." };

/** The message with which a call fails, and its class. */
async function failure(tool: Tool, args: Record<string, unknown>): Promise<Error> {
  return tool.call(args, context).then(
    (value) => {
      throw new Error(`no failure but ${JSON.stringify(value)}`);
    },
    (error: Error) => error,
  );
}

function accepting(shape: z.core.$ZodLooseShape): Tool {
  return defineTool({ ...base, input: z.object(shape), run: (args) => args });
}

function returning(value: unknown, output?: z.ZodType): Tool {
  return defineTool({ ...base, input: z.object({}), ...(output && { output }), run: () => value });
}

describe("defining a tool", () => {
  it("writes a draft 2020-12 schema that refuses unknown arguments and leaves defaulted ones optional", () => {
    const tool = defineTool({
      ...base,
      input: z.object({ user: z.string().describe("Who."), limit: z.number().default(10) }),
      output: z.object({ limit: z.number().default(1) }),
      run: ({ limit }) => ({ limit }),
    });
    expect(tool.inputSchema).toEqual({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: { user: { type: "string", description: "Who." }, limit: { type: "number", default: 10 } },
      required: ["user"],
      additionalProperties: false,
    });
    expect(tool.outputSchema).toMatchObject({ required: ["limit"], additionalProperties: false });
  });

  it("has no output schema where none is given, and no annotations but its own", () => {
    expect(accepting({})).not.toHaveProperty("outputSchema");
    expect(accepting({}).annotations).toEqual({});
  });

  it("infers the arguments of run and checks what it returns", () => {
    defineTool({
      ...base,
      input: z.object({ id: z.int(), quarter: z.string().default("") }),
      output: z.object({ total: z.number() }),
      run: (args) => {
        expectTypeOf(args).toEqualTypeOf<{ id: number; quarter: string }>();
        return { total: args.id };
      },
    });
    defineTool({
      ...base,
      input: z.object({}),
      output: z.object({ total: z.number() }),
      // @ts-expect-error: total is a number
      run: () => ({ total: "1" }),
    });
  });

  it.each(["", "two words", "é", "x".repeat(129)])("refuses the name %j", (name) => {
    expect(() => defineTool({ ...base, name, input: z.object({}), run: () => 1 })).toThrow(
      `Tool ${JSON.stringify(name)}: a name is 1 to 128 letters, digits, \`_\`, \`-\` and \`.\`.`,
    );
  });

  it("names the tool and the argument that JSON Schema cannot hold", () => {
    expect(() => accepting({ ok: z.string(), when: z.date() })).toThrow(
      'Tool "probe": input.when has no counterpart in JSON Schema. Date cannot be represented in JSON Schema.',
    );
  });

  it("refuses a transform in the output", () => {
    expect(() => returning("x", z.string().transform(Number))).toThrow(
      /^Tool "probe": output has no counter/,
    );
    expect(() => returning({}, z.object({ n: z.string().transform(Number) }))).toThrow(/output\.n has no/);
  });

  it.each<[string, unknown]>([
    ["a plain shape", { id: z.string() }],
    ["another type", z.string()],
    ["nothing", undefined],
  ])("refuses %s as input", (_, input) => {
    expect(() => defineTool({ ...base, input: input as z.ZodObject, run: () => 1 })).toThrow(
      'Tool "probe": input must be z.object({ … }), from zod 4.',
    );
  });

  it("refuses an input that does not name its arguments", () => {
    expect(() => defineTool({ ...base, input: z.looseObject({}), run: () => 1 })).toThrow(
      /name every argument/,
    );
    expect(() => defineTool({ ...base, input: z.strictObject({}), run: () => 1 })).not.toThrow();
  });
});

describe("calling a tool with arguments that do not fit", () => {
  it.each<[string, z.core.$ZodLooseShape, Record<string, unknown>, string]>([
    ["a wrong type", { user_id: z.int() }, { user_id: "two" }, 'user_id: expected integer, got string "two"'],
    ["a fraction", { user_id: z.int() }, { user_id: 1.5 }, "user_id: expected integer, got number 1.5"],
    ["a missing one", { user_id: z.int() }, {}, "user_id: expected integer, got nothing"],
    ["null", { user_id: z.int() }, { user_id: null }, "user_id: expected integer, got null"],
    ["a list", { user: z.string() }, { user: [1, 2] }, "user: expected string, got array of 2"],
    ["a dict", { user: z.string() }, { user: { id: 1 } }, "user: expected string, got object with keys id"],
    ["no null", { n: z.int().nullable() }, { n: true }, "n: expected integer or null, got boolean true"],
    ["a choice", { k: z.enum(["a", "b"]) }, { k: "c" }, 'k: expected "a" or "b", got string "c"'],
    ["a bound", { n: z.int().min(1) }, { n: 0 }, "n: expected number to be >=1, got integer 0"],
    [
      "an own rule",
      { n: z.int().refine((n) => n % 2 === 0, "must be even") },
      { n: 3 },
      "n: must be even, got integer 3",
    ],
    [
      "an item",
      { xs: z.array(z.object({ n: z.int() })) },
      { xs: [{ n: 1 }, { n: "2" }] },
      'xs[1].n: expected integer, got string "2"',
    ],
    [
      "a key of a record",
      { m: z.record(z.string(), z.int()) },
      { m: { "a b": "x" } },
      'm["a b"]: expected integer, got string "x"',
    ],
    [
      "a union",
      { v: z.union([z.string(), z.object({ n: z.int() })]) },
      { v: 1 },
      "v: expected string or object, got integer 1",
    ],
    [
      "one branch of a union",
      { v: z.union([z.string(), z.object({ n: z.int() })]) },
      { v: { n: "x" } },
      'v.n: expected integer, got string "x"',
    ],
    [
      "an unknown argument",
      { user: z.string(), n: z.int().default(1) },
      { user: "a", usr: 1 },
      'arguments: unknown argument "usr"; the arguments are user, n',
    ],
    [
      "an argument where there are none",
      {},
      { a: 1, b: 2 },
      'arguments: unknown arguments "a", "b"; there are no arguments',
    ],
    [
      "an unknown key within",
      { f: z.strictObject({ a: z.int() }) },
      { f: { a: 1, c: 2 } },
      'f: unknown key "c"; the keys are a',
    ],
  ])("says what is wrong with %s", async (_, shape, args, message) => {
    const error = await failure(accepting(shape), args);
    expect(error).toBeInstanceOf(ToolInputError);
    expect(error.message).toBe(message);
  });

  it("gives a line to each mistake, and only the first five", async () => {
    const tool = accepting({ a: z.int(), xs: z.array(z.int()) });
    const error = await failure(tool, { xs: Array(8).fill("x") });
    expect(error.message.split("\n")).toHaveLength(6);
    expect(error.message).toMatch(/^a: expected integer, got nothing\nxs\[0\]: .*\n(.*\n){3}and 4 more$/);
  });

  it("cuts a long value", async () => {
    const { message } = await failure(accepting({ n: z.int() }), { n: "x".repeat(10_000) });
    expect(message.length).toBeLessThan(120);
  });

  it("explains a recursive schema at any depth", async () => {
    const Node = z.object({
      n: z.int(),
      get children() {
        return z.array(Node);
      },
    });
    const args = { tree: { n: 1, children: [{ n: 2, children: [{ n: "x", children: [] }] }] } };
    const { message } = await failure(accepting({ tree: Node }), args);
    expect(message).toBe('tree.children[0].children[0].n: expected integer, got string "x"');
  });

  it("does not run the tool", async () => {
    let ran = false;
    const tool = defineTool({ ...base, input: z.object({ n: z.int() }), run: () => (ran = true) });
    await failure(tool, {});
    expect(ran).toBe(false);
  });
});

describe("calling a tool", () => {
  it("fills defaults, parses, and hands over the signal", async () => {
    const tool = defineTool({
      ...base,
      input: z.object({ n: z.int().default(3), text: z.string().transform((text) => text.length) }),
      run: (args, { signal }) => ({ ...args, same: signal === context.signal }),
    });
    expect(await tool.call({ text: "four" }, context)).toEqual({ n: 3, text: 4, same: true });
  });

  it("awaits checks that are asynchronous", async () => {
    const tool = accepting({ n: z.int().refine(async (n) => n > 1, "too few") });
    expect(await tool.call({ n: 2 }, context)).toEqual({ n: 2 });
    expect((await failure(tool, { n: 1 })).message).toBe("n: too few, got integer 1");
  });

  it("returns exactly what the output schema says", async () => {
    const Output = z.object({ id: z.int(), tags: z.array(z.string()).default([]) });
    expect(await returning({ id: 1, secret: "x" }, Output).call({}, context)).toEqual({ id: 1, tags: [] });
  });

  it("refuses a result that does not fit, and says that the tool is at fault", async () => {
    const error = await failure(returning({ id: "1" }, z.object({ id: z.int() })), {});
    expect(error).toBeInstanceOf(ToolOutputError);
    expect(error.message).toBe(
      'The tool probe returned what it should not. result.id: expected integer, got string "1"',
    );
  });

  it("lets what the tool throws through", async () => {
    const thrown = new Error("the disk is full");
    const tool = defineTool({
      ...base,
      input: z.object({}),
      run: () => {
        throw thrown;
      },
    });
    expect(await failure(tool, {})).toBe(thrown);
  });

  it("gives null for a tool without output that returns nothing", async () => {
    expect(await returning(undefined).call({}, context)).toBeNull();
  });

  it("leaves out keys that are undefined", async () => {
    const result = await returning({ a: undefined, b: { c: undefined } }).call({}, context);
    expect(Object.keys(result as object)).toEqual(["b"]);
    expect(result).toStrictEqual({ b: {} });
  });

  it.each<[unknown, string]>([
    [Number.NaN, "result: number NaN is not a JSON value."],
    [{ big: 1n }, "result.big: bigint 1 is not a JSON value."],
    [[() => 1], "result[0]: function is not a JSON value."],
    [[undefined], "result[0]: undefined is not a JSON value."],
    [{ when: new Date(0) }, "result.when: a Date is not a JSON value; return a plain object or a string."],
    [new Map(), "result: a Map is not a JSON value; return a plain object or a string."],
  ])("refuses a result that JSON cannot hold (%o)", async (value, message) => {
    const error = await failure(returning(value), {});
    expect(error).toBeInstanceOf(ToolOutputError);
    expect(error.message).toBe(`The tool probe returned what it should not. ${message}`);
  });

  it("refuses a result that contains itself, but not one that holds a value twice", async () => {
    const shared = { a: 1 };
    const loop: Record<string, unknown> = { shared };
    expect(await returning([shared, shared]).call({}, context)).toEqual([shared, shared]);
    loop.self = loop;
    expect((await failure(returning(loop), {})).message).toContain("self: contains itself");
  });

  it("hands every JSON value through unchanged", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ noUnicodeString: false }), async (value) => {
        const result = await returning(value).call({}, context);
        expect(JSON.stringify(result)).toBe(JSON.stringify(value));
      }),
    );
  });
});
