import { describe, expect, it } from "vitest";
import { CountedTool, failureOf, READ, resultOf, TestExecutions } from "../support/executions.js";

function open() {
  const write = new CountedTool("write", (x) => {
    if (x < 0) throw new RangeError("negative");
    return { id: x };
  });
  const read = new CountedTool("read", (x) => x, READ);
  return { write, read, test: new TestExecutions([write, read]) };
}

describe("a dry run", () => {
  it("makes the reads, and lists the writes in place of making them", async () => {
    const { write, read, test } = open();
    await using _ = test;
    const code =
      'import asyncio\nn = await read(3)\nawait asyncio.gather(*[write(x, note="a") for x in range(n)])\nn';
    const dry = await test.run(code, { dryRun: true });
    expect(resultOf(dry)).toBe(3);
    expect(dry.writes).toEqual([0, 1, 2].map((x) => ({ name: "write", arguments: { x, note: "a" } })));
    expect(write.runs).toEqual([]);
    expect(read.runs).toEqual([3]);
    expect(dry.execution.toolCalls.map(({ name, isMade }) => ({ name, isMade }))).toEqual([
      { name: "read", isMade: true },
      ...Array(3).fill({ name: "write", isMade: false }),
    ]);
  });

  it.each([
    ['(await write(1))["id"]', "DryRunPlaceholder"],
    ["(await write(1)).id", "DryRunPlaceholder"],
    ["await write(1) + 1", "DryRunPlaceholder"],
    ["[x for x in await write(1)]", "this write was not run"],
    ["await write(1) == 1", "this write was not run"],
    ["await read(await write(1))", "dry_run"],
  ])("says what its placeholder is when a program uses it: %s", async (code, message) => {
    const { test, read } = open();
    await using _ = test;
    const dry = await test.run(`x: Any = None\n${code}`.replace("x: Any = None\n", ""), { dryRun: true });
    expect(failureOf(dry)).toContain(message);
    expect(dry.execution).toMatchObject({
      failure: { hint: expect.stringContaining("writes have no result") },
    });
    expect(dry.writes).toEqual([{ name: "write", arguments: { x: 1 } }]);
    expect(read.runs).toEqual([]);
  });

  it("shows what its placeholder is where it is printed or given back", async () => {
    const { test } = open();
    await using _ = test;
    const dry = await test.run('r = await write(1)\nprint(f"made {r}")\n[r]', { dryRun: true });
    expect(dry.execution.stdout).toContain("made <dry run: this write was not run");
    expect(JSON.stringify(resultOf(dry))).toContain("this write was not run");
  });

  it("takes what was done from the journal: only the other writes are listed", async () => {
    const { test, write } = open();
    await using _ = test;
    const first = await test.run("await write(1)\n1 / 0");
    const dry = await test.run('(await write(1))["id"] + 1\nawait write(2)', {
      dryRun: true,
      resumeFrom: first.id,
    });
    expect(dry.writes).toEqual([{ name: "write", arguments: { x: 2 } }]);
    expect(write.runs).toEqual([1]);
  });
});

describe("a program whose dry run was approved", () => {
  it("makes the writes that were listed, and no other", async () => {
    const { test, write } = open();
    await using _ = test;
    const dry = await test.run("await write(1)\nawait write(2)", { dryRun: true });
    expect(resultOf(await test.run(undefined, { approve: dry.id }))).toEqual({ id: 2 });
    expect(write.runs).toEqual([1, 2]);
  });

  it("is stopped at a write that the dry run did not have", async () => {
    let wanted = 1;
    const write = new CountedTool("write");
    const read = new CountedTool("read", () => wanted, READ);
    await using test = new TestExecutions([write, read]);
    const dry = await test.run("await write(await read(0))", { dryRun: true });
    wanted = 2;
    expect(failureOf(await test.run(undefined, { approve: dry.id }))).toMatch(
      /^PermissionError: write: this write is not among those that were approved/,
    );
    expect(write.runs).toEqual([]);
  });

  it("makes each of them once, also when it is approved again", async () => {
    const { test, write } = open();
    await using _ = test;
    const dry = await test.run("await write(1)\nawait write(1)", { dryRun: true });
    await test.run(undefined, { approve: dry.id });
    const again = await test.run(undefined, { approve: dry.id });
    expect(failureOf(again)).toContain("was made already");
    expect(write.runs).toEqual([1, 1]);
  });

  it("goes on where it failed, when it is resumed", async () => {
    let busy = true;
    const write = new CountedTool("write", (x) => {
      if (x === 2 && busy) throw new Error("busy");
      return x;
    });
    await using test = new TestExecutions([write]);
    const dry = await test.run("[await write(x) for x in [1, 2, 3]]", { dryRun: true });
    const first = await test.run(undefined, { approve: dry.id });
    expect(failureOf(first)).toContain("busy");
    busy = false;
    const second = await test.run(undefined, { approve: dry.id, resumeFrom: first.id });
    expect(resultOf(second)).toEqual([1, 2, 3]);
    expect(write.runs).toEqual([1, 2, 2, 3]);
  });

  it("makes equal writes as often as they were listed, also when it is resumed", async () => {
    let isBroken = true;
    const write = new CountedTool("write");
    const read = new CountedTool(
      "read",
      (x) => {
        if (isBroken) throw new Error("busy");
        return x;
      },
      READ,
    );
    await using test = new TestExecutions([write, read]);
    const code =
      "try:\n    await read(0)\nexcept RuntimeError:\n    pass\nawait write(1)\nawait read(1)\nawait write(1)";
    isBroken = false;
    const dry = await test.run(code, { dryRun: true });
    expect(dry.writes).toHaveLength(2);
    isBroken = true;
    const first = await test.run(undefined, { approve: dry.id });
    expect(first).toMatchObject({ execution: { ok: false }, approved: dry.id });
    isBroken = false;
    const second = await test.run(undefined, { approve: dry.id, resumeFrom: first.id });
    expect(resultOf(second)).toBe(1);
    expect(write.runs).toEqual([1, 1]);
    const third = await test.run(undefined, { approve: dry.id });
    expect(failureOf(third)).toContain("was made already");
  });

  it("makes no write that an earlier program has made", async () => {
    const { test, write } = open();
    await using _ = test;
    const code = "await write(1)";
    const dry = await test.run(code, { dryRun: true });
    const made = await test.run(code);
    await test.run(undefined, { approve: dry.id, resumeFrom: made.id });
    expect(failureOf(await test.run(undefined, { approve: dry.id }))).toContain("was made already");
    expect(write.runs).toEqual([1]);
  });

  it("must be the program that was dry-run", async () => {
    const { test, write } = open();
    await using _ = test;
    const dry = await test.run("await write(1)", { dryRun: true });
    await expect(test.run("await write(2)", { approve: dry.id })).rejects.toThrow(
      "is not that of the dry run",
    );
    const other = await test.run("1");
    await expect(test.run(undefined, { approve: other.id })).rejects.toThrow("was no dry run");
    expect(write.runs).toEqual([]);
  });
});

describe("arguments that a tool refuses", () => {
  it("are refused in the dry run already", async () => {
    const { test } = open();
    await using _ = test;
    const dry = await test.run('import json\nawait write(json.loads("1.5"))', { dryRun: true });
    expect(failureOf(dry)).toMatch(/^ValueError: write: .*x/);
    expect(dry.writes).toEqual([]);
  });
});
