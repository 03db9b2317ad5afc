import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  type CallToolResult,
  type LoggingLevel,
  LoggingLevelSchema,
  SetLevelRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import type { RequestExtra } from "./server-tool.js";

const LEVELS: readonly LoggingLevel[] = LoggingLevelSchema.options;

export interface LogEntry {
  readonly level: LoggingLevel;
  /** What the entry is about: the server, or a tool. */
  readonly logger: string;
  readonly data: { readonly message: string; readonly [fact: string]: unknown };
}

/**
 * What one client is told of the server's work: at or above the level that it has set, and nothing before it has. What
 * was wrong at the start is told once, with the level.
 */
export class ClientLog {
  private level: LoggingLevel | undefined;
  private toldProblems = false;

  constructor(
    private readonly server: Server,
    problems: readonly string[],
  ) {
    server.setRequestHandler(SetLevelRequestSchema, async ({ params }, extra) => {
      this.level = params.level;
      if (!this.toldProblems && this.wants("warning")) {
        this.toldProblems = true;
        for (const message of problems)
          await this.tell({ level: "warning", logger: "server", data: { message } }, extra);
      }
      return {};
    });
  }

  /** Tells that a call of a tool has ended, after `ms` milliseconds. */
  async toolEnded(tool: string, result: CallToolResult, ms: number, extra: RequestExtra): Promise<void> {
    const { error, tool_calls: calls } = (result.structuredContent ?? {}) as {
      error?: { kind?: string };
      tool_calls?: unknown;
    };
    const outcome = result.isError ? (error?.kind ?? "error") : "ok";
    const data = {
      message: outcome === "ok" ? `${tool} has ended` : `${tool} has failed`,
      outcome,
      duration_ms: Math.round(ms),
      ...(Array.isArray(calls) && { tool_calls: calls.length }),
    };
    await this.tell({ level: LEVEL_OF[outcome] ?? "notice", logger: tool, data }, extra);
  }

  /** On the stream of a request, where it belongs to one. A client that has gone cannot be told. */
  async tell(entry: LogEntry, extra?: RequestExtra): Promise<void> {
    if (!this.wants(entry.level)) return;
    const message = { method: "notifications/message" as const, params: { ...entry } };
    const told = extra === undefined ? this.server.notification(message) : extra.sendNotification(message);
    await told.catch(() => undefined);
  }

  private wants(level: LoggingLevel): boolean {
    return this.level !== undefined && LEVELS.indexOf(level) >= LEVELS.indexOf(this.level);
  }
}

/** By outcome; a failure that its author mends is a notice. */
const LEVEL_OF: Readonly<Record<string, LoggingLevel>> = {
  ok: "info",
  cancelled: "info",
  limit: "warning",
  crash: "error",
};
