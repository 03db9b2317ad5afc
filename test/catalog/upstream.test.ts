import { expect, it } from "vitest";
import { Catalog } from "../../src/catalog/catalog.js";
import { ConsentError } from "../../src/catalog/consent.js";
import { defineTool, ToolInputError, ToolOutputError } from "../../src/catalog/tool.js";
import { z } from "../../src/index.js";
import { isAlive } from "../support/processes.js";
import { until } from "../support/until.js";
import { fixtureServer, TestUpstreams } from "../support/upstream.js";

const local = defineTool({ name: "ant", description: "", input: z.object({}), run: () => "ant" });

it("serves the tools of all servers behind the local ones, in the order of the file", async () => {
  await using test = await TestUpstreams.open(
    {
      zebra: fixtureServer({ tools: ["last"] }, { allow: ["pid", "last"] }),
      "my server": fixtureServer({}, { allow: ["pid"] }),
    },
    { tools: [local] },
  );
  expect(test.names).toEqual(["ant", "zebra_pid", "zebra_last", "my_server_pid"]);
  expect(test.source.upstreams).toEqual([
    {
      name: "zebra",
      prefix: "zebra_",
      description: "Does what a test needs",
      state: "ready",
      problem: undefined,
      tools: 2,
    },
    expect.objectContaining({ name: "my server", prefix: "my_server_", tools: 1 }),
  ]);
  expect(await test.call("zebra_last")).toBe("last");
});

it("starts no server that is not wanted", async () => {
  await using test = await TestUpstreams.open(
    { one: fixtureServer(), two: fixtureServer() },
    { start: false },
  );
  expect(test.source.upstreams.map(({ state }) => state)).toEqual(["starting", "starting"]);
  await test.source.started(({ prefix }) => prefix === "two_");
  expect(test.source.upstreams.map(({ state }) => state)).toEqual(["starting", "ready"]);
  expect(test.names).toContain("two_pid");
  expect(test.names).not.toContain("one_pid");
});

it("reads all pages of a list of tools", async () => {
  await using test = await TestUpstreams.open({
    fixture: fixtureServer({ tools: ["a", "b", "c"], pageSize: 2 }),
  });
  for (const name of ["a", "b", "c", "give", "pid"]) expect(test.names).toContain(`fixture_${name}`);
});

it("has so many calls on the way to one server at the same time", async () => {
  await using test = await TestUpstreams.open({ fixture: fixtureServer() });
  const calls = Array.from({ length: 20 }, () => test.call("fixture_gate", { count: 20 }));
  expect(await Promise.all(calls)).toEqual(calls.map(() => "through"));
});

it("checks arguments before the server sees them", async () => {
  await using test = await TestUpstreams.open({ fixture: fixtureServer() });
  const error = await test.failure("fixture_wait", { ms: "long", more: 1 });
  expect(error).toBeInstanceOf(ToolInputError);
  expect(error.message.split("\n").sort()).toEqual([
    'arguments: unknown argument "more"; the arguments are ms',
    'ms: expected integer, got string "long"',
  ]);
});

it("checks results against the output schema", async () => {
  await using test = await TestUpstreams.open({ fixture: fixtureServer() });
  expect(await test.call("fixture_give_number", { value: 1.5 })).toEqual({ value: 1.5 });
  const error = await test.failure("fixture_give_number", { value: "1.5" });
  expect(error).toBeInstanceOf(ToolOutputError);
  expect(error.message).toContain('result.value: expected number, got string "1.5"');
});

it("makes an error of the tool an exception with its text", async () => {
  await using test = await TestUpstreams.open({ fixture: fixtureServer() });
  const result = { isError: true, content: [{ type: "text", text: "There is no such person." }] };
  expect((await test.failure("fixture_give", { result })).message).toBe("There is no such person.");
});

it("forwards the result as it is for a client", async () => {
  await using test = await TestUpstreams.open({ fixture: fixtureServer() });
  const content = [
    { type: "text", text: "A dot:" },
    { type: "image", data: "iVBORw0KGgo=", mimeType: "image/png" },
  ];
  const context = { signal: new AbortController().signal };
  const forward = (result: object) => test.tool("fixture_give").forward?.({ result }, context);
  expect(await forward({ content })).toEqual({ content });
  expect(await forward({ content, isError: true })).toEqual({ content, isError: true });
});

