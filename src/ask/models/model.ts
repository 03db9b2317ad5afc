/** A language model as `ask` uses it: messages in, one reply out. Adapters: openai.ts, sampling.ts. */
export interface ChatModel {
  /** As its provider calls it; for logs and spans. */
  readonly name: string;
  /** For spans: the name is one of OpenTelemetry's where it knows the provider. */
  readonly provider?: { readonly name: string; readonly origin?: string | undefined };
  /**
   * Sends a conversation and waits for the reply.
   *
   * @throws ModelError when there is no reply, for a reason that the user can act on.
   * @throws the signal's reason when it aborts first.
   */
  complete(request: ChatRequest, options: ChatOptions): Promise<ChatReply>;
}

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** A tool that the model may ask for; it is not called here. */
export interface ChatTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of type `object`. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface ChatRequest {
  /** A system message first, then user and assistant in turn. */
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly ChatTool[] | undefined;
}

export interface ChatOptions {
  readonly signal: AbortSignal;
  /** Is given the reply's text piece by piece, where the adapter can; the reply holds all of it again. */
  readonly onText?: ((piece: string) => void) | undefined;
}

export interface ChatReply {
  /** Empty where the model only asked for tools. */
  readonly text: string;
  readonly toolCalls: readonly ChatToolCall[];
  readonly usage: TokenUsage;
}

export interface ChatToolCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** Tokens as the provider counted them; estimated where it does not say. */
export interface TokenUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** The model gave no reply. The message says what to do, and holds no secret. */
export class ModelError extends Error {
  override readonly name = "ModelError";
}
