import type { Server } from "node:http";
import type { Socket } from "node:net";

interface Progress {
  /** Bytes that the system has taken for the client. */
  readonly taken: number;
  readonly since: number;
}

/**
 * Ends connections whose client takes nothing of what waits for it for `ms` milliseconds: without that, answers would
 * pile up in memory.
 */
export function endStalled(http: Server, ms: number): void {
  const sockets = new Map<Socket, Progress>();
  http.on("connection", (socket) => {
    sockets.set(socket, { taken: 0, since: performance.now() });
    socket.once("close", () => sockets.delete(socket));
  });
  const timer = setInterval(() => {
    const now = performance.now();
    for (const [socket, progress] of sockets) {
      const taken = socket.bytesWritten - socket.writableLength;
      if (socket.writableLength === 0 || taken !== progress.taken) sockets.set(socket, { taken, since: now });
      else if (now - progress.since >= ms) socket.destroy();
    }
  }, ms / 4);
  timer.unref();
  http.once("close", () => clearInterval(timer));
}
