import type { HostFunction } from "../../src/sandbox/monty/calls.js";
import { decodeResult } from "../../src/sandbox/monty/decode.js";
import { findExecutable } from "../../src/sandbox/monty/executable.js";
import { RuntimeProcess } from "../../src/sandbox/monty/process.js";
import { MontySession, type RuntimeLimits } from "../../src/sandbox/monty/session.js";

export const EXECUTABLE = findExecutable();

export const RUNTIME_LIMITS: RuntimeLimits = {
  interpreterMs: 2000,
  memoryBytes: 64 * 1024 * 1024,
  recursion: 200,
};

/** A session with a process of its own, which ends with the `await using` block. */
export class TestSession implements AsyncDisposable {
  readonly process = new RuntimeProcess(EXECUTABLE);
  readonly session = new MontySession(this.process);

  static async start(limits: RuntimeLimits = RUNTIME_LIMITS, stubs?: string): Promise<TestSession> {
    const test = new TestSession();
    await test.session.configure(limits, stubs);
    return test;
  }

  /** Runs code; functions give encoded values. */
  async run(
    code: string,
    functions: Record<string, HostFunction> = {},
    signal = new AbortController().signal,
  ) {
    let printed = "";
    const value = await this.session.feedRun(code, {
      functions: new Map(Object.entries(functions)),
      onPrint: (text) => {
        printed += text;
      },
      onCall: () => {},
      signal,
    });
    return { value, printed };
  }

  /** The JSON of the last expression, with the notes on what it lost. */
  async json(code: string, maxBytes = 1024 * 1024) {
    const notes: string[] = [];
    const { value } = await this.run(code);
    return { ...decodeResult(value, maxBytes, (note) => notes.push(note)), notes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill();
    await this.process.ended;
  }
}
