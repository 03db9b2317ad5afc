import { describe, expect, it } from "vitest";
import { answerOf, TestConnection, textOf } from "../support/client.js";
import { CountedTool, READ } from "../support/executions.js";
import { hang } from "../support/gate.js";
import { until } from "../support/until.js";

/** Reads a resource of an execution page by page. */
async function readAll(connection: TestConnection, uri: string) {
  const pages: { text: string; meta: Record<string, unknown> }[] = [];
  for (let next: string | undefined = uri; next !== undefined; ) {
    const { contents } = await connection.client.readResource({ uri: next });
    const [{ text, _meta: meta = {} } = { text: "" }] = contents as {
      text: string;
      _meta?: Record<string, unknown>;
    }[];
    pages.push({ text, meta });
    next = meta.next as string | undefined;
  }
  return pages;
}

describe("a failed program", () => {
  const FAILING = "total = 0\nfor i in range(14):\n    total += await write(i)\n";

  it("goes on with a dry run, or as it was approved, where it was begun so", async () => {
    const write = new CountedTool("write", (x) => {
      if (x === 2) throw new Error("busy");
      return x;
    });
    const read = new CountedTool("read", (x) => x, READ);
    await using connection = await TestConnection.open({ tools: [write.tool, read.tool] });
    const code = "await write(await read(1))\nawait write(2)";
    const broken = await connection.call("execute_python", { code: `${code}\n1 / 0`, dry_run: true });
    const ofBroken = `resume_from: "${answerOf(broken).execution_id}"`;
    expect(textOf(broken)).toContain(`Send the mended program with ${ofBroken} and dry_run: true; calls`);
    const { execution_id: dry } = await connection.execute(code, { dry_run: true });
    const failed = await connection.call("execute_python", { approve: dry });
    const from = `resume_from: "${answerOf(failed).execution_id}"`;
    expect(textOf(failed)).toContain(
      `Kept: 2 calls done. Send the same program with approve: "${dry}" and ${from}, or a mended one with dry_run: true and ${from}; calls`,
    );
  });

  it("tells in a line what is kept and how to go on, and is resumed by its id", async () => {
    const write = new CountedTool("write");
    await using connection = await TestConnection.open({ tools: [write.tool] });
    const first = await connection.call("execute_python", { code: `${FAILING}total / 0` });
    const { execution_id: id, receipt } = answerOf(first);
    expect(first.isError).toBe(true);
    expect(receipt).toMatchObject({
      calls_run: 14,
      calls_from_journal: 0,
      calls_failed: 0,
      calls_unknown: 0,
    });
    expect(textOf(first)).toContain(
      `Kept: 14 calls done. Send the mended program with resume_from: "${id}"; calls that were done are then not made again.`,
    );
    const second = await connection.execute(`${FAILING}total`, { resume_from: id });
    expect(second).toMatchObject({ result: 91, receipt: { calls_run: 0, calls_from_journal: 14 } });
    expect(second.tool_calls).toEqual(
      Array(14).fill(expect.objectContaining({ name: "write", made: false })),
    );
    expect(write.runs).toHaveLength(14);
  });

  it("says nothing of it where no call was made", async () => {
    await using connection = await TestConnection.open();
    expect(textOf(await connection.call("execute_python", { code: "1 / 0" }))).not.toContain("Kept");
  });

  it("is resumed as `last` where its answer never reached the client", async () => {
    const write = new CountedTool("write", (x, signal) => (x === 14 ? hang(signal) : x));
    await using connection = await TestConnection.open({ tools: [write.tool] });
    const cancel = new AbortController();
    const lost = connection.client.callTool(
      { name: "execute_python", arguments: { code: `${FAILING}await write(14)` } },
      undefined,
      { signal: cancel.signal },
    );
    await until("the last call is made", () => write.runs.length === 15);
    cancel.abort("gone");
    await expect(lost).rejects.toThrow("gone");
    const answer = await until("the program has ended", async () => {
      const result = await connection.call("execute_python", {
        code: `${FAILING}total`,
        resume_from: "last",
      });
      return result.isError ? null : answerOf(result);
    });
    expect(answer).toMatchObject({ result: 91, receipt: { calls_run: 0, calls_from_journal: 14 } });
    expect(write.runs).toHaveLength(15);
  });

  it("of another connection is not known", async () => {
    await using one = await TestConnection.open();
    await using other = await TestConnection.open();
    const { execution_id: id } = await one.execute("await get_custom_budget(1)");
    const result = await other.call("execute_python", { code: "1", resume_from: id });
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain(`There is no execution "${id}" of this connection`);
    expect(textOf(result)).toContain("Nothing was run.");
  });
});

describe("a dry run over MCP", () => {
  it("lists the writes, which run once they are approved", async () => {
    const write = new CountedTool("write");
    await using connection = await TestConnection.open({ tools: [write.tool] });
    const code = "for i in range(2):\n    await write(i)\n'all done'";
    const dry = await connection.call("execute_python", { code, dry_run: true });
    const { execution_id: id, writes } = answerOf(dry);
    expect(writes).toEqual([0, 1].map((x) => ({ name: "write", arguments: { x } })));
    expect(textOf(dry)).toContain('The program would make 2 writes:\n1. write({"x":0})\n2. write({"x":1})');
    expect(write.runs).toEqual([]);
    expect(await connection.execute(code, { approve: id })).toMatchObject({ result: "all done" });
    expect(write.runs).toEqual([0, 1]);
    const again = await connection.call("execute_python", { approve: id });
    expect(textOf(again)).toContain("was made already");
  });

  it("cannot be its own approval", async () => {
    await using connection = await TestConnection.open();
    const result = await connection.call("execute_python", { code: "1", dry_run: true, approve: "last" });
    expect(textOf(result)).toContain("approve: cannot stand beside dry_run");
  });
});

