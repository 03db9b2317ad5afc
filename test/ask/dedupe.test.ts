import { describe, expect, test } from "vitest";
import { callOnce } from "../../src/ask/dedupe.js";
import { bindTool } from "../../src/bind.js";
import { pythonStubs } from "../../src/catalog/python-stubs.js";
import { defineTool, type Tool, z } from "../../src/index.js";
import { Gate } from "../support/gate.js";
import { TestSandbox } from "../support/sandbox.js";

/** A tool that counts its runs. */
function counted(
  run: (args: { x: number; note: string; tags: string[] }) => unknown,
  annotations: Tool["annotations"] = { readOnlyHint: true },
) {
  const runs: unknown[] = [];
  const tool = defineTool({
    name: "look_up",
    description: "",
    annotations,
    input: z.object({ x: z.int(), note: z.string().default(""), tags: z.array(z.string()).default([]) }),
    output: z.unknown(),
    run(args) {
      runs.push(args);
      return run(args);
    },
  });
  return { runs, stubs: pythonStubs([tool]) };
}

function programOf({ stubs }: ReturnType<typeof counted>) {
  const functions = stubs.functions.map((declared) => callOnce(declared, bindTool(declared)));
  return { functions, stubs: stubs.text };
}

async function result(code: string, tool: ReturnType<typeof counted>) {
  await using test = new TestSandbox();
  return await test.result(code, programOf(tool));
}

describe("a read-only tool", () => {
  test("runs once for the same arguments, however they are written", async () => {
    const tool = counted(({ x }) => x * 2);
    const code = `[
    await look_up(1), await look_up(x=1), await look_up(1, ""), await look_up(1, tags=[], note=""), await look_up(2),
]`;
    expect(await result(code, tool)).toEqual([2, 2, 2, 2, 4]);
    expect(tool.runs).toHaveLength(2);
  });

  test("runs once for calls at the same time", async () => {
    const gate = new Gate(2);
    const tool = counted(async ({ x }) => {
      await gate.pass();
      return x;
    });
    const code = "import asyncio\nawait asyncio.gather(*[look_up(x) for x in [1, 2, 1, 2, 1]])";
    expect(await result(code, tool)).toEqual([1, 2, 1, 2, 1]);
    expect(tool.runs).toHaveLength(2);
  });

  test("is shown as called once", async () => {
    await using test = new TestSandbox();
    const program = programOf(counted(({ x }) => x));
    const { toolCalls } = await test.run("await look_up(1)\nawait look_up(1)", program);
    expect(toolCalls).toMatchObject([{ isMade: true }, { isMade: false }]);
  });

  test("runs again after a failure", async () => {
    let isFirst = true;
    const tool = counted(() => {
      if (!isFirst) return "fine";
      isFirst = false;
      throw new Error("busy");
    });
    const code = `try:
    first = await look_up(1)
except Exception as error:
    first = str(error)
[first, await look_up(1), await look_up(1)]`;
    expect(await result(code, tool)).toEqual([expect.stringContaining("busy"), "fine", "fine"]);
    expect(tool.runs).toHaveLength(2);
  });

  test("runs anew in the next program", async () => {
    const tool = counted(({ x }) => x);
    await result("await look_up(1)", tool);
    await result("await look_up(1)", tool);
    expect(tool.runs).toHaveLength(2);
  });

  test("tells lists of another order apart", async () => {
    const tool = counted(({ tags }) => tags);
    const code = '[await look_up(1, tags=["a", "b"]), await look_up(1, tags=["b", "a"])]';
    expect(await result(code, tool)).toEqual([
      ["a", "b"],
      ["b", "a"],
    ]);
  });
});

test("a tool that does not say it is read-only runs each time", async () => {
  const tool = counted(({ x }) => x, { idempotentHint: true });
  await result("[await look_up(1), await look_up(1)]", tool);
  expect(tool.runs).toHaveLength(2);
});