it("asks the user about destructive tools and those of confirm, and else calls nothing", async () => {
  await using test = await TestUpstreams.open({ fixture: fixtureServer({}, { confirm: ["pi*"] }) });
  for (const [name, args] of [
    ["fixture_destroy", { what: "all" }],
    ["fixture_pid", {}],
  ] as const) {
    expect(await test.failure(name, args)).toBeInstanceOf(ConsentError);
    const asked: unknown[] = [];
    const confirm = async (request: unknown) => {
      asked.push(request);
      return true;
    };
    await test.call(name, args, { confirm });
    expect(asked).toEqual([{ tool: name, source: "fixture", arguments: args }]);
  }
  expect(await test.call("fixture_cancelled")).toBe(0);
});

it("asks nobody about a call to a server that is down", async () => {
  await using test = await TestUpstreams.open({ fixture: fixtureServer() });
  await test.failure("fixture_die", { code: 1 });
  const confirm = () => Promise.reject(new Error("Somebody was asked."));
  expect((await test.failure("fixture_destroy", { what: "all" }, { confirm })).message).toContain("is down");
});

it("tells the server of a call that is cancelled, and of no other", async () => {
  await using test = await TestUpstreams.open({ fixture: fixtureServer() });
  const program = new AbortController();
  const context = { signal: program.signal };
  await test.call("fixture_pid", {}, context);
  const hanging = test.failure("fixture_hang", {}, context);
  await test.call("fixture_pid");
  program.abort(new Error("The program has ended."));
  expect((await hanging).message).toBe("The program has ended.");
  await until("the server is told", async () => (await test.call("fixture_cancelled")) === 1);
});

it("gives up a call that takes too long, and tells the server", async () => {
  await using test = await TestUpstreams.open({ fixture: fixtureServer({}, { timeout_ms: 3000 }) });
  const error = await test.failure("fixture_hang");
  expect(error.name).toBe("TimeoutError");
  expect(error.message).toBe("The MCP server fixture failed: it did not answer the call within 3000 ms.");
  await until("the server is told", async () => (await test.call("fixture_cancelled")) === 1);
});

it("follows a list that changes", async () => {
  await using test = await TestUpstreams.open({ fixture: fixtureServer() });
  const before = test.source.catalog;
  let changes = 0;
  const stop = test.source.onChange(() => {
    changes += 1;
  });
  await test.call("fixture_change", { tools: ["new"] });
  await until("the new tool is there", () => test.names.includes("fixture_new"));
  expect(test.source.catalog).not.toBe(before);
  await until("the listener is told", () => changes > 0);
  await test.call("fixture_change", { tools: [] });
  await until("the new tool has gone", () => !test.names.includes("fixture_new"));
  stop();
});

it("learns the shape of results, and offers it in the stub without changing the type", async () => {
  await using test = await TestUpstreams.open({ fixture: fixtureServer() });
  let changes = 0;
  test.source.onChange(() => {
    changes += 1;
  });
  const give = (value: unknown) =>
    test.call("fixture_give", { result: { content: [{ type: "text", text: JSON.stringify(value) }] } });
  const stub = () =>
    test.source.catalog.stubs.functions.find(({ name }) => name === "fixture_give")?.stub.split("\n");
  expect(stub()?.some((line) => line.includes("#"))).toBe(false);
  await Promise.all([give([{ id: 1, name: "x" }]), give([{ id: 2 }])]);
  expect(stub()).toContain('    # Results so far: list[{"id": int, "name": NotRequired[str]}]');
  expect(stub()?.[0]).toMatch(/-> Any:$/);
  expect(changes).toBe(2);
  const { catalog } = test.source;
  await give([{ id: 3, name: "y" }]);
  expect(test.source.catalog).toBe(catalog);
  expect(changes).toBe(2);
});

it("keeps bytes of a result for who may ask for them", async () => {
  await using test = await TestUpstreams.open({ fixture: fixtureServer() });
  const result = { content: [{ type: "image", data: "AAECAw==", mimeType: "image/png" }] };
  expect(await test.call("fixture_give", { result })).toEqual({
    type: "image",
    mime_type: "image/png",
    size: 4,
  });
  const kept: string[] = [];
  const keepBytes = (base64: string) => `kept-${kept.push(base64)}`;
  expect(await test.call("fixture_give", { result }, { keepBytes })).toMatchObject({ bytes: "kept-1" });
  expect(kept).toEqual(["AAECAw=="]);
});

