import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import {
  type CallToolResult,
  ErrorCode,
  McpError,
  type ServerNotification,
  type ServerRequest,
  type Tool as ToolListing,
} from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";

/** What the SDK gives a request handler: the signal of cancellation, the way back to the client. */
export type RequestExtra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** A tool as MCP clients see it. */
export interface ServerTool {
  readonly listing: ToolListing;
  /** Whatever goes wrong is a result with `isError`: the model on the other side mends its call from it. */
  call(args: Record<string, unknown>, extra: RequestExtra): Promise<CallToolResult>;
}

/** The request itself is wrong: there is nothing to answer. */
export function invalidParams(message: string): McpError {
  return new McpError(ErrorCode.InvalidParams, message);
}

/** A result that says what was wrong. */
export function errorResult(text: string): CallToolResult {
  return { isError: true, content: [{ type: "text", text }] };
}

/** A schema as clients see it: the dialect is MCP's own default. */
export function jsonSchema(schema: z.ZodObject, io: "input" | "output"): ToolListing["inputSchema"] {
  const known = written[io].get(schema);
  if (known !== undefined) return known;
  const { $schema: _, ...rest }: Record<string, unknown> = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema }) => omitObvious(jsonSchema, io),
  });
  const json = { ...rest, type: "object" as const };
  written[io].set(schema, json);
  return json;
}

/** Every connection lists the same ones. */
const written = {
  input: new WeakMap<z.ZodObject, ToolListing["inputSchema"]>(),
  output: new WeakMap<z.ZodObject, ToolListing["inputSchema"]>(),
};

/** Models pay for each word of a schema: that whole numbers are safe ones and that keys are texts goes without saying. */
function omitObvious(schema: z.core.JSONSchema.BaseSchema, io: "input" | "output"): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  delete schema.propertyNames;
  // What a later version adds to its answers breaks no client.
  if (io === "output") delete schema.additionalProperties;
}

/** Sends progress notifications, counted up, where the client asked for them; undefined messages are left out. */
export function progressReporter(extra: RequestExtra): ((message: string | undefined) => void) | undefined {
  const progressToken = extra._meta?.progressToken;
  if (progressToken === undefined) return undefined;
  let progress = 0;
  return (message) => {
    if (message === undefined) return;
    progress += 1;
    const params = { progressToken, progress, message };
    // A client that has gone cannot be told.
    extra.sendNotification({ method: "notifications/progress", params }).catch(() => undefined);
  };
}
