import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { ChatModel } from "../ask/models/model.js";
import type { AroundStep } from "../ask/turn.js";
import type { AroundProgram } from "../sandbox/program.js";

/**
 * Traces the work of a server. Work that is started by other work is its child, however many run at once. What
 * people, models and tools said is in no trace.
 */
export interface Tracing {
  /** Traces the requests of a client whose handlers are set from now on. */
  requests(server: Server): void;
  /** Traces a question, or a phase of it. */
  readonly step: AroundStep;
  /** A model whose replies are traced. */
  model(model: ChatModel): ChatModel;
  /** Traces a program and its tool calls. */
  readonly program: AroundProgram;
  /** Sends what is left, within two seconds. */
  close(): Promise<void>;
}
