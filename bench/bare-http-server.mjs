// The least that an MCP server over Streamable HTTP can be: the SDK, one echo tool, a transport a session.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";

const transports = new Map();

const listener = createServer(async (request, response) => {
  const known = transports.get(request.headers["mcp-session-id"]);
  if (known !== undefined) return known.handleRequest(request, response);
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => transports.set(id, transport),
  });
  const server = new McpServer({ name: "bare", version: "1.0.0" });
  server.registerTool("echo", { inputSchema: { text: z.string() } }, async ({ text }) => ({
    content: [{ type: "text", text }],
  }));
  await server.connect(transport);
  return transport.handleRequest(request, response);
});
listener.listen(0, "127.0.0.1", () =>
  console.error(`listening on http://127.0.0.1:${listener.address().port}/mcp`),
);
