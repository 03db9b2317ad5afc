import { setTimeout as sleep } from "node:timers/promises";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { Logger } from "../../logger.js";
import { unlessAborted } from "../../waiting.js";
import type { UpstreamSettings } from "./config-file.js";
import { Connection, type ConnectionEvents, SessionExpiredError } from "./connection.js";
import { LineBudget } from "./line-budget.js";
import type { ListedTool } from "./listing.js";

/** The wait before another start: doubled each time, begun anew after a connection that has lasted. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
/** A server that says again and again that its tools have changed is asked no more often than this. */
const REFRESH_MS = 500;

/** A call cannot be made: the server is down. */
export class UpstreamDownError extends Error {
  override readonly name = "UpstreamDownError";
}

/** One server's life: started once it is wanted, started again when it has ended, its list of tools kept up to date. */
export class UpstreamServer {
  /** As it listed them last, also while it is down. */
  tools: readonly ListedTool[] = [];
  description: string | undefined;

  private connection: Connection | undefined;
  private starting: Promise<void> | undefined;
  private problem: string | undefined;
  private failures = 0;
  private since = 0;
  /** When a session had last expired. */
  private reopened = Number.NEGATIVE_INFINITY;
  private waiting: NodeJS.Timeout | undefined;
  private readonly closed = new AbortController();
  private refreshing: Promise<void> | undefined;
  private isStale = false;
  private readonly told = new Set<string>();
  private readonly stderr: LineBudget;

  /** @param onTools is called when `tools` has changed. */
  constructor(
    readonly settings: UpstreamSettings,
    private readonly logger: Logger,
    private readonly onTools: () => void,
  ) {
    this.stderr = new LineBudget((line) => this.log("info", line));
  }

  get name(): string {
    return this.settings.name;
  }

  get state(): { readonly state: "starting" | "ready" | "down"; readonly problem: string | undefined } {
    if (this.connection) return { state: "ready", problem: undefined };
    const isDown = this.starting === undefined && this.problem !== undefined;
    return isDown ? { state: "down", problem: this.problem } : { state: "starting", problem: undefined };
  }

  /** Starts the server where it is not started yet; resolves when it is ready or has failed. */
  async start(): Promise<void> {
    if (this.connection || this.waiting || this.closed.signal.aborted) return;
    this.starting ??= this.connect().finally(() => {
      this.starting = undefined;
    });
    await this.starting;
  }

  /**
   * Calls one of its tools.
   *
   * @throws UpstreamDownError, and what `Connection.callTool` throws; the message names the server.
   */
  async callTool(
    tool: ListedTool,
    args: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<CallToolResult> {
    try {
      const connection = await this.connected(signal);
      try {
        return await connection.callTool(tool, args, signal);
      } catch (error) {
        if (!(error instanceof SessionExpiredError)) throw error;
        // Nothing was done: it is safe to call again.
        this.ended(connection, error.message, true);
        return await (await this.connected(signal)).callTool(tool, args, signal);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Error && !(error instanceof UpstreamDownError))
        error.message = `The MCP server ${this.name} failed: ${asSentence(error.message)}`;
      throw error;
    }
  }

  /** Ends the connection, and with it the process. */
  async close(): Promise<void> {
    this.closed.abort();
    clearTimeout(this.waiting);
    const { connection } = this;
    this.connection = undefined;
    this.problem = "it was closed";
    await Promise.all([connection?.close(), this.starting]);
  }

  /**
   * Waits for a start that is under way.
   *
   * @throws UpstreamDownError when there is no connection then; the signal's reason when it aborts first.
   */
  async connected(signal: AbortSignal): Promise<Connection> {
    await unlessAborted(this.start(), signal);
    if (this.connection) return this.connection;
    const again = this.waiting ? " It is being started again." : "";
    const why = asSentence(this.problem ?? "it has not started");
    throw new UpstreamDownError(`The MCP server ${this.name} is down: ${why}${again}`);
  }

  private async connect(): Promise<void> {
    let connection: Connection | undefined;
    try {
      const events = this.eventsOf(() => connection);
      connection = await Connection.open(this.settings, events, this.closed.signal);
      const { tools, problems } = await connection.listTools();
      if (this.closed.signal.aborted) throw new Error("it was closed");
      this.connection = connection;
      this.since = performance.now();
      this.description = connection.description;
      this.tell(problems);
      this.log("info", `ready, ${tools.length} tools`);
      this.take(tools);
    } catch (error) {
      await connection?.close();
      this.down((error as Error).message);
    }
  }

  /** What a connection reports, for as long as it is the one in use. */
  private eventsOf(connection: () => Connection | undefined): ConnectionEvents {
    return {
      onEnd: (problem, expired) => this.ended(connection(), problem, expired),
      onToolsChanged: () => this.refresh(),
      onStderr: (line) => this.stderr.add(line),
      onProblem: (problem) => this.tell([problem]),
    };
  }

  private ended(connection: Connection | undefined, problem: string, expired: boolean): void {
    if (connection === undefined || connection !== this.connection) return;
    this.connection = undefined;
    const now = performance.now();
    if (now - this.since > LONGEST_WAIT_MS) this.failures = 0;
    void connection.close();
    // Where each new session is unknown at once, the next is not opened at once.
    if (expired && now - this.reopened > FIRST_WAIT_MS) {
      this.reopened = now;
      void this.start();
    } else this.down(problem);
  }

  private down(problem: string): void {
    if (this.closed.signal.aborted) return;
    const wait = Math.min(FIRST_WAIT_MS * 2 ** this.failures, LONGEST_WAIT_MS);
    // The same again is not worth another warning.
    this.log(problem === this.problem ? "debug" : "warn", `down: ${problem}`);
    this.problem = problem;
    this.failures += 1;
    this.waiting = setTimeout(() => {
      this.waiting = undefined;
      void this.start();
    }, wait);
    this.waiting.unref();
  }

  /** Asks for the tools again; once more where they change meanwhile. */
  private refresh(): void {
    this.isStale = true;
    this.refreshing ??= this.refreshWhileStale().finally(() => {
      this.refreshing = undefined;
    });
  }

  private async refreshWhileStale(): Promise<void> {
    // A list that changes before it was read for the first time is read anyway, by whoever connects.
    await this.starting;
    while (this.isStale && this.connection) {
      this.isStale = false;
      try {
        const { tools, problems } = await this.connection.listTools();
        this.tell(problems);
        this.take(tools);
      } catch (error) {
        this.log("warn", `its list of tools cannot be read again: ${(error as Error).message}`);
      }
      await sleep(REFRESH_MS, undefined, { ref: false, signal: this.closed.signal }).catch(() => undefined);
    }
  }

  private take(tools: readonly ListedTool[]): void {
    if (JSON.stringify(tools) === JSON.stringify(this.tools)) return;
    this.tools = tools;
    this.onTools();
  }

  /** Each problem is worth one warning, however often it comes. */
  private tell(problems: readonly string[]): void {
    for (const problem of problems) {
      if (this.told.has(problem) || this.told.size > 100) continue;
      this.told.add(problem);
      this.log("warn", problem);
    }
  }

  private log(level: "debug" | "info" | "warn", text: string): void {
    this.logger[level](`${this.name}: ${text}`, { upstream: this.name });
  }
}

/** With one full stop: a server's last words may bring their own. */
function asSentence(text: string): string {
  return `${text.replace(/\.$/, "")}.`;
}
