import type { JsonSchema, Tool } from "./tool.js";

/** A tool as the chat-completions API takes it. */
export interface OpenAITool {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
}

const MAX_NAME = 64;
const MAX_DESCRIPTION = 1024;
/** One tool with one of these at the top of its parameters, and OpenAI refuses the whole request. */
const REFUSED_AT_TOP = new Set(["$schema", "oneOf", "anyOf", "allOf", "enum", "not"]);

/**
 * The tools for a chat-completions request. Names are made valid and stay unique; {@link toolsByOpenAIName} is the way
 * back. A long description is cut at a word. The schema may come out wider than the tool's own.
 */
export function openaiTools(tools: readonly Tool[]): OpenAITool[] {
  return Array.from(toolsByOpenAIName(tools), ([name, { description, inputSchema }]) => ({
    name,
    description: cutAtWord(description.trim()),
    parameters: {
      type: "object",
      properties: {},
      ...Object.fromEntries(Object.entries(inputSchema).filter(([keyword]) => !REFUSED_AT_TOP.has(keyword))),
    },
  }));
}

/** The tools by the names that {@link openaiTools} gives them, in the same order. */
export function toolsByOpenAIName(tools: readonly Tool[]): ReadonlyMap<string, Tool> {
  // A name that is valid stays: the tool that has to be renamed gives way.
  const taken = new Set(tools.map(({ name }) => name).filter((name) => validName(name) === name));
  return new Map(
    tools.map((tool) => {
      if (taken.has(tool.name)) return [tool.name, tool];
      const base = validName(tool.name);
      let name = base;
      for (let count = 2; taken.has(name); count += 1) {
        const suffix = `_${count}`;
        name = base.slice(0, MAX_NAME - suffix.length) + suffix;
      }
      taken.add(name);
      return [name, tool];
    }),
  );
}

function validName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_-]/g, "_").slice(0, MAX_NAME);
}

function cutAtWord(text: string): string {
  if (text.length <= MAX_DESCRIPTION) return text;
  const cut = text.slice(0, MAX_DESCRIPTION - 1);
  return `${cut.slice(0, Math.max(cut.search(/\s\S*$/), 0)) || cut}…`;
}
