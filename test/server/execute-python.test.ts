import { describe, expect, it } from "vitest";
import { defineTool, z } from "../../src/index.js";
import { answerOf, TestConnection, textOf } from "../support/client.js";
import { WaitingTool } from "../support/http.js";
import { until } from "../support/until.js";

describe("execute_python", () => {
  it("gives the result, what was printed and the tool calls of a program", async () => {
    await using connection = await TestConnection.open();
    const result = await connection.call("execute_python", {
      code: "team = await get_team_members('engineering')\nprint(len(team['members']))\nawait get_custom_budget(user_id=1)",
    });
    expect(result.isError).toBeFalsy();
    expect(result.structuredContent).toEqual({
      execution_id: expect.stringMatching(/^[a-z0-9]{8}$/),
      result: null,
      stdout: "5\n",
      tool_calls: [
        expect.objectContaining({
          name: "get_team_members",
          arguments: { department: "engineering" },
          duration_ms: expect.any(Number),
          error: null,
        }),
        expect.objectContaining({ name: "get_custom_budget", arguments: { user_id: 1 }, error: null }),
      ],
      duration_ms: expect.any(Number),
      truncated: false,
      receipt: {
        calls_run: 2,
        calls_from_journal: 0,
        calls_failed: 0,
        calls_unknown: 0,
        tool_bytes: 188,
        tool_tokens: 47,
        answer_bytes: 16,
        answer_tokens: 4,
      },
    });
    expect(textOf(result)).toBe("null\nPrinted:\n5\n");
  });

  it("answers a failure with all that its author needs to mend it, as text and structured", async () => {
    await using connection = await TestConnection.open();
    const result = await connection.call("execute_python", {
      code: "```python\nprint('so far')\nteam = await get_team_members('Sales')\nteam\n```",
    });
    expect(result.isError).toBe(true);
    const text = textOf(result);
    expect(text).toMatch(/^runtime error in line 3: /);
    expect(text).toContain("Unknown department 'Sales': use 'Engineering'");
    expect(text).toContain("  3 | team = await get_team_members('Sales')");
    expect(text).toContain("Printed:\nso far");
    expect(answerOf(result)).toMatchObject({
      error: { kind: "runtime", line: 3, source: "team = await get_team_members('Sales')" },
      stdout: "so far\n",
      tool_calls: [{ name: "get_team_members", error: expect.stringContaining("Unknown department") }],
    });
    expect(answerOf(result)).not.toHaveProperty("result");
  });

  it("gives a hint where the cause is a known one", async () => {
    await using connection = await TestConnection.open();
    const result = await connection.call("execute_python", { code: "import time\ntime.sleep(1)" });
    expect(textOf(result)).toMatch(/^syntax error in line 1: .*\n {2}1 \| import time\nHint: ./);
  });

  it("refuses a wrong key of a result before anything runs", async () => {
    await using connection = await TestConnection.open();
    const answer = await connection.execute(
      "team = await get_team_members('Engineering')\n[m['nmae'] for m in team['members']]",
    );
    expect(answer).toMatchObject({ error: { kind: "type", line: 2 }, tool_calls: [] });
  });

  it("shows nothing of the server when a tool fails in an unexpected way", async () => {
    const broken = defineTool({
      name: "broken",
      description: "Fails.",
      input: z.object({}),
      run: () => (undefined as unknown as { x: { y: number } }).x.y,
    });
    await using connection = await TestConnection.open({ tools: [broken] });
    const text = textOf(await connection.call("execute_python", { code: "await broken()" }));
    expect(text).toContain("Cannot read properties of undefined");
    expect(text).not.toMatch(/\bat .*:\d+:\d+|node_modules|\.ts\b|\.js\b/);
  });

  it("lowers the time limit to timeout_ms", async () => {
    await using connection = await TestConnection.open();
    const answer = await connection.execute("while True:\n    pass", { timeout_ms: 200 });
    expect(answer.error).toMatchObject({ kind: "limit", message: expect.stringContaining("0.2 s") });
  });

  it("cannot raise the time limit", async () => {
    await using connection = await TestConnection.open({ limits: { timeoutMs: 200 } });
    const answer = await connection.execute("while True:\n    pass", { timeout_ms: 100_000 });
    expect(answer.error).toMatchObject({ kind: "limit", message: expect.stringContaining("0.2 s") });
  });

  it("says so when the output was cut", async () => {
    await using connection = await TestConnection.open({ limits: { resultBytes: 1024, stdoutBytes: 1024 } });
    const result = await connection.call("execute_python", { code: "print('x' * 5000)\n['y' * 100] * 100" });
    expect(answerOf(result).truncated).toBe(true);
    expect(textOf(result)).toContain("The result is a preview; the whole is 10.1 KiB of JSON.");
    expect(textOf(result)).toContain("What was printed is cut.");
    expect(textOf(result).length).toBeLessThan(3000);
  });

  it("says what was mended", async () => {
    await using connection = await TestConnection.open();
    const result = await connection.call("execute_python", { code: "x = 6 * 7" });
    expect(answerOf(result)).toMatchObject({ result: 42, notes: [expect.stringContaining("`x`")] });
    expect(textOf(result)).toContain("Note: ");
  });

  it.each([
    ["missing code", {}, /code: is missing/],
    ["code of the wrong type", { code: 1 }, /code: .*string/],
    ["an unknown argument", { code: "1", timeout: 5 }, /timeout/],
    ["a time limit that is no whole number", { code: "1", timeout_ms: 1.5 }, /timeout_ms/],
    ["a time limit of zero", { code: "1", timeout_ms: 0 }, /timeout_ms/],
  ])("refuses %s with a clear text", async (_what, args, text) => {
    await using connection = await TestConnection.open();
    const result = await connection.call("execute_python", args);
    expect(result.isError).toBe(true);
    expect(textOf(result)).toMatch(/^execute_python takes code \(a string\), and optionally timeout_ms, /);
    expect(textOf(result)).toMatch(text);
  });
});

