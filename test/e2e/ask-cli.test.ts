import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scriptedReply } from "../../src/demo/session-script.js";
import { CLI, type CliResult, environment } from "../support/cli.js";
import { type ChatBody, ModelEndpoint, type Script, type ScriptedReply } from "../support/model-endpoint.js";
import { until } from "../support/until.js";

const KEY = "sk-test-0123456789-secret";
const MEMBERS = "Who is on the Engineering team?";
const MEMBERS_ANSWER =
  "The Engineering team has 5 members: Alice Chen, Bob Smith, Carol Jones, David Kim, Eve Wilson.";

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ask-cli-"));
});

afterEach(() => rm(dir, { recursive: true }));

/** The settings of a model behind the endpoint. */
function modelOf(endpoint: ModelEndpoint): Record<string, string> {
  return { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: endpoint.url, OPENAI_MODEL: "scripted" };
}

/** The command line as a child in the test's folder. */
function start(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [CLI, ...args], { cwd: dir, env: environment(env) });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  child.stdin.on("error", () => undefined);
  const ended: Promise<CliResult> = once(child, "close").then(([code]) => ({ code, ...output }));
  return { child, output, ended };
}

async function run(
  args: readonly string[],
  { script = scriptedReply, input = "" }: { script?: Script; input?: string } = {},
): Promise<CliResult> {
  await using endpoint = await ModelEndpoint.start(script);
  const { child, ended } = start(args, modelOf(endpoint));
  child.stdin.end(input);
  // Not the promise itself: the endpoint would close before it.
  return await ended;
}

/** What the only session log in a folder says. */
async function sessionLog(folder: string): Promise<string> {
  const [name = "", ...others] = await readdir(join(dir, folder));
  expect(others).toEqual([]);
  return readFile(join(dir, folder, name), "utf8");
}

/** Asks for a tool, then writes the program given, then says what is given. */
function codeScript(program: string, answer: string): Script {
  return ({ tools, messages }: ChatBody): ScriptedReply => {
    if (tools !== undefined) return { toolCalls: [{ name: "get_expenses", arguments: { user_id: 1 } }] };
    const last = messages.at(-1)?.content ?? "";
    return { text: last.includes("<tool_results>") ? answer : `\`\`\`python\n${program}\n\`\`\`` };
  };
}

const FAILING = codeScript("1 / 0", "That could not be computed.");

