import { type PythonFunction, pythonValue } from "../catalog/python-stubs.js";
import type { ModelCalls } from "./model-calls.js";
import type { ChatMessage, ChatTool, ChatToolCall } from "./models/model.js";
import { DISCOVERY_PROMPT } from "./prompts.js";
import { withoutBlocks } from "./tool-results.js";

/** An answer from what was known already, or Python calls to start a program from. */
export type Discovery = { readonly answer: string } | { readonly calls: readonly string[] };

export interface DiscoverOptions {
  readonly question: string;
  readonly history: readonly ChatMessage[];
  readonly tools: readonly ChatTool[];
  /** By the names that the model knows them by. */
  readonly functions: ReadonlyMap<string, PythonFunction>;
}

/**
 * The first phase: the model answers, or says which tools it needs. A reply that is empty says that a program is
 * needed, and not from where to start.
 */
export async function discover(
  { question, history, tools, functions }: DiscoverOptions,
  model: ModelCalls,
): Promise<Discovery> {
  const { text, toolCalls } = await model.complete("discovery", {
    messages: [
      { role: "system", content: DISCOVERY_PROMPT },
      ...history,
      { role: "user", content: withoutBlocks(question) },
    ],
    tools,
  });
  if (toolCalls.length === 0 && text.trim() !== "") return { answer: text.trim() };
  return { calls: toolCalls.flatMap((call) => pythonCall(call, functions.get(call.name)) ?? []) };
}

/** `await get_expenses(2, quarter="Q3")`: required arguments by position, the others by name. */
function pythonCall({ arguments: args }: ChatToolCall, declared: PythonFunction | undefined) {
  if (!declared) return undefined;
  let isPositional = true;
  const written = declared.parameters.flatMap(({ name, property, required }) => {
    const value = Object.hasOwn(args, property) ? args[property] : undefined;
    isPositional &&= required && value !== undefined;
    if (value === undefined) return [];
    return [isPositional ? pythonValue(value) : `${name}=${pythonValue(value)}`];
  });
  return `await ${declared.name}(${written.join(", ")})`;
}
