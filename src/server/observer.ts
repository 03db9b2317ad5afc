import type { PhaseUsage } from "../ask/turn.js";
import type { Execution } from "../sandbox/program.js";

export type ToolOutcome = "ok" | "error";

/** What is told of a server's work, for metrics. */
export interface ServerObserver {
  /** A program has ended: of `execute_python`, or of the model in `ask`. Its tool calls stand in it. */
  program?(execution: Execution): void;
  /** A question of `ask` has ended: answered, failed or cancelled. */
  turn?(turn: { readonly usage: readonly PhaseUsage[] }): void;
  /** A client's own call of a tool of the catalog has ended, after `ms` milliseconds. */
  toolCall?(name: string, outcome: ToolOutcome, ms: number): void;
}
