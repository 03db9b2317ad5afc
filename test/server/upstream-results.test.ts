import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it } from "vitest";
import { ConsentError } from "../../src/catalog/consent.js";
import type { Tool } from "../../src/catalog/tool.js";
import { TestConnection, textOf } from "../support/client.js";
import { TestSource, upstream } from "../support/source.js";

const PIXEL = Buffer.from([137, 80, 78, 71]).toString("base64");

/** A tool as other MCP servers bring them: an image for clients, its bytes for programs that ask. */
function imageTool(forwarded?: () => Promise<CallToolResult>): Tool {
  return {
    name: "draw_dot",
    description: "Draws.",
    inputSchema: { type: "object", properties: {} },
    annotations: {},
    call: async (_args, { keepBytes }) => ({ type: "image/png", size: 4, bytes: keepBytes?.(PIXEL) ?? null }),
    forward:
      forwarded ?? (async () => ({ content: [{ type: "image", data: PIXEL, mimeType: "image/png" }] })),
  };
}

function open(tool: Tool) {
  return TestConnection.open({ catalog: new TestSource([tool], [upstream("draw")]) });
}

describe("a tool of another server, called directly", () => {
  it("gives its content as it came", async () => {
    await using connection = await open(imageTool());
    const { content } = await connection.call("draw_dot", {});
    expect(content).toEqual([{ type: "image", data: PIXEL, mimeType: "image/png" }]);
  });

  it("gives its own errors as they came, and ours with its name", async () => {
    const error: CallToolResult = { isError: true, content: [{ type: "text", text: "no ink" }] };
    await using failing = await open(imageTool(async () => error));
    expect(await failing.call("draw_dot", {})).toEqual(error);
    await using refused = await open(imageTool(() => Promise.reject(new ConsentError("No."))));
    expect(textOf(await refused.call("draw_dot", {}))).toBe("draw_dot: No.");
  });
});

it("an output schema that clients cannot compile does not cost them the list", async () => {
  const object = (a: object) => ({ type: "object", properties: { a } });
  const schemas = {
    no_type: object({ type: "strnig" }),
    no_reference: object({ $ref: "#/$defs/none" }),
    no_pattern: object({ type: "string", pattern: "(" }),
    fine: { $schema: "https://json-schema.org/draft/2020-12/schema", ...object({ type: "string" }) },
    same_id: { $id: "https://example.org/a", ...object({ type: "string" }) },
    same_id_again: { $id: "https://example.org/a", ...object({ type: "number" }) },
  };
  const tools = Object.entries(schemas).map(([name, outputSchema]) => ({
    ...imageTool(),
    name,
    outputSchema,
  }));
  await using connection = await TestConnection.open({ catalog: new TestSource(tools) });
  const listed = (await connection.client.listTools()).tools.filter(({ name }) => name in schemas);
  expect(listed.map(({ name }) => name)).toEqual(Object.keys(schemas));
  const withOutput = listed.filter(({ outputSchema }) => outputSchema !== undefined);
  expect(withOutput.map(({ name }) => name)).toEqual(["fine", "same_id", "same_id_again"]);
});

it.each([
  ["lists", (value: unknown) => [value], 47],
  ["dicts", (value: unknown) => ({ value }), 31],
])(
  "a result of too many %s in each other is an exception, and the most is none",
  async (_what, around, most) => {
    const nested = (depth: number) => {
      let value: unknown = null;
      for (let n = 0; n < depth; n++) value = around(value);
      return value;
    };
    const tools = [most, most + 1, 5000].map((depth, index) => ({
      ...imageTool(),
      name: `nest_${index}`,
      call: async () => nested(depth),
    }));
    await using connection = await TestConnection.open({ catalog: new TestSource(tools) });
    const { result } = await connection.execute(`
seen = []
for nest in [nest_0, nest_1, nest_2]:
    try:
        seen.append(len(await nest()))
    except RuntimeError as error:
        seen.append(str(error))
seen`);
    const tooDeep = expect.stringMatching(
      /^nest_\d\(\) returned what Python cannot hold: .* nested too deeply/,
    );
    expect(result).toEqual([1, tooDeep, tooDeep]);
  },
);

describe("bytes of a result", () => {
  it("are loaded by programs, also by a later one", async () => {
    await using connection = await open(imageTool());
    const { result } = await connection.execute('image = await draw_dot()\nawait load_bytes(image["bytes"])');
    expect(result).toBe(PIXEL);
    const later = await connection.execute(
      'import base64\nbase64.b64encode(await load_bytes("bytes-1")).decode()',
    );
    expect(later.result).toBe(PIXEL);
  });

  it("that are not kept are an exception that says which are", async () => {
    await using connection = await open(imageTool());
    await connection.execute("await draw_dot()");
    const { error } = await connection.execute('await load_bytes("bytes-7")');
    expect(error?.message).toContain(
      'no bytes are kept by the name "bytes-7". The latest that are: bytes-1.',
    );
    // That of a key of a dict would lead astray.
    expect(error?.hint).toBeUndefined();
  });

  it("of another connection are not there", async () => {
    const source = new TestSource([imageTool()], [upstream("draw")]);
    await using one = await TestConnection.open({ catalog: source });
    await using other = await TestConnection.open({ catalog: source });
    await one.execute("await draw_dot()");
    const { error } = await other.execute('await load_bytes("bytes-1")');
    expect(error?.message).toContain("None are kept.");
  });

  it("are not for servers without others behind them", async () => {
    await using connection = await TestConnection.open({ tools: [imageTool()] });
    expect((await connection.execute("await draw_dot()")).result).toMatchObject({ bytes: null });
    expect((await connection.execute('await load_bytes("bytes-1")')).error?.kind).toBe("type");
  });
});
