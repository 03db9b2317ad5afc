import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { z } from "zod";
import type { TurnEvent } from "../ask/turn.js";
import { type CallContext, messageOf } from "../bind.js";
import type { CatalogSource } from "../catalog/catalog.js";
import type { AskSettings, ExposureSettings, ModelSettings } from "../config.js";
import type { Logger } from "../logger.js";
import { explainInput } from "../program/explain-input.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import type { Tracing } from "../telemetry/tracing.js";
import type { AskSession } from "./ask-session.js";
import type { ServerObserver } from "./observer.js";
import {
  errorResult,
  jsonSchema,
  progressReporter,
  type RequestExtra,
  type ServerTool,
} from "./server-tool.js";

const NAME = "ask";

const DEFAULT_CONVERSATION = "default";

const NO_MODEL =
  "ask needs a model: set OPENAI_API_KEY (or OPENAI_BASE_URL for an endpoint that needs no key) where this server is " +
  "started, or use a client that offers MCP sampling. execute_python and the other tools work without one.";

const Input = z.strictObject({
  question: z.string().trim().min(1).describe("In plain words."),
  conversation_id: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("Goes on with that conversation; without it, with the one of this connection."),
});

const Output = z.object({
  answer: z.string(),
  route: z.enum(["direct", "code"]).describe("direct: the conversation already held the answer."),
  code: z.string().nullable().describe("The last program; null where there was none."),
  result: z.unknown().describe("JSON of its result; null where there was none, or no program succeeded."),
  attempts: z.int().describe("Programs that the model wrote."),
  usage: z.object({
    phases: z.array(
      z.object({
        phase: z.enum(["discovery", "code", "answer"]),
        prompt_tokens: z.int(),
        completion_tokens: z.int(),
        calls: z.int(),
        llm_ms: z.number(),
      }),
    ),
    code_ms: z.number().describe("Time spent in programs, milliseconds."),
  }),
  conversation_id: z.string(),
  unsupported_numbers: z
    .array(z.string())
    .optional()
    .describe("Numbers in the answer that stand neither in the results nor in the question."),
});

export interface AskToolOptions {
  /** The connection's server, whose client may offer its model. */
  readonly server: Server;
  readonly sandbox: Sandbox;
  readonly source: CatalogSource;
  readonly exposure: ExposureSettings;
  /** What the calls of its programs are given besides a signal. */
  readonly contextOf: (extra: RequestExtra) => CallContext;
  /** The connection: see `Program.owner`. */
  readonly owner: object;
  readonly model: ModelSettings;
  readonly ask: AskSettings;
  readonly logger: Logger | undefined;
  readonly observer?: ServerObserver | undefined;
  readonly tracing?: Tracing | undefined;
}

/** The tool that answers a question: it finds the tools, has a program written, runs it and tells the result. */
export function askTool(options: AskToolOptions): ServerTool & { close(): void } {
  // Loaded on the first question: most connections never ask one.
  let opening: Promise<AskSession | null> | undefined;
  return {
    listing: {
      name: NAME,
      title: "Ask a question",
      description:
        "Answers a question in plain words with the tools of this server: writes a Python program that calls them, runs " +
        "it in the sandbox, and tells what came out. Follow-up questions can refer to earlier ones.",
      inputSchema: jsonSchema(Input, "input"),
      outputSchema: jsonSchema(Output, "output"),
      annotations: { title: "Ask", openWorldHint: false },
    },
    async call(args, extra) {
      const input = Input.safeParse(args);
      if (!input.success) {
        return errorResult(
          explainInput(`${NAME} takes question (text) and conversation_id (optional)`, input.error),
        );
      }
      opening ??= import("./ask-session.js").then(({ AskSession }) => AskSession.open(options));
      const session = await opening;
      if (session === null) {
        opening = undefined;
        return errorResult(NO_MODEL);
      }
      const { question, conversation_id = DEFAULT_CONVERSATION } = input.data;
      const report = progressReporter(extra);
      try {
        const turn = await session.ask(question, {
          conversation: conversation_id,
          requestId: extra.requestId,
          context: options.contextOf(extra),
          signal: extra.signal,
          onEvent(event) {
            if (options.observer !== undefined) observe(event, options.observer);
            report?.(progressOf(event));
          },
        });
        return {
          content: [{ type: "text", text: turn.answer }],
          structuredContent: { ...turn.output, conversation_id },
        };
      } catch (error) {
        return errorResult(`${NAME}: ${messageOf(error)}`);
      }
    },
    close() {
      opening?.then((session) => session?.close()).catch(() => undefined);
    },
  };
}

function observe(event: TurnEvent, observer: ServerObserver): void {
  if (event.type === "attempt" && event.execution !== null) observer.program?.(event.execution);
  if (event.type === "done") observer.turn?.(event.turn);
  if (event.type === "failed") observer.turn?.(event);
}

/** What a person is shown of an event; undefined for nothing. */
function progressOf(event: TurnEvent): string | undefined {
  switch (event.type) {
    case "phase":
      return event.phase === "code" ? `code, attempt ${event.attempt}` : event.phase;
    case "attempt":
      return event.error === null ? "the program ran" : `attempt ${event.attempt} failed`;
    default:
      return undefined;
  }
}
