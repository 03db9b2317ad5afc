import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, test } from "vitest";
import { CLI, environment } from "../support/cli.js";

const ESCAPE = "\u001b";

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The group of the processes that it started. */
  readonly group: number;
}

/** Runs the built demo with its output in a pipe. */
async function runDemo(env: Record<string, string> = {}): Promise<Ended> {
  const { FORCE_COLOR: _, NO_COLOR: __, ...own } = environment();
  const child = spawn(process.execPath, [CLI, "demo"], {
    env: { ...own, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code, stdout, stderr, group: child.pid ?? 0 };
}

/** What the demo printed for the program with this title. */
function section(stdout: string, title: string): string {
  const from = stdout.indexOf(title);
  expect(from).toBeGreaterThanOrEqual(0);
  const to = stdout.indexOf("\n\n\n", from);
  return stdout.slice(from, to < 0 ? undefined : to);
}

/** The columns of each bar in the rows of the timeline that start so. */
function bars(text: string, call: string): { from: number; to: number }[] {
  const rows = text.split("\n").filter((line) => line.trimStart().startsWith(call) && line.includes("█"));
  return rows.map((row) => ({ from: row.indexOf("█"), to: row.lastIndexOf("█") }));
}

function toolCallsOverlap(calls: readonly { from: number; to: number }[]): boolean {
  const lastStart = Math.max(...calls.map(({ from }) => from));
  return calls.every(({ to }) => to > lastStart);
}

describe("the demo, in a pipe", () => {
  let demo: Ended;

  beforeAll(async () => {
    demo = await runDemo();
  });

  test("ends with exit code 0 and says nothing on stderr", () => {
    expect(demo).toMatchObject({ code: 0, stderr: "" });
  });

  test.skipIf(process.platform === "win32")("leaves no process behind", () => {
    expect(() => process.kill(-demo.group, 0)).toThrow("ESRCH");
  });

  test("has no escape codes", () => {
    expect(demo.stdout).not.toContain(ESCAPE);
  });

  test("fits 100 columns", () => {
    expect(demo.stdout.split("\n").filter((line) => line.length > 100)).toEqual([]);
  });

  test("says that it slows the tools down", () => {
    expect(demo.stdout).toContain("expense tool takes 150 to 300 ms");
  });

  test("lists the tools", () => {
    for (const name of [
      "execute_python",
      "get_team_members",
      "get_expenses",
      "get_custom_budget",
      "sum_amounts",
    ])
      expect(demo.stdout).toMatch(new RegExp(`^ {2}${name} +\\w`, "m"));
  });

  test("finds the flights and their total", () => {
    expect(section(demo.stdout, "1. ")).toContain("15 items, 10510.0 in total");
  });

  test("shows that gathered calls overlap and others do not", () => {
    const flights = section(demo.stdout, "1. ");
    const gathered = bars(flights, "get_expenses(");
    expect(gathered).toHaveLength(5);
    expect(toolCallsOverlap(gathered)).toBe(true);
    const [team] = bars(flights, "get_team_members(");
    const [sum] = bars(flights, "sum_amounts(");
    expect(toolCallsOverlap([team, sum].filter((bar) => bar !== undefined))).toBe(false);
  });

  test("takes less time than its tool calls would one at a time", () => {
    const times = demo.stdout.matchAll(/^ {2}([\d,]+) ms; one at a time, .* would have taken ([\d,]+) ms$/gm);
    const pairs = Array.from(times, ([, ...found]) => found.map((text) => Number(text.replace(",", ""))));
    expect(pairs).toHaveLength(4);
    for (const [taken = 0, oneByOne = 0] of pairs) expect(taken).toBeLessThan(oneByOne);
  });

  test("ranks the members by their share of their budgets, own or default", () => {
    const names = section(demo.stdout, "2. ").matchAll(/"name": "(\w+).*"budget": (\d+), "percent": (\d+)/g);
    expect(Array.from(names, ([, name, budget, percent]) => `${name} ${budget} ${percent}`)).toEqual([
      "Carol 5000 135",
      "Eve 5000 94",
      "Bob 7000 78",
      "David 5000 45",
      "Alice 5000 43",
    ]);
  });

  test("shows how a typo in a key is refused before anything runs", () => {
    const refused = section(demo.stdout, "First try");
    expect(refused).toContain('type error in line 6: Unknown key "membrs"');
    expect(refused).toContain('did you mean "members"?');
    expect(refused).toContain("no tool was called");
    expect(refused).not.toContain("█");
  });

  test("shows the mended second try", () => {
    expect(section(demo.stdout, "Second try")).toContain('"Alice Chen": [200, 175, 225]');
  });

  test("shows a program that fails at its last call, and what the answer says of going on", () => {
    const failed = section(demo.stdout, "4. What did the team spend");
    const words = failed.replace(/\s+/g, " ");
    expect(words).toContain("runtime error in line 6: TypeError: sum_amounts: items[0] has no field 'cost'");
    expect(words).toMatch(/Kept: 6 calls done\. Send the mended program with resume_from: "\w+"/);
    expect(failed).toMatch(
      /^ {2}7 calls made; the tools returned \d,\d{3} bytes, the model gets \d{3} bytes$/m,
    );
  });

  test("shows that the mended program makes the last call alone", () => {
    const mended = section(demo.stdout, "4. Second try");
    expect(mended).toContain('{"items": 54, "spent": 21230}');
    expect(mended).toMatch(/^ {2}1 call made, 6 not made again; the tools returned 5 bytes/m);
  });
});

describe("the demo, otherwise", () => {
  test("has colour where it is forced", async () => {
    const { stdout } = await runDemo({ FORCE_COLOR: "1" });
    expect(stdout).toContain(ESCAPE);
  });

  test("says in one line why the server did not start, and ends with exit code 1", async () => {
    const { code, stdout, stderr } = await runDemo({ MONTY_CODE_MODE_RUNTIME: "/nowhere/monty" });
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toBe(
      "monty-code-mode: The demo failed: The Monty runtime /nowhere/monty is not an executable file.\n",
    );
  });
});
