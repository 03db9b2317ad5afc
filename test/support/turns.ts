import type { Turn } from "../../src/ask/turn.js";
import type { Execution } from "../../src/sandbox/program.js";

/** The turn of the article whose over-fetching its session log showed: 1,004 tokens for code, 6,225 for the rest. */
export const CODE_TURN: Turn = {
  question: "try looking for user id 2",
  answer: "Bob Smith's first expense is a flight to London for 850.",
  route: "code",
  code: "(await get_expenses(2))['expenses'][0]",
  result: { amount: 850 },
  attempts: 2,
  usage: [
    { phase: "discovery", promptTokens: 500, completionTokens: 42, calls: 1, llmMs: 1200 },
    { phase: "code", promptTokens: 902, completionTokens: 102, calls: 2, llmMs: 3400 },
    { phase: "answer", promptTokens: 5620, completionTokens: 63, calls: 1, llmMs: 8850 },
  ],
  codeMs: 5,
  unsupportedNumbers: [],
};

/** A follow-up that the conversation itself answers. */
export const DIRECT_TURN: Turn = {
  question: "as a table",
  answer: "| amount |\n|---|\n| 850 |",
  route: "direct",
  code: null,
  result: null,
  attempts: 0,
  usage: [{ phase: "discovery", promptTokens: 1000, completionTokens: 71, calls: 1, llmMs: 800 }],
  codeMs: 0,
  unsupportedNumbers: [],
};

/** A program that succeeded, with the result given. */
export function execution(result: unknown, parts: Partial<Execution> = {}): Execution {
  const call = { arguments: {}, startedMs: 0, durationMs: 1, error: null, isMade: true };
  return {
    stdout: "",
    toolCalls: [
      { name: "get_team_members", ...call },
      { name: "get_expenses", ...call },
      { name: "get_expenses", ...call, error: "ValueError: no" },
    ],
    durationMs: 12,
    truncated: false,
    notes: [],
    ...parts,
    ok: true,
    result,
  } as Execution;
}
