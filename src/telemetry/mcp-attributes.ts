import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { ServerNotification, ServerRequest } from "@modelcontextprotocol/sdk/types.js";
import type { Attributes } from "@opentelemetry/api";
import { TOOL_NAME } from "../catalog/tool.js";

/** A request of MCP, as far as its span tells of it. */
export interface McpRequest {
  readonly method: string;
  readonly params?: { readonly name?: unknown; readonly uri?: unknown };
}

/** What the SDK knows of a request besides. */
export type RequestExtra = RequestHandlerExtra<ServerRequest, ServerNotification>;

const MAX_URI = 256;

/** `tools/call execute_python`; the method alone where nothing is named. */
export function requestName(request: McpRequest): string {
  const target = targetOf(request);
  return target === undefined ? request.method : `${request.method} ${target}`;
}

/** What the semantic conventions for MCP tell of a request. */
export function requestAttributes(request: McpRequest, extra: RequestExtra): Attributes {
  const { method, params } = request;
  const target = targetOf(request);
  const { requestInfo, sessionId } = extra;
  const version = requestInfo?.headers["mcp-protocol-version"];
  return {
    "mcp.method.name": method,
    "jsonrpc.request.id": String(extra.requestId).slice(0, MAX_URI),
    ...(method === "tools/call" && { "gen_ai.operation.name": "execute_tool" }),
    ...(method === "tools/call" && target && { "gen_ai.tool.name": target }),
    ...(method === "prompts/get" && target && { "gen_ai.prompt.name": target }),
    ...(typeof params?.uri === "string" && { "mcp.resource.uri": params.uri.slice(0, MAX_URI) }),
    ...(sessionId !== undefined && { "mcp.session.id": sessionId }),
    ...(typeof version === "string" && { "mcp.protocol.version": version.slice(0, MAX_URI) }),
    ...(requestInfo === undefined
      ? { "network.transport": "pipe" }
      : { "network.transport": "tcp", "network.protocol.name": "http" }),
  };
}

/** A name that a client made up may be anything: only one that could be a tool's is told. */
function targetOf({ params }: McpRequest): string | undefined {
  const name = params?.name;
  return typeof name === "string" && TOOL_NAME.test(name) ? name : undefined;
}
