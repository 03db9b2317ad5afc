import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { ErrorCode, McpError, type RequestId } from "@modelcontextprotocol/sdk/types.js";
import { messageOf } from "../bind.js";
import { ConsentError } from "../catalog/consent.js";
import type { ConsentRequest, ToolContext } from "../catalog/tool.js";
import { withOwnSignal } from "../own-signal.js";
import { Slots } from "../sandbox/slots.js";
import { visible } from "../visible.js";

/** How long the user may take over one question, milliseconds. */
const ANSWER_MS = 300_000;

/** Characters of the arguments that a question shows, and of one of them. */
const MAX_ARGUMENTS = 2000;
const MAX_ARGUMENT = 400;

/** Asks the user of one connection before calls, by MCP elicitation: one question at a time. */
export class UserConsent {
  private readonly questions = new Slots(1);

  constructor(
    private readonly server: Server,
    private readonly answerMs = ANSWER_MS,
  ) {}

  /**
   * Asks on behalf of a request of the client: over HTTP, on its stream. Undefined where the client cannot ask its user.
   * What it gives throws ConsentError when no answer can be had.
   */
  confirmFor(requestId: RequestId): ToolContext["confirm"] {
    if (this.server.getClientCapabilities()?.elicitation?.form === undefined) return undefined;
    return async (request, signal) => {
      await this.questions.acquire(signal);
      try {
        return await this.ask(request, requestId, signal);
      } finally {
        this.questions.release();
      }
    };
  }

  private async ask(
    request: ConsentRequest,
    relatedRequestId: RequestId,
    signal: AbortSignal,
  ): Promise<boolean> {
    return withOwnSignal(signal, async (own) => {
      try {
        const { action, content } = await this.server.elicitInput(
          { mode: "form", message: question(request), requestedSchema: FORM },
          { signal: own, timeout: this.answerMs, relatedRequestId },
        );
        return action === "accept" && content?.confirm !== false;
      } catch (error) {
        const isLate = error instanceof McpError && error.code === ErrorCode.RequestTimeout;
        const why = isLate ? `nobody answered within ${this.answerMs / 1000} s` : messageOf(error);
        throw new ConsentError(
          `The call needs the user's consent, and the client gave no answer: ${why}. Nothing was done.`,
        );
      }
    });
  }
}

const FORM = {
  type: "object" as const,
  properties: {
    confirm: {
      type: "boolean" as const,
      title: "Allow this call",
      description: "It is made once, as shown.",
    },
  },
};

function question({ tool, source, arguments: args }: ConsentRequest): string {
  const from = source === undefined ? "" : ` of ${source}`;
  const shown = Object.entries(args).map(
    ([name, value]) => `${name}: ${cut(JSON.stringify(value), MAX_ARGUMENT)}`,
  );
  const list = shown.length === 0 ? "It takes no arguments." : cut(shown.join("\n"), MAX_ARGUMENTS);
  return visible(`Allow a call of ${tool}${from}?\n\n${list}`);
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)} … (${text.length - length} more characters)` : text;
}
