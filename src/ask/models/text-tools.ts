import { isObject } from "../../is-object.js";
import type { ChatReply, ChatTool, ChatToolCall } from "./model.js";
import { readArguments } from "./reply.js";

const BLOCK = /```[ \t]*tool_calls\b([\s\S]*?)(?:```|$)/gi;
const ONLY_BLOCK = /^```[ \t]*\w*\s([\s\S]*?)```$/;

/** Tools as plain text, and how to ask for them, for a model that is reached without tool use. */
export function describeTools(tools: readonly ChatTool[]): string {
  return [
    "You can ask for tools. To do so, answer with one fenced block that asks for all of them, and nothing else:",
    '```tool_calls\n[{"name": "some_tool", "arguments": {"some_parameter": 1}}]\n```',
    "If you need none, answer in plain text, without such a block.",
    `The tools:\n${tools.map(describeTool).join("\n")}`,
  ].join("\n\n");
}

function describeTool({ name, description, parameters }: ChatTool): string {
  const { properties, required } = parameters;
  const names = Array.isArray(required) ? required : [];
  const signature = Object.entries(isObject(properties) ? properties : {}).map(
    ([key, schema]) => `${key}${names.includes(key) ? "" : "?"}: ${typeText(schema)}`,
  );
  return `- ${name}(${signature.join(", ")}) - ${description.replace(/\s+/g, " ")}`;
}

function typeText(schema: unknown): string {
  if (!isObject(schema)) return "any";
  const { enum: values, const: value, type, items } = schema;
  const union = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(values)) return values.map((each) => JSON.stringify(each)).join(" | ");
  if (value !== undefined) return JSON.stringify(value);
  if (Array.isArray(union)) return union.map(typeText).join(" | ");
  if (type === "array") return `array of ${typeText(items)}`;
  if (Array.isArray(type)) return type.join(" | ");
  return typeof type === "string" ? type : "any";
}

/**
 * Splits a reply into its answer and the tools that it asks for. A block whose JSON is broken still asks for the
 * tools that it names, without arguments; JSON outside of such a block asks for tools only if it is the whole reply
 * and names no others.
 */
export function readToolCalls(reply: string, tools: readonly ChatTool[]): Omit<ChatReply, "usage"> {
  const known = new Set(tools.map(({ name }) => name));
  const blocks = Array.from(reply.matchAll(BLOCK), ([, json = ""]) => json);
  const text = reply.replace(BLOCK, "").trim();
  if (blocks.length > 0)
    return { text, toolCalls: blocks.flatMap((json) => parseCalls(json) ?? namedIn(json, known)) };

  const calls = parseCalls(ONLY_BLOCK.exec(text)?.[1] ?? text) ?? [];
  const asks = calls.length > 0 && calls.every(({ name }) => known.has(name));
  return asks ? { text: "", toolCalls: calls } : { text, toolCalls: [] };
}

/** Undefined where it is not JSON, or not of calls. */
function parseCalls(json: string): ChatToolCall[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json.replace(/,(\s*[\]}])/g, "$1"));
  } catch {
    return undefined;
  }
  const calls: ChatToolCall[] = [];
  for (const entry of Array.isArray(parsed) ? parsed : [parsed]) {
    if (!isObject(entry) || typeof entry.name !== "string") return undefined;
    calls.push({ name: entry.name, arguments: readArguments(entry.arguments) });
  }
  return calls;
}

function namedIn(json: string, known: ReadonlySet<string>): ChatToolCall[] {
  const names = Array.from(json.matchAll(/["']name["']\s*:\s*["']([^"']+)["']/g), ([, name = ""]) => name);
  return names.filter((name) => known.has(name)).map((name) => ({ name, arguments: {} }));
}
