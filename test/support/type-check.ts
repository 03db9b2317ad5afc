import { readDiagnostics } from "../../src/sandbox/monty/checker.js";
import { RuntimeProcess } from "../../src/sandbox/monty/process.js";
import { MontySession } from "../../src/sandbox/monty/session.js";
import { EXECUTABLE, RUNTIME_LIMITS } from "./monty.js";

/** Asks the real type checker, without running anything. */
export class TypeCheck {
  private readonly process = new RuntimeProcess(EXECUTABLE);
  private readonly session = new MontySession(this.process);

  /** The diagnostics of `program`, notes of `reveal_type` among them, a line each; none when it type-checks. */
  async check(stubs: string, program: string): Promise<string[]> {
    await this.session.reset(RUNTIME_LIMITS, stubs);
    return readDiagnostics(await this.session.check(program))
      .filter(({ rule }) => rule !== "undefined-reveal")
      .map(
        ({ line, column, severity, rule, message }) => `${line}:${column}: ${severity}[${rule}] ${message}`,
      );
  }

  close(): void {
    this.process.kill();
  }
}
