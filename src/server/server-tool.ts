import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type {
  CallToolResult,
  ServerNotification,
  ServerRequest,
  Tool as ToolListing,
} from "@modelcontextprotocol/sdk/types.js";

/** What the SDK gives a request handler: the signal of cancellation, the way back to the client. */
export type RequestExtra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** A tool as MCP clients see it. */
export interface ServerTool {
  readonly listing: ToolListing;
  /** Whatever goes wrong is a result with `isError`: the model on the other side mends its call from it. */
  call(args: Record<string, unknown>, extra: RequestExtra): Promise<CallToolResult>;
}

/** A result that says what was wrong. */
export function errorResult(text: string): CallToolResult {
  return { isError: true, content: [{ type: "text", text }] };
}
