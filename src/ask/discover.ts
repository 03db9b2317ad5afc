import { type PythonFunction, pythonValue } from "../catalog/python-stubs.js";
import { SEARCH_TOOLS } from "../program/search-tools.js";
import type { ModelCalls } from "./model-calls.js";
import type { ChatMessage, ChatToolCall } from "./models/model.js";
import { DISCOVERY_PROMPT, foundNote } from "./prompts.js";
import { withoutBlocks } from "./tool-results.js";
import type { Toolbox } from "./toolbox.js";

/** An answer from what was known already, or Python calls to start a program from, with the functions that they call. */
export type Discovery =
  | { readonly answer: string }
  | { readonly calls: readonly string[]; readonly chosen: readonly PythonFunction[] };

export interface DiscoverOptions {
  readonly question: string;
  readonly history: readonly ChatMessage[];
  readonly toolbox: Toolbox;
}

/** Times that the model may search the tools of a large catalog, and searches at a time. */
const MAX_LOOKS = 3;
const MAX_SEARCHES = 3;

/**
 * The first phase: the model answers, or says which tools it needs. Of many tools it sees some, and may search for
 * others first. A reply that is empty says that a program is needed, and not from where to start.
 */
export async function discover(
  { question, history, toolbox }: DiscoverOptions,
  model: ModelCalls,
): Promise<Discovery> {
  const messages: ChatMessage[] = [
    { role: "system", content: DISCOVERY_PROMPT },
    ...history,
    { role: "user", content: withoutBlocks(question) },
  ];
  const calls = new Set<string>();
  const chosen = new Set<PythonFunction>();
  for (let looks = 0; ; looks += 1) {
    const mayLook = toolbox.isLarge && looks < MAX_LOOKS;
    const { tools, functions } = toolbox.offer(mayLook);
    const { text, toolCalls } = await model.complete("discovery", { messages, tools });
    if (toolCalls.length === 0 && calls.size === 0 && text.trim() !== "") return { answer: text.trim() };
    for (const call of toolCalls) {
      const declared = functions.get(call.name);
      if (declared === undefined) continue;
      calls.add(pythonCall(call, declared));
      chosen.add(declared);
    }
    const queries = mayLook ? queriesOf(toolCalls) : [];
    if (queries.length === 0) return { calls: [...calls], chosen: [...chosen] };
    const notes: string[] = [];
    for (const query of queries) notes.push(foundNote(query, await toolbox.search(query)));
    messages.push(
      { role: "assistant", content: `I search the tools for ${queries.join("; ")}.` },
      { role: "user", content: withoutBlocks(notes.join("\n")) },
    );
  }
}

function queriesOf(calls: readonly ChatToolCall[]): string[] {
  const searches = calls.filter(({ name }) => name === SEARCH_TOOLS);
  return searches.slice(0, MAX_SEARCHES).map(({ arguments: { query } }) => String(query ?? ""));
}

/** `await get_expenses(2, quarter="Q3")`: required arguments by position, the others by name. */
function pythonCall({ arguments: args }: ChatToolCall, declared: PythonFunction): string {
  let isPositional = true;
  const written = declared.parameters.flatMap(({ name, property, required }) => {
    const value = Object.hasOwn(args, property) ? args[property] : undefined;
    isPositional &&= required && value !== undefined;
    if (value === undefined) return [];
    return [isPositional ? pythonValue(value) : `${name}=${pythonValue(value)}`];
  });
  return `await ${declared.name}(${written.join(", ")})`;
}
