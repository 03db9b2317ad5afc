import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { Logger } from "../logger.js";

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

/** Knows the requests that have not been answered, so that a client that closes stdin early gets its answers. */
class RequestCounter {
  private readonly open = new Set<unknown>();
  private onDrained = () => {};

  /** The transport must be connected. */
  constructor(transport: Transport) {
    const { onmessage } = transport;
    transport.onmessage = (message, extra) => {
      if ("method" in message && "id" in message) this.open.add(message.id);
      onmessage?.(message, extra);
    };
    const send = transport.send.bind(transport);
    transport.send = async (message, options) => {
      await send(message, options);
      if (!("method" in message)) this.open.delete(message.id);
      if (this.open.size === 0) this.onDrained();
    };
  }

  /** Resolves when all requests are answered, or after `ms` milliseconds. */
  async drain(ms: number): Promise<void> {
    if (this.open.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.onDrained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
