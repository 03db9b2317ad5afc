import type { Turn } from "./turn.js";

/** A turn in the keys of the tool `ask`, without the conversation: what programs read. */
export function turnOutput(turn: Turn) {
  return {
    answer: turn.answer,
    route: turn.route,
    code: turn.code,
    result: turn.result,
    attempts: turn.attempts,
    usage: {
      phases: turn.usage.map((row) => ({
        phase: row.phase,
        prompt_tokens: row.promptTokens,
        completion_tokens: row.completionTokens,
        calls: row.calls,
        llm_ms: roundMs(row.llmMs),
      })),
      code_ms: roundMs(turn.codeMs),
    },
    ...(turn.unsupportedNumbers.length > 0 && { unsupported_numbers: turn.unsupportedNumbers }),
  };
}

function roundMs(ms: number): number {
  return Number(ms.toFixed(3));
}
