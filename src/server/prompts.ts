import type { GetPromptResult, Prompt } from "@modelcontextprotocol/sdk/types.js";
import { dialectRules } from "../sandbox/dialect.js";

export const writeProgramPrompt: Prompt = {
  name: "write_program",
  title: "Answer with one Python program",
  description: "Starts a task that is done by one program of execute_python instead of many tool calls.",
  arguments: [{ name: "task", description: "What to find out or to do.", required: true }],
};

/** The messages of `write_program`; `functions` tells what a program can call. */
export function writeProgram(task: string, functions: string): GetPromptResult {
  const text = [
    task,
    "Do this with one Python program, run by the tool execute_python.",
    dialectRules,
    functions,
    "Compute totals, counts and percentages in the program, and return only what the answer needs.",
  ].join("\n\n");
  return { messages: [{ role: "user", content: { type: "text", text } }] };
}
