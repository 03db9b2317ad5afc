import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  type CallToolResult,
  CallToolResultSchema,
  ErrorCode,
  McpError,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { withOwnSignal } from "../../own-signal.js";
import { VERSION } from "../../version.js";
import { within } from "../../waiting.js";
import { UnansweredError } from "../tool.js";
import type { UpstreamSettings } from "./config-file.js";
import { httpTransport } from "./http.js";
import { type ListedTool, type Listing, listTools, ToolPage } from "./listing.js";
import { StdioTransport } from "./stdio.js";
import { callAsTask } from "./task-call.js";

const PING_MS = 5000;
const GOODBYE_MS = 1000;
const LONGEST_TEXT = 500;

export interface ConnectionEvents {
  /** The connection is over, and not because it was closed. `expired`: the server is there, its session is not. */
  onEnd(problem: string, expired: boolean): void;
  onToolsChanged(): void;
  /** A line of the server's stderr. */
  onStderr(line: string): void;
  /** Something is wrong, and the connection goes on. */
  onProblem(problem: string): void;
}

/** The server did not answer in time. */
export class UpstreamTimeoutError extends UnansweredError {
  override readonly name = "TimeoutError";
}

/** The server does not know our session any more: it has done nothing. */
export class SessionExpiredError extends Error {
  override readonly name = "SessionExpiredError";
}

/** One connection to a server, from `initialize` to its end. Messages of its errors hold no secrets. */
export class Connection {
  private isOver = false;
  private probing = false;
  /** Why it ended. */
  private problem = "";