describe("progress", () => {
  const code = "for i in range(3):\n    await get_custom_budget(i + 1)\n1";

  it("is one increasing notification for each tool call, where the client asks for it", async () => {
    await using connection = await TestConnection.open();
    const seen: { progress: number; message?: string | undefined }[] = [];
    await connection.client.callTool({ name: "execute_python", arguments: { code } }, undefined, {
      onprogress: (progress) => seen.push(progress),
    });
    expect(seen.map(({ progress }) => progress)).toEqual([1, 2, 3]);
    for (const { message } of seen) expect(message).toMatch(/^get_custom_budget: \d+ ms$/);
  });

  it("is not sent to a client that does not ask", async () => {
    await using connection = await TestConnection.open();
    const stray: unknown[] = [];
    connection.client.fallbackNotificationHandler = async (notification) => void stray.push(notification);
    connection.client.onerror = (error) => stray.push(error);
    await connection.execute(code);
    expect(stray).toEqual([]);
  });

  it("says which call failed", async () => {
    await using connection = await TestConnection.open();
    const messages: (string | undefined)[] = [];
    await connection.client.callTool(
      { name: "execute_python", arguments: { code: "await get_expenses(99)" } },
      undefined,
      { onprogress: ({ message }) => messages.push(message) },
    );
    expect(messages).toEqual([expect.stringMatching(/^get_expenses: failed: /)]);
  });
});

describe("cancellation", () => {
  it("through the client stops the program, signals its tool, and the next call works", async () => {
    const waiting = new WaitingTool();
    await using connection = await TestConnection.open({ tools: [waiting.tool] });
    const cancel = new AbortController();
    const call = connection.client.callTool(
      { name: "execute_python", arguments: { code: "await wait()" } },
      undefined,
      { signal: cancel.signal },
    );
    await waiting.called;
    cancel.abort("not needed");
    await expect(call).rejects.toThrow("not needed");
    await until("the tool was signalled", () => waiting.aborted);
    expect(await connection.execute("1 + 1")).toMatchObject({ result: 2 });
  });

  it("of a direct tool call signals the tool", async () => {
    const waiting = new WaitingTool();
    await using connection = await TestConnection.open({ tools: [waiting.tool] });
    const cancel = new AbortController();
    const call = connection.client.callTool({ name: "wait", arguments: {} }, undefined, {
      signal: cancel.signal,
    });
    await waiting.called;
    cancel.abort("not needed");
    await expect(call).rejects.toThrow("not needed");
    await until("the tool was signalled", () => waiting.aborted);
  });
});
