import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { ErrorCode, type RequestId } from "@modelcontextprotocol/sdk/types.js";
import type { Response } from "express";
import { RequestCounter } from "../request-counter.js";
import { neededScope } from "../scopes.js";
import { createServer, type ServerOptions } from "../server.js";
import type { AuthRequest } from "./auth.js";
import { sendError } from "./errors.js";
import { SessionEvents } from "./event-store.js";

export interface SessionOptions {
  readonly id: string;
  /** To whom it belongs. */
  readonly subject: string;
  /** It ends after so long without a request and a stream, milliseconds. */
  readonly idleMs: number;
  readonly onClose: () => void;
  readonly server: ServerOptions;
}

/** One client's server with its transport. */
export class Session {
  readonly subject: string;
  /** What its requests have needed of a token. */
  readonly scopes = new Set<string>();
  private readonly events = new SessionEvents();
  private readonly transport: StreamableHTTPServerTransport;
  private requests: RequestCounter | undefined;
  /** HTTP requests that have not ended, streams among them. */
  private exchanges = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly options: SessionOptions) {
    this.subject = options.subject;
    this.transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => options.id,
      eventStore: this.events,
    });
    this.transport.onclose = () => {
      this.closed = true;
      clearTimeout(this.timer);
      options.onClose();
    };
  }

  async open(): Promise<void> {
    const server = createServer(this.options.server);
    server.onerror = ({ message }) => this.options.server.logger?.debug("session", { error: message });
    await server.connect(this.transport);
    this.requests = new RequestCounter(this.transport);
    this.endCancelled();
  }

  /** Answers a POST, GET or DELETE; resolves when the answer has ended. */
  async handle(req: AuthRequest, res: Response): Promise<void> {
    this.exchanges += 1;
    for (const scope of [req.body].flat().map(neededScope)) if (scope !== undefined) this.scopes.add(scope);
    clearTimeout(this.timer);
    res.once("close", () => {
      this.exchanges -= 1;
      if (this.exchanges === 0) this.waitIdle();
    });
    const last = req.method === "GET" ? req.get("last-event-id") : undefined;
    if (last !== undefined && !this.events.has(last))
      return sendError(res, 400, "There is no such event, or no longer: open a new stream.");
    const rest = last === undefined ? null : this.events.restOfEnded(last);
    // The transport would leave the stream open for ever, though nothing more can come.
    if (rest !== null) return this.sendRest(rest, res);
    await this.transport.handleRequest(req, res, req.body);
    if (this.transport.sessionId === undefined) await this.close();
  }

  /**
   * Resolves when all requests are answered, or after `ms` milliseconds; at once where no connection is left that an
   * answer could take. A request may have been taken over by another connection than its own.
   */
  async drain(ms: number): Promise<void> {
    if (this.exchanges > 0) await this.requests?.drain(ms);
  }

  async close(): Promise<void> {
    await this.transport.close();
  }

  private sendRest(rest: NonNullable<ReturnType<SessionEvents["restOfEnded"]>>, res: Response): void {
    res.writeHead(200, {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-cache, no-transform",
      "Mcp-Session-Id": this.options.id,
    });
    for (const { id, json } of rest) res.write(`event: message\nid: ${id}\ndata: ${json}\n\n`);
    res.end();
  }

  private waitIdle(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => {
      // Its client may come back for the answer.
      if (this.requests?.size) this.waitIdle();
      else this.close().catch(() => undefined);
    }, this.options.idleMs);
    this.timer.unref();
  }

  /** A cancelled request has no answer, but its stream must end: a client that is left with it opens it again and again. */
  private endCancelled(): void {
    const { transport } = this;
    const { onmessage } = transport;
    transport.onmessage = (message, extra) => {
      const id =
        "method" in message && message.method === "notifications/cancelled"
          ? (message.params?.requestId as RequestId)
          : undefined;
      const isOpen = id !== undefined && this.requests?.has(id);
      onmessage?.(message, extra);
      if (!isOpen) return;
      const error = { code: ErrorCode.ConnectionClosed, message: "The request was cancelled." };
      transport.send({ jsonrpc: "2.0", id, error }).catch(() => undefined);
    };
  }
}
