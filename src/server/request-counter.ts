import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { UnderWay } from "./under-way.js";

/** Knows the requests of a connection that are still to be answered. */
export class RequestCounter {
  private readonly open = new UnderWay<unknown>();

  /** The transport must be connected. */
  constructor(transport: Transport) {
    const { onmessage } = transport;
    transport.onmessage = (message, extra) => {
      if ("method" in message && "id" in message) this.open.add(message.id);
      onmessage?.(message, extra);
      // A cancelled request is not answered.
      if ("method" in message && message.method === "notifications/cancelled")
        this.open.delete(message.params?.requestId);
    };
    const send = transport.send.bind(transport);
    transport.send = async (message, options) => {
      try {
        await send(message, options);
      } finally {
        if (!("method" in message)) this.open.delete(message.id);
      }
    };
  }

  has(id: unknown): boolean {
    return this.open.has(id);
  }

  get size(): number {
    return this.open.size;
  }

  /** Resolves when all requests are answered, or after `ms` milliseconds. */
  drain(ms: number): Promise<void> {
    return this.open.drain(ms);
  }
}
