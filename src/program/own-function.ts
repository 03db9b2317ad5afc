import type { HostFunction } from "../sandbox/program.js";

/** A function of the server's own that programs can call beside the tools. Its name is reserved in the stubs. */
export interface OwnFunction {
  /** As Python: what the type checker reads and a model is shown. */
  readonly declaration: string;
  readonly host: HostFunction;
}