describe("a long result", () => {
  const ROWS = `[{"id": i, "name": "Zoë " * 20} for i in range(5000)]`;

  it("is a preview under its limit with its size, and a resource in pages", async () => {
    await using connection = await TestConnection.open();
    const result = await connection.call("execute_python", { code: ROWS });
    const { execution_id: id, result: preview, result_bytes: size } = answerOf(result);
    expect(Buffer.byteLength(JSON.stringify(preview))).toBeLessThanOrEqual(16 * 1024);
    expect(preview).toEqual(expect.arrayContaining([{ id: 0, name: "Zoë ".repeat(20) }]));
    expect((preview as unknown[]).at(-1)).toMatch(/^… \(\d+ more items\)$/);
    expect(textOf(result)).toContain(`load_result("${id}")`);

    const pages = await readAll(connection, `execution://${id}/result`);
    const text = pages.map((page) => page.text).join("");
    expect(Buffer.byteLength(text)).toBe(size);
    expect(JSON.parse(text)).toHaveLength(5000);
    expect(pages.length).toBeGreaterThan(1);
    expect(pages[0]?.meta).toMatchObject({ page: 1, pages: pages.length, total_bytes: size });
    expect(await connection.execute(`rows = await load_result("${id}")\nlen(rows)`)).toMatchObject({
      result: 5000,
    });
  });

  it("that was printed is a resource too", async () => {
    await using connection = await TestConnection.open();
    const { execution_id: id, truncated } = await connection.execute("print('ab' * 50_000)");
    expect(truncated).toBe(true);
    const pages = await readAll(connection, `execution://${id}/stdout`);
    expect(pages.map(({ text }) => text).join("")).toBe(`${"ab".repeat(50_000)}\n`);
  });

  it("has a template, and a clear error for what is not there", async () => {
    await using connection = await TestConnection.open();
    const { resourceTemplates } = await connection.client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      "execution://{execution_id}/result{?page}",
      "execution://{execution_id}/stdout{?page}",
    ]);
    const { execution_id: id } = await connection.execute("1");
    const read = (uri: string) => connection.client.readResource({ uri });
    expect((await read(`execution://${id}/result`)).contents).toMatchObject([
      { mimeType: "application/json", text: "1" },
    ]);
    await expect(read(`execution://${id}/result?page=2`)).rejects.toThrow("There is no page 2");
    await expect(read("execution://nothing/result")).rejects.toThrow('no execution "nothing"');
  });
});

describe("the receipt", () => {
  it("sets what the tools returned beside the answer, and tells the person where that is much", async () => {
    const read = new CountedTool("read", (x) => "y".repeat(x), READ);
    await using connection = await TestConnection.open({ tools: [read.tool] });
    const result = await connection.call("execute_python", {
      code: "texts = [await read(2000) for i in range(3)]\nsum(len(text) for text in texts)",
    });
    expect(answerOf(result).receipt).toMatchObject({
      calls_run: 3,
      tool_bytes: 6006,
      tool_tokens: 1502,
      answer_bytes: 4,
      answer_tokens: 1,
    });
    expect(result.content.at(-1)).toEqual({
      type: "text",
      text: "Receipt: 3 calls returned 5.9 KiB (about 1502 tokens); this answer is 4 bytes (about 1).",
      annotations: { audience: ["user"] },
    });
  });
});

describe("a session of programs", () => {
  it("keeps variables and functions, which the type check knows, until it is reset", async () => {
    await using connection = await TestConnection.open();
    const session = "work";
    await connection.execute(
      'team = (await get_team_members("Engineering"))["members"]\ndef names():\n    return [m["name"] for m in team]',
      { session },
    );
    expect(await connection.execute("len(names())", { session })).toMatchObject({ result: 5 });
    expect(await connection.execute('[m["nmae"] for m in team]', { session })).toMatchObject({
      error: { kind: "type", message: expect.stringContaining("nmae") },
    });
    expect(await connection.execute("names()")).toMatchObject({ error: { kind: "type" } });
    expect(await connection.execute("names()", { session, reset: true })).toMatchObject({
      error: { kind: "type" },
    });
  });

  it("resumes like any other program", async () => {
    const write = new CountedTool("write");
    await using connection = await TestConnection.open({ tools: [write.tool] });
    const session = "work";
    const { execution_id: id } = await connection.execute("x = await write(1)\n1 / 0", { session });
    const answer = await connection.execute("y = await write(1)\n(x, y)", { session, resume_from: id });
    expect(answer).toMatchObject({ result: [1, 1], receipt: { calls_run: 0, calls_from_journal: 1 } });
    expect(write.runs).toEqual([1]);
  });

  it.each([
    [{ session: "no blanks" }, "session: a name is 1 to 64 letters"],
    [{ reset: true }, "reset: names no session"],
    [{ session: "a", dry_run: true }, "session: cannot stand beside dry_run"],
  ])("is refused with a clear text: %j", async (args, text) => {
    await using connection = await TestConnection.open();
    expect(textOf(await connection.call("execute_python", { code: "1", ...args }))).toContain(text);
  });
});
