import type { Tool, ToolContext } from "./tool.js";

/** The user did not agree to a call, or nobody could be asked: nothing was done. */
export class ConsentError extends Error {
  override readonly name = "ConsentError";
}

/** Whether the user is asked before each call of the tool. */
export function needsConsent({
  needsConsent,
  annotations,
}: Pick<Tool, "needsConsent" | "annotations">): boolean {
  return needsConsent ?? annotations.destructiveHint === true;
}

/**
 * Asks the user before a call of a tool that needs it. Call it once the arguments are checked, before anything is done.
 *
 * @throws ConsentError when the user refuses, or there is nobody to ask; the signal's reason when it aborts first.
 */
export async function requireConsent(
  tool: Pick<Tool, "name" | "source" | "needsConsent" | "annotations">,
  args: Readonly<Record<string, unknown>>,
  { confirm, signal }: ToolContext,
): Promise<void> {
  if (!needsConsent(tool)) return;
  if (confirm === undefined)
    throw new ConsentError(
      "The call needs the user's consent, and nobody can be asked: that takes an MCP client that offers elicitation. Nothing was done.",
    );
  const agreed = await confirm({ tool: tool.name, source: tool.source, arguments: args }, signal);
  signal.throwIfAborted();
  if (!agreed) throw new ConsentError("The user did not agree to the call. Nothing was done.");
}
