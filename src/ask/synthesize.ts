import type { ModelCalls } from "./model-calls.js";
import { type ChatMessage, ModelError } from "./models/model.js";
import { unsupportedNumbers } from "./numbers.js";
import { ANSWER_PROMPT, correctionRequest, unsupportedNote } from "./prompts.js";
import { type Outcome, toolResults, withoutBlocks } from "./tool-results.js";
import type { TurnEvent } from "./turn.js";

export interface SynthesizeOptions {
  readonly question: string;
  readonly outcome: Outcome;
  readonly history: readonly ChatMessage[];
  /** Earlier questions and results: their numbers may be named again. */
  readonly earlier: readonly unknown[];
  readonly onEvent: (event: TurnEvent) => void;
  readonly onText: ((piece: string) => void) | undefined;
}

export interface Synthesized {
  readonly answer: string;
  /** As `Turn` has it. */
  readonly unsupportedNumbers: readonly string[];
}

/**
 * The third phase: the model tells what the programs came to. Numbers that stand nowhere are sent back to it once; the
 * answer says at its end which ones stay.
 *
 * @throws ModelError when the model says nothing.
 */
export async function synthesize(options: SynthesizeOptions, model: ModelCalls): Promise<Synthesized> {
  const { question, outcome, history, earlier, onEvent, onText } = options;
  const messages: ChatMessage[] = [
    { role: "system", content: ANSWER_PROMPT },
    ...history,
    { role: "user", content: `${withoutBlocks(question)}\n\n${toolResults(outcome)}` },
  ];
  const data = outcome.ok ? [outcome.result, outcome.printed] : [outcome.attempts, outcome.error];
  const check = (text: string) => unsupportedNumbers(text, [question, ...data, ...earlier]);

  const first = (await model.complete("answer", { messages })).text.trim();
  if (first === "") throw new ModelError("The model's answer was empty: ask again, or use another model.");
  const wrong = check(first);
  if (wrong.length === 0) return { answer: first, unsupportedNumbers: [] };

  onEvent({ type: "corrected", numbers: wrong });
  messages.push({ role: "assistant", content: first }, { role: "user", content: correctionRequest(wrong) });
  const second = (await model.complete("answer", { messages })).text.trim();
  if (second === "") onText?.(first);
  const answer = second || first;
  const left = check(answer);
  if (left.length === 0) return { answer, unsupportedNumbers: [] };
  const note = unsupportedNote(left);
  onText?.(note);
  return { answer: answer + note, unsupportedNumbers: left };
}