describe("ask, in a pipe", () => {
  it("prints the answer and nothing else", async () => {
    expect(await run(["ask", MEMBERS])).toEqual({ code: 0, stdout: `${MEMBERS_ANSWER}\n`, stderr: "" });
    expect(await readdir(dir)).toEqual([]);
  });

  it("prints the turn in the keys of the MCP tool for --json", async () => {
    const { code, stdout, stderr } = await run(["ask", MEMBERS, "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const turn = JSON.parse(stdout);
    expect(turn).toMatchObject({ answer: MEMBERS_ANSWER, route: "code", attempts: 1, result: { count: 5 } });
    expect(Object.keys(turn)).toEqual(["answer", "route", "code", "result", "attempts", "usage"]);
    expect(turn.usage.phases.map(({ phase }: { phase: string }) => phase)).toEqual([
      "discovery",
      "code",
      "answer",
    ]);
  });

  it("writes a session log where --session-log names a folder", async () => {
    await run(["ask", MEMBERS, "--session-log", "log"]);
    const log = await sessionLog("log");
    expect(log).toContain(MEMBERS_ANSWER);
    expect(log).toMatch(/\[turn 1\] stats\n {2}phase 1/);
    expect(log).toMatch(/\n\[session\]\n/);
  });

  it("ends with code 1 when no program succeeds, in as many attempts as set", async () => {
    const { code, stdout, stderr } = await run(["ask", "q", "--json", "--ask-attempts", "2"], {
      script: FAILING,
    });
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({
      answer: "That could not be computed.",
      attempts: 2,
      result: null,
    });
  });

  it("ends with code 1 and one line when the model fails", async () => {
    const script = [{ status: 400, body: { error: { message: "no such\nmodel \u001b[2J" } } }];
    const { code, stdout, stderr } = await run(["ask", "q"], { script });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^monty-code-mode: [^\n]*HTTP 400[^\n]*no such model \\u001b\[2J[^\n]*\n$/);
  });

  it("shows no control characters of the model", async () => {
    const script = [{ text: "red \u001b[31malert\u0007" }];
    expect(await run(["ask", "q"], { script })).toMatchObject({
      code: 0,
      stdout: "red \\u001b[31malert\\u0007\n",
    });
  });

  it.skipIf(process.platform === "win32")(
    "is cancelled by Ctrl-C, with the request to the model",
    async () => {
      await using endpoint = await ModelEndpoint.start([{ hang: true }]);
      const { child, ended } = start(["ask", "q"], modelOf(endpoint));
      const request = await until("the model is asked", () => endpoint.requests[0], 20_000);
      child.kill("SIGINT");
      expect(await ended).toEqual({ code: 1, stdout: "", stderr: "monty-code-mode: Cancelled.\n" });
      expect(await request.ended).toBe("closed");
    },
  );
});

describe.each(["ask", "chat"])("%s without a model", (command) => {
  it("says in one sentence what to set, and ends with code 2", async () => {
    const { child, ended } = start(command === "ask" ? ["ask", "q"] : ["chat"], {});
    child.stdin.end("q\n");
    const { code, stdout, stderr } = await ended;
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(
      /^monty-code-mode: No model is configured: set OPENAI_API_KEY, or OPENAI_BASE_URL .*\n$/,
    );
    expect(await readdir(dir)).toEqual([]);
  });
});

describe("chat, in a pipe", () => {
  it("answers line by line, without prompt or escape codes, and ends with code 0", async () => {
    const input = `${MEMBERS}\n\nFetch all flight expenses across the team.\nShow them as a table.`;
    const { code, stdout, stderr } = await run(["chat"], { input });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [members, flights, head, ...table] = stdout.split("\n");
    expect(members).toBe(MEMBERS_ANSWER);
    expect(flights).toMatch(/^There are 15 flight expenses\./);
    expect(head).toMatch(/^\| Date +\| Member/);
    expect(table).toHaveLength(17);
    expect(stdout).not.toContain("\u001b");
  });

  it("knows its commands", async () => {
    const input = [
      "/code",
      "/stats",
      MEMBERS,
      "/code",
      "/stats",
      "/nonsense 1",
      "/help",
      "/quit",
      MEMBERS,
    ].join("\n");
    const { stdout } = await run(["chat"], { input });
    const parts = stdout.split(`${MEMBERS_ANSWER}\n`);
    expect(parts).toHaveLength(2);
    expect(parts[0]).toBe("There is no program yet.\nThere is no turn yet.\n");
    expect(parts[1]).toMatch(/^team = await get_team_members\("Engineering"\)\n/);
    expect(parts[1]).toMatch(/^phase 1 .*\nphase 2 .*\nphase 3 .*\nsubtotal/m);
    expect(parts[1]).toMatch(/^1 turn +tokens/m);
    expect(parts[1]).toContain("There is no /nonsense.");
    expect(parts[1]).toMatch(/\/reset +forgets/);
  });

  it("forgets the conversation at /reset", async () => {
    const seen: number[] = [];
    const script = ({ messages }: ChatBody): ScriptedReply => {
      seen.push(messages.length);
      return { text: "Fine." };
    };
    await run(["chat"], { script, input: "one\ntwo\n/reset\nthree\n" });
    expect(seen).toEqual([2, 4, 2]);
  });

  it("goes on after the model has failed", async () => {
    const script = [{ status: 400 }, { text: "Here." }];
    const { code, stdout, stderr } = await run(["chat"], { script, input: "one\ntwo\n" });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "Here.\n" });
    expect(stderr).toMatch(/^The model's server .*HTTP 400.*\n$/);
  });

  it("writes its session log to logs while it runs", async () => {
    await using endpoint = await ModelEndpoint.start([{ text: "Fine." }, { hang: true }]);
    const { child, output, ended } = start(["chat"], modelOf(endpoint));
    child.stdin.write("one\n");
    await until("the first answer", () => output.stdout === "Fine.\n", 20_000);
    expect(await sessionLog("logs")).toMatch(/\[turn 1\] reply, route direct\n {2}Fine\.\n[\s\S]*subtotal/);
    child.stdin.write("two\n");
    await until("the second question is asked", () => endpoint.requests.length === 2, 20_000);
    expect(await sessionLog("logs")).toMatch(/\[turn 2\] phase 1 {2}discovery\n$/);
    child.stdin.end();
    await endpoint.close();
    expect((await ended).code).toBe(0);
    expect(await sessionLog("logs")).toMatch(/\[turn 2\] failed\n[\s\S]*\[session\]\n {2}1 turn/);
  });

  it("goes on without a session log that cannot be written", async () => {
    const script = [{ text: "One." }, { text: "Two." }];
    const args = ["chat", "--session-log", join(CLI, "logs")];
    const { code, stdout, stderr } = await run(args, { script, input: "one\ntwo\n" });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "One.\nTwo.\n" });
    expect(stderr).toMatch(/^monty-code-mode: The session log in .* cannot be written: .*\n$/);
  });

  it.skipIf(process.platform === "win32")(
    "has a question cancelled by Ctrl-C, and ends at the second",
    async () => {
      await using endpoint = await ModelEndpoint.start([
        { hang: true },
        { text: "Still here." },
        { hang: true },
      ]);
      const { child, output, ended } = start(["chat"], modelOf(endpoint));
      child.stdin.write("one\n");
      const request = await until("the model is asked", () => endpoint.requests[0], 20_000);
      child.kill("SIGINT");
      expect(await request.ended).toBe("closed");
      child.stdin.write("two\n");
      await until("the chat goes on", () => output.stdout === "Still here.\n");
      child.stdin.write("three\n");
      await until("the third question is asked", () => endpoint.requests.length === 3);
      child.kill("SIGINT");
      await until("it is cancelled", () => output.stderr === "Cancelled.\nCancelled.\n");
      child.kill("SIGINT");
      expect((await ended).code).toBe(0);
    },
  );
});