  private constructor(
    private readonly settings: UpstreamSettings,
    private readonly events: ConnectionEvents,
    private readonly client: Client,
    private readonly transport: StdioTransport | ReturnType<typeof httpTransport>,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener("abort", this.close);
    client.onclose = () => this.end(this.transportProblem || "it closed the connection");
    client.onerror = (error) => this.notice(error);
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => events.onToolsChanged());
  }

  /**
   * @param signal closes the connection, also while it is being opened.
   * @throws Error that says why there is no connection.
   */
  static async open(
    settings: UpstreamSettings,
    events: ConnectionEvents,
    signal: AbortSignal,
  ): Promise<Connection> {
    const { endpoint, timeoutMs: timeout } = settings;
    const client = new Client({ name: "monty-code-mode", version: VERSION });
    const transport =
      endpoint.type === "stdio"
        ? new StdioTransport(endpoint, (line) => events.onStderr(settings.secrets.hide(line)))
        : httpTransport(endpoint);
    const connection = new Connection(settings, events, client, transport, signal);
    try {
      // Its session id may be undefined, which the type of transports does not say.
      await client.connect(transport as Transport, { timeout });
      return connection;
    } catch (error) {
      const problem = connection.describe(error, "initialize");
      connection.isOver = true;
      await connection.close();
      throw new Error(problem.message, { cause: error });
    }
  }

  /** What the server says of itself, in a line. */
  get description(): string | undefined {
    const { title, description } = this.client.getServerVersion() ?? {};
    const [firstLine] = this.client.getInstructions()?.trim().split("\n") ?? [];
    const text = (description ?? firstLine ?? title)?.replace(/\s+/g, " ").trim();
    return text === undefined || text === "" ? undefined : text.replace(/^#+ /, "").slice(0, 200);
  }

  /** The tools that the settings let through. */
  async listTools(): Promise<Listing> {
    if (!this.client.getServerCapabilities()?.tools) return { tools: [], problems: ["offers no tools"] };
    const page = (cursor: string | undefined) =>
      this.client.request(
        { method: "tools/list", ...(cursor !== undefined && { params: { cursor } }) },
        ToolPage,
        { timeout: this.settings.timeoutMs },
      );
    try {
      return await listTools(page, this.settings);
    } catch (error) {
      throw this.describe(error, "tools/list");
    }
  }

  /**
   * @throws the signal's reason when it aborts: then the server is told.
   * @throws SessionExpiredError, UpstreamTimeoutError or another UnansweredError, or an Error that says what went wrong.
   */
  async callTool(
    { name, isTask }: ListedTool,
    args: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<CallToolResult> {
    return withOwnSignal(signal, async (own) => {
      try {
        const params = { name, arguments: { ...args } };
        const options = { timeout: this.settings.timeoutMs, signal: own };
        if (isTask) return await callAsTask(this.client, params, options);
        return await this.client.request({ method: "tools/call", params }, CallToolResultSchema, options);
      } catch (error) {
        throw this.describe(error, "the call");
      }
    });
  }

  /** Ends the connection, and the process where the server is one of ours. */
  readonly close = async (): Promise<void> => {
    this.isOver = true;
    this.signal.removeEventListener("abort", this.close);
    if ("terminateSession" in this.transport) {
      await within(
        GOODBYE_MS,
        this.transport.terminateSession().catch(() => undefined),
      );
    }
    // Both: a client that is not connected closes no transport.
    await this.client.close().catch(() => undefined);
    if (this.transport instanceof StdioTransport) await this.transport.close();
  };

  private get transportProblem(): string {
    const text = this.transport instanceof StdioTransport ? this.transport.problem : "";
    return this.settings.secrets.hide(text);
  }

  private end(problem: string, expired = false): void {
    if (this.isOver) return;
    this.isOver = true;
    this.problem = problem;
    this.events.onEnd(problem, expired);
  }

  /** What the transport reports beside the answers. Over HTTP, a broken stream may mean that the server is gone. */
  private notice(error: Error): void {
    if (this.isOver) return;
    if (this.transport instanceof StdioTransport) {
      this.events.onProblem(this.settings.secrets.hide(error.message).slice(0, LONGEST_TEXT));
    } else void this.probe();
  }

  private async probe(): Promise<void> {
    if (this.probing || this.client.getServerVersion() === undefined) return;
    this.probing = true;
    try {
      await this.client.ping({ timeout: PING_MS });
    } catch (error) {
      // A server that answers with an error is there.
      if (!(error instanceof McpError) || isNoAnswer(error)) this.giveUp(error);
    } finally {
      this.probing = false;
    }
  }

  private giveUp(error: unknown): void {
    const described = this.describe(error, "ping");
    this.end(described.message, described instanceof SessionExpiredError);
    void this.client.close().catch(() => undefined);
  }

  /** The error in our words; without what the server or the configuration keep secret. */
  private describe(error: unknown, what: string): Error {
    const text = this.settings.secrets.hide(whatHappened(error)).slice(0, LONGEST_TEXT);
    if (error instanceof StreamableHTTPError) {
      const isGone = error.code === 404 || (error.code === 400 && /session/i.test(error.message));
      if (isGone && "sessionId" in this.transport && this.transport.sessionId)
        return new SessionExpiredError("its session has expired");
      return error.code === 502 || error.code === 504 ? new UnansweredError(text) : new Error(text);
    }
    if (error instanceof McpError && error.code === ErrorCode.RequestTimeout) {
      const problem = this.transportProblem;
      const late = `it did not answer ${what} within ${this.settings.timeoutMs} ms`;
      return new UpstreamTimeoutError(problem === "" ? late : `${late}; ${problem}`);
    }
    if (error instanceof McpError && error.code === ErrorCode.ConnectionClosed)
      return new UnansweredError(
        `it ended during ${what}: ${this.transportProblem || this.problem || "no reason given"}`,
      );
    return isBroken(error) ? new UnansweredError(text) : new Error(text);
  }
}

/** A request by HTTP got no answer, and not because nobody was there to take it. */
function isBroken(error: unknown): boolean {
  if (!(error instanceof Error) || error.message !== "fetch failed") return false;
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  return code !== "ECONNREFUSED" && code !== "ENOTFOUND";
}

function isNoAnswer({ code }: McpError): boolean {
  return code === ErrorCode.RequestTimeout || code === ErrorCode.ConnectionClosed;
}

function whatHappened(error: unknown): string {
  if (error instanceof StreamableHTTPError) return httpProblem(error);
  if (error instanceof McpError)
    return `it answered with an error: ${error.message.replace(/^(MCP error -?\d+: )+/, "")}`;
  if (!(error instanceof Error)) return String(error);
  // Of zod, by the SDK: what came is not what the protocol says.
  if ("issues" in error) return "it answered with what the protocol does not know";
  const { code, message } = (error.cause ?? {}) as NodeJS.ErrnoException;
  if (error.message !== "fetch failed") return error.message;
  return code === "ECONNREFUSED" ? "nobody answers at its URL (connection refused)" : (message ?? code ?? "");
}

function httpProblem({ code, message }: StreamableHTTPError): string {
  if (code === 401 || code === 403)
    return `it answered with HTTP status ${code}: it wants another authorization in headers`;
  if (code === 404) return "it answered with HTTP status 404: there is no MCP server at its URL";
  const text = message.replace(/^Streamable HTTP error: (Error POSTing to endpoint: )?/, "").trim();
  return code === -1 || code === undefined ? text : `it answered with HTTP status ${code}: ${text}`;
}
