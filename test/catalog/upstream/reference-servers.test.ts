import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PythonFunction } from "../../../src/catalog/python-stubs.js";
import { HttpEverything } from "../../support/http-everything.js";
import { TypeCheck } from "../../support/type-check.js";
import { referenceServer, TestUpstreams } from "../../support/upstream.js";

describe("the reference servers over stdio", () => {
  let dir: string;
  let test: TestUpstreams;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "monty-code-mode-files-"));
    await writeFile(join(dir, "notes.txt"), "Buy milk.\n");
    test = await TestUpstreams.open({
      everything: referenceServer("everything"),
      files: referenceServer("filesystem", [dir]),
      memory: referenceServer("memory", [], { env: { MEMORY_FILE_PATH: join(dir, "memory.jsonl") } }),
    });
  });

  afterAll(async () => {
    await test[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
  });

  it("all start, and nothing is wrong with their tools", () => {
    expect(test.source.upstreams.map(({ state }) => state)).toEqual(["ready", "ready", "ready"]);
    expect(test.warnings).toEqual([]);
    expect(test.names.length).toBeGreaterThan(30);
  });

  it("answer with what a program can use", async () => {
    expect(await test.call("everything_echo", { message: "hi" })).toBe("Echo: hi");
    expect(await test.call("everything_get_tiny_image")).toEqual([
      "Here's the image you requested:",
      { type: "image", mime_type: "image/png", size: expect.any(Number) },
      "The image above is the MCP logo.",
    ]);
    expect(await test.call("everything_get_structured_content", { location: "Chicago" })).toMatchObject({
      temperature: expect.any(Number),
    });
    expect(await test.call("files_read_text_file", { path: join(dir, "notes.txt") })).toEqual({
      content: "Buy milk.\n",
    });
    const entity = { name: "Ada", entityType: "person", observations: ["likes milk"] };
    await test.call("memory_create_entities", { entities: [entity] });
    expect(await test.call("memory_read_graph")).toEqual({ entities: [entity], relations: [] });
  });

  it("say what is wrong", async () => {
    expect((await test.failure("everything_get_sum", { a: "1", b: 2 })).message).toBe(
      'a: expected number, got string "1"',
    );
    expect((await test.failure("files_read_text_file", { path: "/etc/passwd" })).message).toContain(
      "Access denied",
    );
  });

  it("start what they run only as a task, until it is cancelled", async () => {
    const { annotations } = test.tool("everything_simulate_research_query");
    expect(annotations.readOnlyHint).toBe(false);
    const program = new AbortController();
    const running = test.failure(
      "everything_simulate_research_query",
      { topic: "cats" },
      { signal: program.signal },
    );
    await test.call("everything_echo", { message: "meanwhile" });
    program.abort(new Error("The program has ended."));
    expect((await running).message).toBe("The program has ended.");
  });

  it("have schemas that turn into stubs the type checker accepts", async () => {
    const checker = new TypeCheck();
    try {
      const { text, functions } = test.source.catalog.stubs;
      const program = [
        "from typing import Any",
        "def anything() -> Any: ...",
        "value = anything()",
        ...functions.flatMap(callsOf),
      ].join("\n");
      const found = await checker.check(text, program);
      expect(found.filter((line) => !line.includes("info[revealed-type]"))).toEqual([]);
      expect(found.filter((line) => /Unknown|Divergent|@Todo/.test(line))).toEqual([]);
      expect(found).toHaveLength(functions.length);
    } finally {
      checker.close();
    }
  });
});

it("serve the same over HTTP", async () => {
  await using everything = await HttpEverything.start();
  await using test = await TestUpstreams.open({ everything: everything.entry });
  expect(test.state("everything").state).toBe("ready");
  expect(await test.call("everything_get_sum", { a: 1, b: 2 })).toBe("The sum of 1 and 2 is 3.");
  const calls = Array.from({ length: 10 }, (_, n) => test.call("everything_echo", { message: `${n}` }));
  expect(await Promise.all(calls)).toEqual(calls.map((_, n) => `Echo: ${n}`));
});

function callsOf({ name, parameters }: PythonFunction, index: number): string[] {
  const required = parameters.filter((parameter) => parameter.required);
  return [
    `reveal_type(${name})`,
    `async def call_${index}():`,
    `    await ${name}(${parameters.map((parameter) => `${parameter.name}=value`).join(", ")})`,
    `    return await ${name}(${required.map(() => "value").join(", ")})`,
  ];
}
