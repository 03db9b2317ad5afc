import { setTimeout as wait } from "node:timers/promises";
import type { OpenAI } from "openai";
import type { Secret } from "../../secret.js";
import {
  type ChatModel,
  type ChatOptions,
  type ChatReply,
  type ChatRequest,
  type ChatTool,
  ModelError,
  type TokenUsage,
} from "./model.js";
import { type Endpoint, explainFailure, MalformedReply, retryDelayMs } from "./openai-failure.js";
import { estimateUsage, readArguments } from "./reply.js";

/** A chat-completions endpoint, as `Config.model` holds it. */
export interface OpenAIModelOptions {
  readonly apiKey: Secret | undefined;
  /** Without `/chat/completions`; OpenAI's own where undefined. */
  readonly baseUrl: string | undefined;
  /** As the endpoint calls the model. */
  readonly name: string;
  /** For one reply with all its retries, milliseconds. */
  readonly timeoutMs: number;
}

const OPENAI_URL = "https://api.openai.com/v1";
/** For servers that ask for none: the client will not send a request without one. */
const NO_KEY = "none";
const MAX_ATTEMPTS = 4;
const NEVER_MS = 2 ** 31 - 1;

type Body = Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, "stream">;
type Usage = OpenAI.CompletionUsage | null | undefined;

/**
 * A model behind a chat-completions endpoint: OpenAI's, or any compatible one. Too many requests, a failing server
 * and a dropped connection are tried again, up to three times, after the wait that the server asks for or a growing
 * one; but not once text has reached `onText`, nor past the time limit.
 */
export function openaiModel(options: OpenAIModelOptions): ChatModel {
  const { name, timeoutMs } = options;
  let client: Promise<OpenAI> | undefined;
  return {
    name,
    // The protocol is OpenAI's, whoever speaks it.
    provider: { name: "openai", origin: originOf(options.baseUrl ?? OPENAI_URL) },
    async complete(request, { signal, onText }) {
      signal.throwIfAborted();
      const endpoint = readEndpoint(options);
      client ??= createClient(options);
      const completions = (await client).chat.completions;

      const deadline = performance.now() + timeoutMs;
      const timeout = new AbortController();
      const timer = setTimeout(() => timeout.abort(), timeoutMs);
      const ending = AbortSignal.any([signal, timeout.signal]);
      let begun = false;
      const tell =
        onText &&
        ((piece: string) => {
          begun = true;
          onText(piece);
        });
      try {
        for (let attempt = 1; ; attempt += 1) {
          try {
            return await send(completions, name, request, { signal: ending, onText: tell });
          } catch (error) {
            ending.throwIfAborted();
            const delayMs = attempt === MAX_ATTEMPTS || begun ? undefined : retryDelayMs(error, attempt);
            const left = deadline - performance.now();
            if (delayMs === undefined || delayMs > left) throw explainFailure(error, endpoint, attempt);
            await wait(delayMs, undefined, { signal: ending });
          }
        }
      } catch (error) {
        signal.throwIfAborted();
        if (!timeout.signal.aborted) throw error;
        throw new ModelError(
          `The model ${name} at ${endpoint.origin} did not finish its reply within ${timeoutMs} ms: ` +
            "raise --model-timeout-ms or use a faster model.",
        );
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Without user name, password, path and query. */
function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}

function readEndpoint({ apiKey, baseUrl = OPENAI_URL, name }: OpenAIModelOptions): Endpoint {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  // fetch refuses a URL with a password, and quotes it.
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password)
    throw new ModelError("OPENAI_BASE_URL must be an http or https URL without user name and password.");
  return { origin: url.origin, path: url.pathname, model: name, apiKey };
}

async function createClient({ apiKey, baseUrl }: OpenAIModelOptions): Promise<OpenAI> {
  const { OpenAI } = await import("openai");
  return new OpenAI({
    apiKey: apiKey?.reveal() ?? NO_KEY,
    adminAPIKey: null,
    baseURL: baseUrl ?? OPENAI_URL,
    // The client's own wait between retries does not end with the signal, and its timeout ends at the headers.
    maxRetries: 0,
    timeout: NEVER_MS,
    // With OPENAI_LOG set, it would write to stdout, which belongs to MCP.
    logLevel: "off",
  });
}

async function send(
  completions: OpenAI.Chat.Completions,
  model: string,
  request: ChatRequest,
  { signal, onText }: ChatOptions,
): Promise<ChatReply> {
  const { messages, tools = [] } = request;
  const body: Body = {
    model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    ...(tools.length > 0 && { tools: tools.map(functionTool), tool_choice: "auto" }),
  };
  const { usage, ...reply } = onText
    ? await readStream(
        await completions.create(
          { ...body, stream: true, stream_options: { include_usage: true } },
          { signal },
        ),
        onText,
      )
    : readCompletion(await completions.create(body, { signal }));
  // An aborted stream looks like one that has ended.
  signal.throwIfAborted();
  return { ...reply, usage: readUsage(usage) ?? estimateUsage(request, reply) };
}

function functionTool({ name, description, parameters }: ChatTool): OpenAI.ChatCompletionTool {
  return { type: "function", function: { name, description, parameters } };
}

type Reply = Omit<ChatReply, "usage"> & { usage: Usage };

function readCompletion(completion: OpenAI.ChatCompletion): Reply {
  // Whatever answers at a wrong URL arrives here, also as text.
  const message = completion?.choices?.[0]?.message;
  if (!message) throw new MalformedReply();
  const calls = (message.tool_calls ?? []).filter((call) => call.type === "function");
  return {
    text: message.content ?? message.refusal ?? "",
    toolCalls: calls.map(({ function: { name, arguments: args } }) => ({
      name,
      arguments: readArguments(args),
    })),
    usage: completion.usage,
  };
}

async function readStream(
  stream: AsyncIterable<OpenAI.ChatCompletionChunk>,
  onText: (piece: string) => void,
): Promise<Reply> {
  let text = "";
  let usage: Usage;
  let answered = false;
  const calls: { index: number; id: string | undefined; name: string; arguments: string }[] = [];
  for await (const chunk of stream) {
    usage = chunk.usage ?? usage;
    const delta = chunk.choices?.[0]?.delta;
    if (!delta) continue;
    answered = true;
    const piece = delta.content ?? delta.refusal ?? "";
    text += piece;
    if (piece !== "") onText(piece);
    for (const { index, id, function: part } of delta.tool_calls ?? []) {
      let call = calls.findLast((earlier) => earlier.index === index);
      // Some servers number every call 0: a name with another id begins a new one.
      if (!call || (part?.name && id && id !== call.id)) {
        call = { index, id, name: "", arguments: "" };
        calls.push(call);
      }
      call.name += part?.name ?? "";
      call.arguments += part?.arguments ?? "";
    }
  }
  if (!answered) throw new MalformedReply();
  const toolCalls = calls.map(({ name, arguments: args }) => ({ name, arguments: readArguments(args) }));
  return { text, toolCalls, usage };
}

function readUsage(usage: Usage): TokenUsage | undefined {
  if (typeof usage?.prompt_tokens !== "number" || typeof usage.completion_tokens !== "number")
    return undefined;
  return { promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens };
}
