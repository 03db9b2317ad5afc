import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  GetPromptRequestSchema,
  type GetPromptResult,
  ListPromptsRequestSchema,
  type Prompt,
} from "@modelcontextprotocol/sdk/types.js";
import { dialectRules } from "../sandbox/dialect.js";
import { invalidParams } from "./server-tool.js";

export const WRITE_PROGRAM = "write_program";

const writeProgramPrompt: Prompt = {
  name: WRITE_PROGRAM,
  title: "Answer with one Python program",
  description: "Starts a task that is done by one program of execute_python instead of many tool calls.",
  arguments: [{ name: "task", description: "What to find out or to do.", required: true }],
};

/** Answers requests for prompts; `describe` tells what a program can call now. */
export function servePrompts(server: Server, describe: () => string): void {
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: [writeProgramPrompt] }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
    if (params.name !== writeProgramPrompt.name) {
      throw invalidParams(
        `There is no prompt named ${params.name}. The prompt is ${writeProgramPrompt.name}.`,
      );
    }
    const task = params.arguments?.task;
    if (task === undefined || task.trim() === "") throw invalidParams("The prompt needs the argument task.");
    return writeProgram(task, describe());
  });
}

function writeProgram(task: string, functions: string): GetPromptResult {
  const text = [
    task,
    "Do this with one Python program, run by the tool execute_python.",
    dialectRules,
    functions,
    "Compute totals, counts and percentages in the program, and return only what the answer needs.",
  ].join("\n\n");
  return { messages: [{ role: "user", content: { type: "text", text } }] };
}
