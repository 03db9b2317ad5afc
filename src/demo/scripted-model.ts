import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { TokenUsage } from "../ask/models/model.js";

/** A reply of the script. With `drop` or `hang`, what it says is sent by half. */
export interface ScriptedReply {
  readonly text?: string;
  readonly toolCalls?: readonly {
    readonly name: string;
    /** Text is sent as it is. */
    readonly arguments: Readonly<Record<string, unknown>> | string;
  }[];
  /** Left out of the reply where undefined. */
  readonly usage?: TokenUsage;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent instead of a completion; as JSON, unless it is text. */
  readonly body?: unknown;
  /** Destroys the connection. */
  readonly drop?: boolean;
  /** Leaves the connection open until either side closes it. */
  readonly hang?: boolean;
}

/** The body of a chat-completions request, as far as scripts read it. */
export interface ChatBody {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly tools?: readonly {
    readonly function: { readonly name: string; readonly parameters: Record<string, unknown> };
  }[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly [key: string]: unknown;
}

/** Replies in order, or a function of the request and its index; undefined says that there is none. */
export type Script =
  | readonly ScriptedReply[]
  | ((body: ChatBody, index: number) => ScriptedReply | undefined | Promise<ScriptedReply | undefined>);

export interface RecordedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: ChatBody;
  /** How its connection came to an end: `closed` without a whole answer. */
  readonly ended: Promise<"answered" | "closed">;
}

/**
 * A chat-completions endpoint over HTTP on the loopback interface. There is no language model behind it: its replies
 * come from a script. It records each request, and streams where that asks for it.
 */
export class ModelEndpoint implements AsyncDisposable {
  readonly requests: RecordedRequest[] = [];
  /** Whether a request came for which the script has no reply. */
  ranOut = false;
  readonly #script: Script;
  readonly #server: Server;

  private constructor(script: Script) {
    this.#script = script;
    this.#server = createServer(async (request, response) => {
      const path = request.url ?? "/";
      if (request.method !== "POST" || !path.endsWith("/chat/completions")) {
        sendFailure(response, 404, `There is no ${request.method} ${path} here.`);
        return;
      }
      try {
        const body = (await json(request)) as ChatBody;
        const ended = new Promise<"answered" | "closed">((resolve) => {
          response.once("close", () => resolve(response.writableFinished ? "answered" : "closed"));
        });
        this.requests.push({ path, headers: request.headers, body, ended });
        await this.#answer(body, this.requests.length, response);
      } catch (error) {
        if (!response.headersSent) sendFailure(response, 500, `The script failed: ${error}`);
      }
    });
  }

  /** Listens on a free port. */
  static async start(script: Script): Promise<ModelEndpoint> {
    const endpoint = new ModelEndpoint(script);
    await new Promise<void>((resolve, reject) => {
      endpoint.#server.once("error", reject).listen(0, "127.0.0.1", resolve);
    });
    return endpoint;
  }

  /** Without credentials, ends in `/v1`. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** Closes all connections, also those that hang. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #answer(body: ChatBody, count: number, response: ServerResponse): Promise<void> {
    const script = this.#script;
    const reply = typeof script === "function" ? await script(body, count - 1) : script[count - 1];
    if (reply === undefined) {
      this.ranOut = true;
      sendFailure(response, 500, `The script of this endpoint has no reply to request ${count}.`);
      return;
    }
    const { type, parts } = render(reply, body);
    const cut = reply.drop || reply.hang;
    const sent = cut ? parts.slice(0, Math.floor(parts.length / 2)) : parts;
    if (sent.length > 0) {
      response.writeHead(reply.status ?? 200, { "content-type": type, ...reply.headers });
      for (const part of sent) response.write(part);
    }
    if (!cut) response.end();
    // What was written must have left before the connection goes.
    else if (reply.drop) setImmediate(() => response.destroy());
  }
}

function sendFailure(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { "content-type": "application/json", "x-should-retry": "false" });
  response.end(JSON.stringify({ error: { message } }));
}

/** A reply as it goes over the wire, in parts; none where a dropped or hanging reply says nothing. */
function render(
  reply: ScriptedReply,
  { stream, stream_options }: ChatBody,
): { type: string; parts: string[] } {
  const { text, toolCalls, status = 200, body } = reply;
  if (body === undefined && status === 200 && text === undefined && toolCalls === undefined)
    if (reply.drop || reply.hang) return { type: "application/json", parts: [] };
  if (body !== undefined || status !== 200) {
    const content = body ?? { error: { message: `scripted failure ${status}` } };
    if (typeof content === "string") return { type: "text/plain", parts: halves(content) };
    return { type: "application/json", parts: halves(JSON.stringify(content)) };
  }
  return stream
    ? { type: "text/event-stream", parts: renderStream(reply, stream_options?.include_usage === true) }
    : { type: "application/json", parts: halves(JSON.stringify(renderCompletion(reply))) };
}

function renderCompletion(reply: ScriptedReply) {
  const calls = functionCalls(reply);
  return {
    id: "scripted",
    object: "chat.completion",
    created: 0,
    model: "scripted",
    choices: [
      {
        index: 0,
        finish_reason: finishReason(reply),
        message: {
          role: "assistant",
          content: reply.text ?? null,
          ...(calls.length > 0 && { tool_calls: calls }),
        },
      },
    ],
    ...usageOf(reply),
  };
}

function renderStream(reply: ScriptedReply, includeUsage: boolean): string[] {
  const chunk = (choices: unknown[], more = {}) =>
    `data: ${JSON.stringify({ id: "scripted", object: "chat.completion.chunk", created: 0, model: "scripted", choices, ...more })}\n\n`;
  const delta = (part: unknown) => chunk([{ index: 0, delta: part, finish_reason: null }]);
  const calls = functionCalls(reply).flatMap(({ id, type, function: { name, arguments: args } }, index) => [
    delta({ tool_calls: [{ index, id, type, function: { name, arguments: "" } }] }),
    ...halves(args).map((half) => delta({ tool_calls: [{ index, function: { arguments: half } }] })),
  ]);
  return [
    delta({ role: "assistant", content: "" }),
    ...(reply.text?.match(/\S+\s*|\s+/g) ?? []).map((content) => delta({ content })),
    ...calls,
    chunk([{ index: 0, delta: {}, finish_reason: finishReason(reply) }]),
    ...(includeUsage && reply.usage ? [chunk([], usageOf(reply))] : []),
    "data: [DONE]\n\n",
  ];
}

function functionCalls({ toolCalls = [] }: ScriptedReply) {
  return toolCalls.map(({ name, arguments: args }, index) => ({
    id: `call_${index}`,
    type: "function",
    function: { name, arguments: typeof args === "string" ? args : JSON.stringify(args) },
  }));
}

function finishReason({ toolCalls = [] }: ScriptedReply): string {
  return toolCalls.length > 0 ? "tool_calls" : "stop";
}

function usageOf({ usage }: ScriptedReply) {
  if (!usage) return {};
  const { promptTokens, completionTokens } = usage;
  return {
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
  };
}

function halves(text: string): string[] {
  const middle = Math.floor(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}
