import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SessionLog } from "../../src/ask/session-log.js";
import { CODE_TURN, DIRECT_TURN, execution } from "../support/turns.js";

let dir: string;
let warnings: string[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "session-log-"));
  warnings = [];
});

afterEach(() => rm(dir, { recursive: true }));

function newLog(folder = dir): SessionLog {
  return new SessionLog({ dir: folder, title: "chat", warn: (problem) => warnings.push(problem) });
}

/** The text of the only log in the folder. */
async function logged(folder = dir): Promise<string> {
  const [name = "", ...others] = await readdir(folder);
  expect(others).toEqual([]);
  return readFile(join(folder, name), "utf8");
}

describe("a session log", () => {
  it("tells a turn from its question to its statistics", async () => {
    const log = newLog();
    const turn = log.turn(CODE_TURN.question);
    turn.event({ type: "phase", phase: "discovery", attempt: 1 });
    turn.event({ type: "discovered", calls: ["get_expenses(2)"] });
    turn.event({ type: "phase", phase: "code", attempt: 1 });
    turn.event({
      type: "attempt",
      attempt: 1,
      code: "x = ",
      execution: null,
      error: "syntax error in line 1",
    });
    turn.event({ type: "phase", phase: "code", attempt: 2 });
    turn.event({
      type: "attempt",
      attempt: 2,
      code: "a\nb",
      execution: execution({ amount: 850 }, { stdout: "one line\n" }),
      error: null,
    });
    turn.event({ type: "phase", phase: "answer", attempt: 1 });
    turn.event({ type: "corrected", numbers: ["851", "852"] });
    turn.event({ type: "done", turn: { ...CODE_TURN, unsupportedNumbers: ["851"] } });
    log.close();
    const text = (await logged())
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
      .replace(`${process.pid}`, "PID");
    expect(text.slice(0, text.indexOf("[turn 1] stats"))).toBe(`session TIME, process PID: chat

[turn 1] question, TIME
  try looking for user id 2
[turn 1] phase 1  discovery
[turn 1] calls to start from
  get_expenses(2)
[turn 1] phase 2  code generation, attempt 1
[turn 1] program
  x = 
[turn 1] error
  syntax error in line 1
[turn 1] phase 2  code generation, attempt 2
[turn 1] program
  a
  b
[turn 1] ran 0.012 s, 3 tool calls: get_team_members 1, get_expenses 2; 1 failed
[turn 1] printed
  one line
[turn 1] result
  {"amount": 850}
[turn 1] phase 3  answer
[turn 1] numbers that stand nowhere, the model is asked again: 851, 852
[turn 1] reply, route code
  Bob Smith's first expense is a flight to London for 850.
[turn 1] unsupported numbers: 851
`);
    expect(text).toMatch(/\[turn 1\] stats\n {2}phase 1 .*\n {2}phase 2 .*\n {2}phase 3 .*\n {2}subtotal/);
    expect(text).toMatch(/\n\[session\]\n {2}1 turn .*\n.*1,004 {2}14%/);
    expect(warnings).toEqual([]);
  });

  it("grows while a turn runs", async () => {
    const log = newLog();
    expect(await readdir(dir)).toEqual([]);
    const turn = log.turn("how many?");
    expect(await logged()).toMatch(/how many\?\n$/);
    turn.event({ type: "phase", phase: "discovery", attempt: 1 });
    expect(await logged()).toMatch(/discovery\n$/);
    turn.event({ type: "done", turn: DIRECT_TURN });
    expect(await logged()).toContain("| 850 |\n");
    log.close();
  });

  it("names the turn in each entry, where turns overlap", async () => {
    const log = newLog();
    const [first, second] = [log.turn("one"), log.turn("two")];
    second.event({ type: "phase", phase: "discovery", attempt: 1 });
    first.event({ type: "failed", error: new Error("The model does not answer."), usage: [] });
    log.close();
    const entries = (await logged()).split("\n").slice(7);
    expect(entries).toEqual([
      "[turn 2] phase 1  discovery",
      "[turn 1] failed",
      "  The model does not answer.",
      "",
    ]);
  });

  it("cannot drive the terminal that shows it", async () => {
    const hostile = "\u001b[2J\u0007\u009b31m\u202egnp.exe\rgone";
    const log = newLog();
    const turn = log.turn(hostile);
    turn.event({ type: "discovered", calls: [hostile] });
    const run = execution([hostile], { stdout: hostile });
    turn.event({ type: "attempt", attempt: 1, code: hostile, execution: run, error: null });
    turn.event({ type: "attempt", attempt: 2, code: null, execution: null, error: hostile });
    turn.event({ type: "corrected", numbers: [hostile] });
    turn.event({ type: "done", turn: { ...CODE_TURN, answer: hostile, unsupportedNumbers: [hostile] } });
    turn.event({ type: "failed", error: new Error(hostile), usage: [] });
    log.close();
    const text = await logged();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(text).toContain("\\u001b[2J\\u0007\\u009b31m\\u202egnp.exe\\u000dgone");
  });

  it("cuts long texts and says by how much", async () => {
    const log = newLog();
    log.turn("q").event({
      type: "attempt",
      attempt: 1,
      code: "1",
      execution: execution("x".repeat(10_000)),
      error: null,
    });
    log.close();
    const text = await logged();
    expect(text.length).toBeLessThan(5000);
    expect(text).toContain("… 6,002 more characters");
  });

  it("has a file of its own, also in the same moment, in a folder that it creates", async () => {
    const folder = join(dir, "new", "logs");
    const logs = Array.from({ length: 20 }, () => newLog(folder));
    const paths = logs.map((log) => log.open());
    for (const log of logs) log.close();
    expect(new Set(paths).size).toBe(20);
    expect((await readdir(folder)).every((name) => name.includes(String(process.pid)))).toBe(true);
  });

  it.skipIf(process.platform === "win32")("is the user's own to read", async () => {
    const log = newLog();
    const { mode } = await stat(log.open() ?? "");
    log.close();
    expect(mode & 0o077).toBe(0);
  });

  it("warns once where it cannot be written, and the session goes on", async () => {
    const file = join(dir, "file");
    await writeFile(file, "");
    const log = newLog(file);
    expect(log.open()).toBeUndefined();
    const turn = log.turn("q");
    turn.event({ type: "done", turn: DIRECT_TURN });
    log.turn("another");
    log.close();
    expect(warnings).toEqual([expect.stringMatching(/^The session log in .*file cannot be written: .*\.$/)]);
  });
});
