import { describe, expect, it } from "vitest";
import { logTurnEvent, totalsOf, totalsTable, turnLine, turnTable } from "../../src/ask/stats.js";
import { CODE_TURN, DIRECT_TURN } from "../support/turns.js";

describe("totals", () => {
  it("split tokens and model time into code generation and the rest", () => {
    expect(totalsOf([CODE_TURN, DIRECT_TURN])).toEqual({
      turns: 2,
      promptTokens: 500 + 902 + 5620 + 1000,
      completionTokens: 42 + 102 + 63 + 71,
      codeTokens: 1004,
      otherTokens: 6225 + 1071,
      codeLlmMs: 3400,
      otherLlmMs: 1200 + 8850 + 800,
      codeMs: 5,
    });
  });

  it("of no turns are zero, in shares too", () => {
    expect(Object.values(totalsOf([]))).toEqual(new Array(8).fill(0));
    expect(totalsTable(totalsOf([]))).toMatch(/^code generation +0 +0%/m);
  });

  it("are a table whose shares add up to 100", () => {
    expect(totalsTable(totalsOf([CODE_TURN, DIRECT_TURN])).split("\n")).toEqual([
      "2 turns          tokens       model time  program time",
      "code generation   1,004  12%      3.40 s       0.005 s",
      "the rest          7,296  88%     10.85 s",
      "total             8,300          14.25 s       0.005 s",
    ]);
  });
});

describe("the statistics of a turn", () => {
  it("are a line a phase, a subtotal and its split", () => {
    const lines = turnTable(CODE_TURN).replace(/ +/g, " ").split("\n");
    expect(lines).toEqual([
      "phase 1 discovery 500 prompt + 42 completion = 542 tokens 1.20 s model 1 model call",
      "phase 2 code generation 902 prompt + 102 completion = 1,004 tokens 3.40 s model 0.005 s programs 2 attempts",
      "phase 3 answer 5,620 prompt + 63 completion = 5,683 tokens 8.85 s model 1 model call",
      "subtotal 7,022 prompt + 207 completion = 7,229 tokens 13.45 s model 0.005 s programs",
      " code generation 1,004 (14%), the rest 6,225 (86%)",
    ]);
  });

  it("have a line for the only phase of a direct answer", () => {
    expect(turnTable(DIRECT_TURN)).toMatch(
      /^phase 1 .*1,071 tokens.*\nsubtotal .*\n +code generation 0 \(0%\)/,
    );
  });

  it("fit a line", () => {
    expect(turnLine(CODE_TURN)).toBe(
      "4 model calls, 7,229 tokens (code generation 1,004), 13.45 s model, 0.005 s programs",
    );
    expect(turnLine(DIRECT_TURN)).toBe("1 model call, 1,071 tokens, 0.800 s model, 0.000 s programs");
  });
});

describe("log events", () => {
  it("hold the facts of a turn at info and its texts at debug only", () => {
    const logged: { level: string; message: string; facts: object | undefined }[] = [];
    const at = (level: string) => (message: string, facts?: object) => logged.push({ level, message, facts });
    const logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
    logTurnEvent(logger, {
      type: "attempt",
      attempt: 1,
      code: "1 +",
      execution: null,
      error: "syntax error",
    });
    logTurnEvent(logger, { type: "done", turn: { ...CODE_TURN, unsupportedNumbers: ["7"] } });
    expect(logged.map(({ level }) => level)).toEqual(["debug", "info", "debug"]);
    const [attempt, turn, texts] = logged;
    expect(attempt?.facts).toEqual({ attempt: 1, code: "1 +", error: "syntax error" });
    expect(turn?.facts).toEqual({
      route: "code",
      attempts: 2,
      usage: CODE_TURN.usage,
      codeMs: 5,
      unsupportedNumbers: 1,
    });
    expect(texts?.facts).toMatchObject({ question: CODE_TURN.question, answer: CODE_TURN.answer });
  });
});
