import { z } from "zod";

/** A JSON Schema (draft 2020-12 or draft-07) as parsed JSON. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** What a tool promises about its effects; the hints of the MCP specification. */
export interface ToolAnnotations {
  readonly title?: string;
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

export interface ToolContext {
  /** Aborts when the request or the program that made the call has ended. */
  readonly signal: AbortSignal;
}

/** One tool, wherever it comes from. */
export interface Tool {
  /** Unique in a catalog; letters, digits, `_`, `-` and `.`, at most 128 of them. */
  readonly name: string;
  readonly description: string;
  /** Always of type `object`. */
  readonly inputSchema: JsonSchema;
  /** Absent where the tool says nothing about its result. */
  readonly outputSchema?: JsonSchema;
  readonly annotations: ToolAnnotations;
  /**
   * Checks the arguments, runs the tool, checks the result.
   *
   * @throws ToolInputError when the arguments do not fit the schema: the tool did not run.
   * @throws ToolOutputError when the result does not fit the schema: the tool did run.
   * @throws whatever the tool throws.
   */
  call(args: Readonly<Record<string, unknown>>, context: ToolContext): Promise<unknown>;
}

/** The caller's arguments do not fit the tool's input schema. */
export class ToolInputError extends Error {
  override readonly name = "ToolInputError";
}

/** The tool's own result does not fit its output schema. */
export class ToolOutputError extends Error {
  override readonly name = "ToolOutputError";
}

export interface ToolDefinition<Input extends z.ZodObject, Output extends z.ZodType> {
  readonly name: string;
  readonly description: string;
  readonly input: Input;
  readonly output?: Output;
  readonly annotations?: ToolAnnotations;
  readonly run: (
    args: z.output<Input>,
    context: ToolContext,
  ) => z.input<Output> | Promise<z.input<Output>>;
}