it("gives its processes few variables of the environment, and those of the file", async () => {
  process.env.MONTY_TEST_TOKEN = "a-token-of-mine";
  await using test = await TestUpstreams.open({
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is filled in when the file is read
    fixture: fixtureServer({}, { env: { TOKEN: "${MONTY_TEST_TOKEN}" } }),
  });
  delete process.env.MONTY_TEST_TOKEN;
  const environment = (await test.call("fixture_environment")) as Record<string, string>;
  expect(environment.TOKEN).toBe("a-token-of-mine");
  expect(environment.PATH).toBe(process.env.PATH);
  expect(environment.MONTY_TEST_TOKEN).toBeUndefined();
});

it("writes stderr of a server into the log, without secrets", async () => {
  await using test = await TestUpstreams.open({
    fixture: fixtureServer({ chatter: true }, { env: { WORD: "morning." } }),
  });
  await until("its line is logged", () => test.log.includes("info: fixture: Good [hidden]"));
});

it("ends its processes with it, also one that does not want to", async () => {
  const test = await TestUpstreams.open({
    meek: fixtureServer(),
    stubborn: fixtureServer({ stubborn: true }),
  });
  const pids = [await test.call("meek_pid"), await test.call("stubborn_pid")] as number[];
  expect(pids.every(isAlive)).toBe(true);
  await test[Symbol.asyncDispose]();
  expect(pids.some(isAlive)).toBe(false);
});

it("names a server with two tools of one name, and uses the first", async () => {
  const inputSchema = { type: "object" };
  const listed = [
    { name: "twin", description: "first", inputSchema },
    { name: "twin", description: "second", inputSchema },
  ];
  await using test = await TestUpstreams.open({ fixture: fixtureServer({ listed }), other: fixtureServer() });
  expect(test.tool("fixture_twin").description).toBe("first");
  expect(test.warnings).toEqual(["warn: fixture: lists two tools named twin; the first of them is used"]);
  expect(await test.call("other_pid")).toBeTypeOf("number");
});

it("leaves out what is no tool, and what is too large, and keeps the rest", async () => {
  const inputSchema = { type: "object" };
  let deep: object = { type: "string" };
  for (let depth = 0; depth < 100; depth++) deep = { type: "array", items: deep };
  const listed = [
    { name: "no_schema" },
    { name: "deep", inputSchema: { type: "object", properties: { deep } } },
    { name: "long", inputSchema: { type: "object", description: "x".repeat(70_000) } },
    { name: "fine", description: "y".repeat(10_000), inputSchema },
  ];
  await using test = await TestUpstreams.open({ fixture: fixtureServer({ listed }) });
  expect(test.names).toEqual(["fixture_fine"]);
  expect(test.tool("fixture_fine").description).toHaveLength(4000);
  expect(test.warnings).toHaveLength(3);
});

it("does not check by a schema that is none, and says so once", async () => {
  const listed = [{ name: "odd", inputSchema: { type: "object", properties: { a: { type: "strnig" } } } }];
  await using test = await TestUpstreams.open({ fixture: fixtureServer({ listed }) });
  expect(await test.call("fixture_odd", { a: 1 })).toBe("odd");
  expect(await test.call("fixture_odd", { a: "x" })).toBe("odd");
  expect(test.warnings).toEqual(["warn: fixture: the input schema of odd is not valid, and not checked"]);
});

it("warns of a list in the file that means no tool", async () => {
  await using test = await TestUpstreams.open({ fixture: fixtureServer({}, { deny: ["distroy", "gi*"] }) });
  expect(test.names).toContain("fixture_destroy");
  expect(test.names).not.toContain("fixture_give");
  expect(test.warnings).toEqual(['warn: fixture: has no tool that deny means by "distroy"']);
});

it("gives a catalog in which a name stands once, whatever the servers call their tools", async () => {
  await using test = await TestUpstreams.open(
    {
      a: fixtureServer({ tools: ["b_pid", "get-x", "get.x", "get_x"] }),
      a_b: fixtureServer(),
      load: fixtureServer({ tools: ["result", "bytes"] }),
    },
    { tools: [local, { ...local, name: "a_wait" }] },
  );
  expect(test.source.catalog).toBeInstanceOf(Catalog);
  for (const name of ["a__b_pid", "a_get_x", "a_get_x_2", "a_get_x_3", "a_b_pid", "a_wait", "a__wait"])
    expect(test.names).toContain(name);
  expect(await test.call("a_wait")).toBe("ant");
  expect(await test.call("a_get_x")).toBe("get_x");
  expect(await test.call("a__b_pid")).toBe("b_pid");
  expect(await test.call("load__result")).toBe("result");
});
