import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import type { Logger } from "../logger.js";
import { RequestCounter } from "./request-counter.js";

/** How long requests under way may go on after the client has closed our stdin. */
const DRAIN_MS = 1000;

/**
 * Serves one client over stdin and stdout, until it closes stdin or the process gets SIGTERM or SIGINT.
 * Resolves when the connection is closed; what is left to close is the caller's.
 */
export async function serveStdio(server: Server, logger: Logger): Promise<void> {
  const transport = new StdioServerTransport();
  const ended = new Promise<string>((resolve) => {
    process.once("SIGTERM", resolve);
    process.once("SIGINT", resolve);
    process.stdin.once("end", () => resolve("stdin closed"));
    process.stdout.once("error", ({ message }) => resolve(message));
  });
  server.onerror = ({ message }) => logger.warn("not a message of the protocol", { error: message });
  await server.connect(transport);
  const requests = new RequestCounter(transport);
  logger.debug("serving on stdio");
  const reason = await ended;
  logger.info("shutting down", { reason });
  if (reason === "stdin closed") await requests.drain(DRAIN_MS);
  await server.close();
}
