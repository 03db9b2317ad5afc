import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, it } from "vitest";
import { CLI, environment } from "../support/cli.js";
import { type ChatBody, ModelEndpoint, type Script } from "../support/model-endpoint.js";

const KEY = "sk-demo-0123456789";

async function runDemo(model: Readonly<Record<string, string>> = {}) {
  const { FORCE_COLOR: _, ...env } = environment(model);
  const child = spawn(process.execPath, [CLI, "demo"], { env, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code, stdout, stderr };
}

/** The demo with the model behind an endpoint. */
async function runWith(script: Script) {
  await using endpoint = await ModelEndpoint.start(script);
  return await runDemo({ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: endpoint.url, OPENAI_MODEL: "my-model" });
}

describe("the demo's conversation without a model", () => {
  let demo: Awaited<ReturnType<typeof runDemo>>;
  /** What is shown for each question. */
  let turns: string[];

  beforeAll(async () => {
    demo = await runDemo();
    turns = demo.stdout.split("\n\n\n> ").slice(1);
  });

  it("says in the demo's first lines and in its own that a script stands in", () => {
    expect(demo).toMatchObject({ code: 0, stderr: "" });
    const [head = "", conversation = ""] = demo.stdout.split("5. A conversation");
    for (const part of [head.split("Tools of the server")[0], conversation])
      expect(part?.replace(/\s+/g, " ")).toContain("No model is set, so a script takes its place");
  });

  it("asks the questions of the article, and answers follow-ups without a program", () => {
    expect(turns.map((turn) => /^(.*)\n/.exec(turn)?.[1])).toEqual([
      "Who is on the Engineering team?",
      "Fetch all flight expenses across the team.",
      "Show them as a table.",
      "What do the flights cost per member, and in all?",
      "Itemise what Bob Smith spent.",
      "Which of these was the dearest?",
    ]);
    const routes = turns.map((turn) => /Answered (.*)\.\n {2}(\d+) model calls?,/.exec(turn)?.slice(1));
    expect(routes).toEqual([
      ["by a program", "3"],
      ["by a program", "3"],
      ["from the conversation", "1"],
      ["by a program", "3"],
      ["by a program, 2 attempts", "4"],
      ["from the conversation", "1"],
    ]);
  });

  it("tells what the programs found", () => {
    const [members, flights, table, totals, bob, dearest] = turns;
    expect(members).toContain("5 members: Alice Chen, Bob Smith, Carol Jones, David Kim, Eve Wilson.");
    expect(flights).toContain("There are 15 flight expenses.");
    expect(table?.match(/^ {2}\| 2024-/gm)).toHaveLength(15);
    expect(totals).toMatch(/\| Carol Jones \| +2950 \|[\s\S]*the flights cost 10510\./);
    expect(bob).toContain('Unknown key "items"');
    expect(bob).toContain("Bob Smith spent 5425 in total.");
    expect(dearest).toContain("Flight to Singapore on 2024-09-15: 920.");
  });

  it("ends with what it cost in all", () => {
    expect(demo.stdout).toMatch(
      /The conversation in all\n {2}6 turns +tokens .*\n {2}code generation .*\n.*\n {2}total/,
    );
  });
});

describe("the demo's conversation with a model", () => {
  it("is with that model, and shows what it says as text", async () => {
    const asked: string[] = [];
    const { code, stdout, stderr } = await runWith(({ model, messages }: ChatBody) => {
      asked.push(`${model}: ${messages.at(-1)?.content}`);
      return { text: "I would not know. \u001b[2J" };
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(asked).toHaveLength(6);
    expect(asked[0]).toBe("my-model: Who is on the Engineering team?");
    expect(stdout).toContain("Its model is my-model.");
    expect(stdout).toContain("I would not know. \\u001b[2J");
    expect(stdout).not.toContain("a script");
  });

  it("that fails is one line and exit code 1, without the key", async () => {
    const { code, stdout, stderr } = await runWith([{ status: 401, body: { error: { message: KEY } } }]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^monty-code-mode: The demo failed: [^\n]*HTTP 401[^\n]*\n$/);
    expect(stdout + stderr).not.toContain(KEY);
  });
});
