import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import express, { type RequestHandler, type Router } from "express";
import type { HttpSettings } from "../config.js";
import { bearerGuard, resourceMetadata, scopeGuard } from "./http/auth.js";
import { CODE, errorBody, errorHandler, sendError } from "./http/errors.js";
import { hostGuard, inUrl, jsonGuard, rateGuard, servedHosts } from "./http/guards.js";
import { Sessions } from "./http/sessions.js";
import { checkHttpSettings } from "./http/settings.js";
import { endStalled } from "./http/stalled.js";
import { createServer, type ServerOptions } from "./server.js";

const PATH = "/mcp";
const METADATA_PATH = "/.well-known/oauth-protected-resource";

/** How long answers that are complete may take to reach their clients when the server closes. */
const FLUSH_MS = 1000;

/** How long a client may take, milliseconds. */
export interface ClientTimes {
  readonly headersMs: number;
  readonly requestMs: number;
  /** Without a request on a connection. */
  readonly keepAliveMs: number;
  /** Without taking anything of an answer. */
  readonly stallMs: number;
}

const CLIENT_TIMES: ClientTimes = {
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 5000,
  stallMs: 30_000,
};

export interface HttpOptions extends ServerOptions {
  readonly settings: HttpSettings;
  readonly clientTimes?: ClientTimes;
  /** For probes, which know the server by its address: mounted before every guard, but `/metrics` behind the token. */
  readonly ops?: Router;
  /** Pages for a person: mounted behind the check of Host and Origin. */
  readonly landing?: Router;
}

export interface HttpServer {
  /** Where clients connect, on this machine. */
  readonly url: string;
  readonly sessions: { readonly size: number };
  /** Takes nothing new, lets requests under way end within the grace time, and closes all connections. */
  close(): Promise<void>;
}

/**
 * Serves MCP over Streamable HTTP at `/mcp`, a session for each client. The sandbox stays the caller's.
 *
 * @throws ConfigError when the settings do not go together; Error as of createServer; the error of the system when it cannot listen.
 */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const { settings, clientTimes = CLIENT_TIMES, ops, landing, ...server } = options;
  const { oauth, publicUrl } = checkHttpSettings(settings);
  const { logger } = server;
  // What would fail every session fails here; and the type checker reads the stubs.
  createServer(server);
  // Known once it listens.
  let origin = "";
  let hosts: ReadonlySet<string> = new Set();
  const resource = () => `${publicUrl?.origin ?? origin}${PATH}`;
  const metadataUrl = () => `${publicUrl?.origin ?? origin}${METADATA_PATH}${PATH}`;

  const sessions = new Sessions({ max: settings.maxSessions, idleMs: settings.sessionIdleMs, server });
  const rate = rateGuard(settings.ratePerMinute);
  const bearer = bearerGuard({ token: settings.authToken, oauth, metadataUrl, logger });
  const body = express.json({ limit: settings.bodyBytes, type: () => true });
  const app = express().disable("x-powered-by").disable("etag");
  // What they count is for those who may use the server.
  app.use("/metrics", rate, bearer);
  if (ops !== undefined) app.use(ops);
  app.use(hostGuard(() => hosts));
  if (oauth !== undefined) {
    app.get([METADATA_PATH, METADATA_PATH + PATH], rate, resourceMetadata(resource, oauth));
  }
  if (landing !== undefined) {
    app.get("/", rate);
    app.use(landing);
  }
  const scopes = scopeGuard(metadataUrl, (id, subject) => sessions.scopesOf(id, subject));
  app.post(PATH, rate, bearer, jsonGuard, body, scopes, sessions.handle);
  app.get(PATH, rate, bearer, scopes, sessions.handle);
  app.delete(PATH, rate, bearer, sessions.handle);
  app.all(PATH, notAllowed);
  app.use((_req, res) => sendError(res, 404, `There is nothing here: MCP is served at ${PATH}.`));
  app.use(errorHandler(settings.bodyBytes, logger));

  const http = createHttpServer(
    {
      headersTimeout: clientTimes.headersMs,
      requestTimeout: clientTimes.requestMs,
      keepAliveTimeout: clientTimes.keepAliveMs,
      connectionsCheckingInterval: Math.min(1000, clientTimes.headersMs),
    },
    app,
  );
  http.on("clientError", refuseClient);
  endStalled(http, clientTimes.stallMs);
  const { port } = await listen(http, settings);
  hosts = servedHosts(settings.host, port, publicUrl?.host);
  origin = `http://${inUrl(settings.host)}:${port}`;
  let closing: Promise<void> | undefined;
  return {
    url: `${origin}${PATH}`,
    sessions,
    close: () => {
      closing ??= close(http, sessions, settings.shutdownGraceMs);
      return closing;
    },
  };
}

const notAllowed: RequestHandler = (_req, res) => {
  res.set("Allow", "GET, POST, DELETE");
  sendError(res, 405, "The methods are GET, POST and DELETE.");
};

function listen(http: Server, { host, port }: HttpSettings): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen(port, host, () => {
      http.off("error", reject);
      resolve(http.address() as AddressInfo);
    });
  });
}

async function close(http: Server, sessions: Sessions, graceMs: number): Promise<void> {
  const closed = new Promise((resolve) => http.close(resolve));
  await sessions.close(graceMs);
  // Connections that have been answered are not waited for.
  const idle = setInterval(() => http.closeIdleConnections(), 10);
  const late = setTimeout(() => http.closeAllConnections(), FLUSH_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(late);
}

/** Answers what is no HTTP, or comes too slowly. */
function refuseClient(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
  const [status, message] = STATUS.get(error.code ?? "") ?? ["400 Bad Request", "This is no HTTP request."];
  const text = errorBody(CODE.refused, message);
  const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${text.length}`;
  socket.end(`${head}\r\n\r\n${text}`);
}

const STATUS: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["ERR_HTTP_REQUEST_TIMEOUT", ["408 Request Timeout", "The request came too slowly."]],
  ["HPE_HEADER_OVERFLOW", ["431 Request Header Fields Too Large", "The headers are too long."]],
]);
