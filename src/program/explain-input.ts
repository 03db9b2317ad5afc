import type { z } from "zod";

/** `takes` says what is right, zod what was wrong. */
export function explainInput(takes: string, { issues }: z.ZodError): string {
  const wrong = issues.map(({ path, message }) => `${path.join(".") || "arguments"}: ${message}`);
  return `${takes}. ${wrong.join("; ")}.`;
}