/** Of util-linux: gives a child a terminal. */
const hasTerminal = process.platform === "linux" && spawnSync("script", ["--version"]).status === 0;

describe.skipIf(!hasTerminal)("chat, on a terminal", () => {
  const PROMPT = "> \u001b[3G";

  it("streams answers, has a history by arrow keys, and takes Ctrl-C and Ctrl-D", async () => {
    const script = (body: ChatBody) =>
      body.messages.at(-1)?.content === "hang"
        ? { text: "One two three four.", hang: true }
        : scriptedReply(body);
    await using endpoint = await ModelEndpoint.start(script);
    const child = spawn("script", ["-qec", `"${process.execPath}" "${CLI}" chat`, "/dev/null"], {
      cwd: dir,
      env: environment({ ...modelOf(endpoint), TERM: "xterm" }),
    });
    let screen = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      screen += text;
    });
    const ended = once(child, "close");
    /** Types when the prompt is there, and gives what was shown since. */
    const type = async (keys: string, shown: string) => {
      await until(`the prompt before ${JSON.stringify(keys)}`, () => screen.endsWith(PROMPT), 20_000);
      screen = "";
      child.stdin.write(keys);
      return until(`${shown} after ${JSON.stringify(keys)}`, () => screen.includes(shown) && screen, 20_000);
    };
    await until("the chat has begun", () => screen.includes("Session log: logs/"), 20_000);
    await type(`${MEMBERS}\r`, `${MEMBERS_ANSWER}\r\n`);
    expect(await type("\u001b[A\r", MEMBERS_ANSWER)).toContain("phase 3  answer");
    await type("hang\r", "One two ");
    expect(screen).not.toContain("three");
    child.stdin.write("\u0003");
    await until("the question is cancelled", () => screen.includes("Cancelled."));
    await type("some words\u0003", "Ctrl-C again or /quit ends the chat.");
    await type("/help\r", "forgets the conversation");
    await type("\u0004", "\n");
    expect((await ended)[0]).toBe(0);
  });
});

describe("the key", () => {
  it("is in no output and no file, also where the model's server quotes it", async () => {
    const script: Script = [
      { status: 401, body: { error: { message: `Incorrect API key provided: ${KEY}` } } },
      { status: 403, body: `Not allowed: ${KEY}` },
      { text: "Fine." },
    ];
    await using endpoint = await ModelEndpoint.start(script);
    const { child, ended } = start(["chat"], modelOf(endpoint));
    child.stdin.end("one\ntwo\nthree\n/stats\n");
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(0);
    expect(endpoint.requests.map(({ headers }) => headers.authorization)).toEqual(
      new Array(3).fill(`Bearer ${KEY}`),
    );
    const log = await sessionLog("logs");
    expect(log).toContain("HTTP 401");
    for (const text of [stdout, stderr, log]) {
      expect(text).not.toContain(KEY);
      expect(text).not.toMatch(/authorization|bearer/i);
    }
  });
});
