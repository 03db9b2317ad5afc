import { isObject } from "../../is-object.js";
import type { ChatReply, ChatRequest, TokenUsage } from "./model.js";

const CHARACTERS_A_TOKEN = 4;

/** Tokens of a text, estimated from its length: good for English and code, low for other scripts. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_A_TOKEN);
}

/** What a model call cost, estimated, where its provider does not say. */
export function estimateUsage(
  { messages, tools = [] }: ChatRequest,
  { text, toolCalls }: Omit<ChatReply, "usage">,
): TokenUsage {
  const prompt = messages.map(({ content }) => content).join("\n");
  return {
    promptTokens: estimateTokens(prompt + (tools.length > 0 ? JSON.stringify(tools) : "")),
    completionTokens: estimateTokens(text + (toolCalls.length > 0 ? JSON.stringify(toolCalls) : "")),
  };
}

/**
 * A tool call's arguments, from an object or its JSON. What is neither gives none: the calls are a starting point for
 * a program, and are not made.
 */
export function readArguments(value: unknown): Record<string, unknown> {
  if (typeof value === "string") {
    try {
      value = JSON.parse(value);
    } catch {
      return {};
    }
  }
  return isObject(value) ? value : {};
}
