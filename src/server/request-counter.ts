import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

/** Knows the requests of a connection that are still to be answered. */
export class RequestCounter {
  private readonly open = new Set<unknown>();
  private onDrained = () => {};

  /** The transport must be connected. */
  constructor(transport: Transport) {
    const { onmessage } = transport;
    transport.onmessage = (message, extra) => {
      if ("method" in message && "id" in message) this.open.add(message.id);
      onmessage?.(message, extra);
      // A cancelled request is not answered.
      if ("method" in message && message.method === "notifications/cancelled")
        this.close(message.params?.requestId);
    };
    const send = transport.send.bind(transport);
    transport.send = async (message, options) => {
      try {
        await send(message, options);
      } finally {
        if (!("method" in message)) this.close(message.id);
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

  private close(id: unknown): void {
    this.open.delete(id);
    if (this.open.size === 0) this.onDrained();
  }
}
