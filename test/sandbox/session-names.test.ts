import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../../src/sandbox/monty/checker.js";
import { type Binds, prepare } from "../../src/sandbox/prepare.js";
import { NO_ANSWER, type Question, SessionNames } from "../../src/sandbox/session-names.js";

const ALL = Number.POSITIVE_INFINITY;

function read(names: SessionNames, code: string): { binds: Binds | undefined; question: Question } {
  const prepared = prepare(code, [], names.bindings);
  if (!prepared.ok) throw new Error(prepared.failure.message);
  return { binds: prepared.binds, question: names.ask(prepared.code, prepared.binds, []) };
}

/** Takes a program in as one that ran, its names having the types given. */
function ran(names: SessionNames, code: string, types: Record<string, string> = {}): void {
  const { binds } = read(names, code);
  names.learn(binds, { ...NO_ANSWER, types: new Map(Object.entries(types)) }, ALL);
}

/** The lines that stand before a program. */
function preamble(names: SessionNames, code: string): string[] {
  const asked = read(names, code).question.code.split("\n");
  return asked.slice(0, asked.indexOf(code.split("\n")[0] ?? "")).slice(2);
}

describe("what stands before a program", () => {
  it("is what it mentions, and what that mentions", () => {
    const names = new SessionNames();
    ran(names, "import math\nclass P:\n    pass\np = P()\nq = 1\ndef f(x: P):\n    return math", {
      p: "P",
      q: "Literal[1]",
    });
    expect(preamble(names, "p")).toEqual(["class P:", "    pass", "p = __cast(P, None)"]);
    expect(preamble(names, "f(q)")).toEqual([
      "class P:",
      "    pass",
      "q = __cast(__Literal[1], None)",
      "def f(x: P): ...",
    ]);
    expect(preamble(names, "other")).toEqual([]);
  });

  it.each([
    ["list[Row]", "__cast(list[Row], None)"],
    ["dict[str, int | None]", "__cast(dict[str, int | None], None)"],
    ["list[Unknown]", "__cast(list[__Any], None)"],
    [
      'tuple[Literal[1], Literal["Unknown, \\"def f"]]',
      '__cast(tuple[__Literal[1], __Literal["Unknown, \\"def f"]], None)',
    ],
    ["tuple[int, ...]", "__cast(tuple[int, ...], None)"],
    ["def f(x) -> Unknown", "__earlier()"],
    ["(x) -> Unknown", "__earlier()"],
    ["<class 'D'>", "__earlier()"],
    ["bound method str.upper() -> str", "__earlier()"],
    [undefined, "__earlier()"],
  ])("says of a value of type %s: %s", (type, declared) => {
    const names = new SessionNames();
    ran(names, "x = 1", type === undefined ? {} : { x: type });
    expect(preamble(names, "x")).toEqual([`x = ${declared}`]);
  });

  it("does not count in the lines of the program", () => {
    const names = new SessionNames();
    ran(names, "x = 1\nclass A:\n    pass", { x: "int" });
    const { code, read: readAnswer } = read(names, "x\nA()\ny = 2").question;
    const line = (text: string) => code.split("\n").indexOf(text) + 1;
    const found = (text: string, rule: string, message: string): Diagnostic => {
      return { severity: "error", rule, message, line: line(text), column: 1 };
    };
    const { own, types, doubted } = readAnswer([
      found("class A:", "any", "of an earlier program"),
      found("A()", "any", "of the program"),
      found("reveal_type(y)", "revealed-type", "Revealed type: `Literal[2]`"),
    ]);
    expect(own).toMatchObject([{ line: 2, message: "of the program" }]);
    expect([...types]).toEqual([["y", "Literal[2]"]]);
    expect([...doubted]).toEqual(["A"]);
  });

  it("stays bounded, however much a session defines", () => {
    const names = new SessionNames();
    const all: string[] = [];
    for (let i = 0; i < 100; i++) {
      const fresh = Array.from({ length: 30 }, (_, k) => `name_${i}_${k}`);
      const method = `def m(self):\n        return '${"x".repeat(200)}'`;
      ran(names, fresh.map((name) => `class ${name}:\n    ${method}`).join("\n"));
      all.push(...fresh);
    }
    const code = `[${all.join(", ")}]`;
    const lines = preamble(names, code);
    expect(lines.filter((line) => line.includes("name_")).length).toBe(1000);
    expect(lines.join("\n").length).toBeLessThan(128 * 1024);
    // What is forgotten is left to the runtime.
    expect(names.mayHold("name_0_0")).toBe(true);
  });
});
