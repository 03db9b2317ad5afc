import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { PhaseUsage } from "../../ask/turn.js";
import { OWN_FUNCTIONS } from "../../catalog/python-names.js";
import type { PythonFunction } from "../../catalog/python-stubs.js";
import type { PoolState } from "../../sandbox/monty/pool.js";
import type { Execution, FailureKind } from "../../sandbox/program.js";
import type { ServerObserver, ToolOutcome } from "../observer.js";

const PREFIX = "monty_code_mode_";

const FAILURE_KINDS: Record<FailureKind, true> = {
  syntax: true,
  type: true,
  runtime: true,
  limit: true,
  crash: true,
  cancelled: true,
};

const METHODS = new Set(["GET", "HEAD", "POST", "DELETE", "OPTIONS"]);

/** Seconds: a tool of this process takes less than one millisecond, a program up to its 30 s. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export interface MetricsOptions {
  /** The tools of the catalog, which may change: no other name becomes a label. */
  readonly functions: () => readonly PythonFunction[];
  /** Read when the metrics are. */
  readonly pool: () => PoolState;
  /** Open sessions; read when the metrics are. */
  readonly sessions: () => number;
}

/** Labels are kept for ever: what other servers call their tools must not make more of them. */
const MAX_TOOL_LABELS = 2000;

/** From the names of tools, in programs and over MCP, to the one they are counted by. */
class ToolNames {
  private readonly used = new Set<string>();
  private known: readonly PythonFunction[] = [];
  private names: ReadonlyMap<string, string> = new Map();

  constructor(private readonly functions: () => readonly PythonFunction[]) {}

  /** `other` for what is no tool, and for tools beyond a number. */
  label(name: string): string {
    const functions = this.functions();
    if (functions !== this.known) {
      this.known = functions;
      this.names = new Map([
        ...OWN_FUNCTIONS.map((own) => [own, own] as const),
        ...functions.map((declared) => [declared.name, declared.tool.name] as const),
        ...functions.map(({ tool }) => [tool.name, tool.name] as const),
      ]);
    }
    const label = this.names.get(name);
    if (label === undefined || (!this.used.has(label) && this.used.size >= MAX_TOOL_LABELS)) return "other";
    this.used.add(label);
    return label;
  }
}

/** What a server counts for Prometheus, with the metrics of its process. */
export class Metrics implements ServerObserver {
  private readonly registry = new Registry();
  private readonly toolNames: ToolNames;

  private readonly requests = new Counter({
    name: `${PREFIX}http_requests_total`,
    help: "HTTP requests that have ended.",
    labelNames: ["method", "route", "status"],
    registers: [this.registry],
  });
  private readonly programs = new Counter({
    name: `${PREFIX}programs_total`,
    help: "Programs that have ended, by outcome: ok, or the kind of failure.",
    labelNames: ["outcome"],
    registers: [this.registry],
  });
  private readonly programSeconds = new Histogram({
    name: `${PREFIX}program_duration_seconds`,
    help: "From a program's arrival to its result, waiting and type check included.",
    buckets: BUCKETS,
    registers: [this.registry],
  });
  private readonly toolSeconds = new Histogram({
    name: `${PREFIX}tool_call_duration_seconds`,
    help: "Tool calls of programs and of clients.",
    labelNames: ["tool", "outcome"],
    buckets: BUCKETS,
    registers: [this.registry],
  });
  private readonly tokens = new Counter({
    name: `${PREFIX}model_tokens_total`,
    help: "Tokens of the model that answered questions, by phase and kind (prompt, completion).",
    labelNames: ["phase", "kind"],
    registers: [this.registry],
  });

  constructor({ functions, pool, sessions }: MetricsOptions) {
    this.toolNames = new ToolNames(functions);
    for (const outcome of ["ok", ...Object.keys(FAILURE_KINDS)]) this.programs.inc({ outcome }, 0);
    this.gauge("sandbox_idle_processes", "Sandbox processes that wait for a program.", () => pool().idle);
    this.gauge("sandbox_running_programs", "Programs that run.", () => pool().running);
    this.gauge("sandbox_waiting_programs", "Programs that wait for their turn.", () => pool().waiting);
    this.gauge("sandbox_held_processes", "Processes of sessions of programs.", () => pool().held);
    this.gauge("sessions", "Open MCP sessions.", sessions);
    collectDefaultMetrics({ register: this.registry });
  }

  /** An HTTP request has ended. `route` must be one of a fixed set, not what the client sent. */
  request(method: string, route: string, status: string): void {
    this.requests.inc({ method: METHODS.has(method) ? method : "other", route, status });
  }

  program(execution: Execution): void {
    this.programs.inc({ outcome: execution.ok ? "ok" : execution.failure.kind });
    this.programSeconds.observe(execution.durationMs / 1000);
    for (const { name, error, durationMs, isMade } of execution.toolCalls) {
      if (isMade) this.toolCall(name, error === null ? "ok" : "error", durationMs);
    }
  }

  turn({ usage }: { readonly usage: readonly PhaseUsage[] }): void {
    for (const { phase, promptTokens, completionTokens } of usage) {
      this.tokens.inc({ phase, kind: "prompt" }, promptTokens);
      this.tokens.inc({ phase, kind: "completion" }, completionTokens);
    }
  }

  toolCall(name: string, outcome: ToolOutcome, ms: number): void {
    this.toolSeconds.observe({ tool: this.toolNames.label(name), outcome }, ms / 1000);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** All metrics in the text format of Prometheus. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  private gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }
}
