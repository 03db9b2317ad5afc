import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  type ElicitRequest,
  ElicitRequestSchema,
  type ElicitResult,
} from "@modelcontextprotocol/sdk/types.js";

export type Answer = ElicitResult | Promise<ElicitResult>;

/** A client whose user answers what the server asks, and the questions that they were asked. */
export function clientWithUser(answer: (question: string, signal: AbortSignal) => Answer) {
  const questions: string[] = [];
  const client = new Client({ name: "test", version: "1" }, { capabilities: { elicitation: {} } });
  client.setRequestHandler(ElicitRequestSchema, ({ params }: ElicitRequest, { signal }) => {
    questions.push(params.message);
    return answer(params.message, signal);
  });
  return { client, questions };
}

export const ACCEPT = { action: "accept", content: { confirm: true } } as const;
export const DECLINE = { action: "decline" } as const;
