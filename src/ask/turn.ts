import type { Execution } from "../sandbox/program.js";

/** The phases of a turn, in order; a direct answer ends it after the first. */
export type Phase = "discovery" | "code" | "answer";

/** What a turn consists of, and the whole of it. */
export type Step = "turn" | Phase;

/** Runs a step within something of the caller's. */
export type AroundStep = <T>(step: Step, work: () => Promise<T>) => Promise<T>;

/** What a turn cost in one phase. */
export interface PhaseUsage {
  readonly phase: Phase;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Model calls: attempts at a program in the phase `code`. */
  readonly calls: number;
  /** Milliseconds spent waiting for the model. */
  readonly llmMs: number;
}

/** The outcome of a question. */
export interface Turn {
  readonly question: string;
  readonly answer: string;
  /** `direct` where the conversation already held the answer. */
  readonly route: "direct" | "code";
  /** The last program; null where there was none. */
  readonly code: string | null;
  /** JSON of its result; null where there was none, or no program succeeded. */
  readonly result: unknown;
  /** Programs that were asked of the model. */
  readonly attempts: number;
  /** One row a phase that ran. */
  readonly usage: readonly PhaseUsage[];
  /** Milliseconds spent in programs. */
  readonly codeMs: number;
  /** Numbers in the answer that neither the results nor the question hold, as written. */
  readonly unsupportedNumbers: readonly string[];
}

/** What happens during a turn, in order: for progress, logs and statistics. */
export type TurnEvent =
  | { readonly type: "phase"; readonly phase: Phase /** 1-based. */; readonly attempt: number }
  | {
      readonly type: "discovered" /** Python calls to start from, as text. */;
      readonly calls: readonly string[];
    }
  | {
      readonly type: "attempt";
      readonly attempt: number;
      /** Null where the model gave no code. */
      readonly code: string | null;
      /** Null where the program was not run. */
      readonly execution: Execution | null;
      /** What the model is told; null for a success. */
      readonly error: string | null;
    }
  | { readonly type: "corrected" /** The numbers that stood nowhere. */; readonly numbers: readonly string[] }
  | { readonly type: "done"; readonly turn: Turn }
  /** The last one of a turn without an answer: the model failed, or the signal aborted. */
  | { readonly type: "failed"; readonly error: unknown; readonly usage: readonly PhaseUsage[] };
