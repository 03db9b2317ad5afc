import { randomUUID } from "node:crypto";
import { isInitializeRequest } from "@modelcontextprotocol/sdk/types.js";
import type { RequestHandler, Response } from "express";
import type { ServerOptions } from "../server.js";
import { UnderWay } from "../under-way.js";
import type { AuthRequest } from "./auth.js";
import { CODE, sendError } from "./errors.js";
import { Session } from "./session.js";

const RETRY_AFTER_S = 10;

export interface SessionsOptions {
  /** At a time. */
  readonly max: number;
  readonly idleMs: number;
  readonly server: ServerOptions;
}

/** The sessions of all clients. */
export class Sessions {
  private readonly open = new Map<string, Session>();
  /** POST requests that are not answered yet. */
  private readonly posts = new UnderWay<Response>();
  private stopping = false;

  constructor(private readonly options: SessionsOptions) {}

  get size(): number {
    return this.open.size;
  }

  /** The scopes that the requests of a session have needed; none where the subject has no such session. */
  scopesOf(id: string, subject: string): Iterable<string> {
    return this.find(id, subject)?.scopes ?? [];
  }

  /** Answers POST, GET and DELETE, once the body is read and the client known. */
  readonly handle: RequestHandler = async (req: AuthRequest, res) => {
    if (this.stopping && isRequest(req.body)) return unavailable(res, "The server is shutting down.");
    if (req.method === "POST") this.watch(res);
    const id = req.get("mcp-session-id");
    if (id === undefined) return this.start(req, res);
    const session = this.find(id, res.locals.subject);
    if (session === undefined)
      return sendError(res, 404, "There is no such session: initialize a new one.", CODE.noSession);
    await session.handle(req, res);
  };

  /** Takes no new requests, and waits until those under way are answered, at most `graceMs`; then ends all sessions. */
  async close(graceMs: number): Promise<void> {
    this.stopping = true;
    const sessions = () => Array.from(this.open.values());
    await Promise.all([this.posts.drain(graceMs), ...sessions().map((session) => session.drain(graceMs))]);
    await Promise.all(sessions().map((session) => session.close()));
  }

  /** To others a session does not exist. */
  private find(id: string, subject: string): Session | undefined {
    const session = this.open.get(id);
    return session?.subject === subject ? session : undefined;
  }

  private async start(req: AuthRequest, res: Response): Promise<void> {
    const first = [req.body].flat()[0];
    if (req.method !== "POST" || !isInitializeRequest(first))
      return sendError(res, 400, "The header Mcp-Session-Id is missing: a session starts with initialize.");
    if (this.open.size >= this.options.max)
      return unavailable(res, `All ${this.options.max} sessions are in use: come again later.`);
    const { idleMs, server } = this.options;
    const id = randomUUID();
    const subject: string = res.locals.subject;
    const onClose = () => this.open.delete(id);
    const session = new Session({ id, subject, idleMs, onClose, server });
    this.open.set(id, session);
    await session.open();
    await session.handle(req, res);
  }

  private watch(res: Response): void {
    this.posts.add(res);
    res.once("close", () => this.posts.delete(res));
  }
}

function isRequest(body: AuthRequest["body"]): boolean {
  return [body].flat().some((message) => message?.method !== undefined && message.id !== undefined);
}

function unavailable(res: Response, message: string): void {
  res.set("Retry-After", String(RETRY_AFTER_S));
  sendError(res, 503, message);
}
