import { readConfig } from "../../src/config.js";
import type { Execution, Failure, HostFunction, Limits, Program } from "../../src/sandbox/program.js";
import { Sandbox, type SandboxOptions } from "../../src/sandbox/sandbox.js";

/** Small enough that a test which runs into one is over soon. */
export const LIMITS: Limits = {
  ...readConfig({}, {}).limits,
  timeoutMs: 5000,
  interpreterMs: 3000,
  memoryBytes: 64 * 1024 * 1024,
};

/** A function that programs of a test can call. */
export function host(
  name: string,
  parameters: readonly string[],
  call: (args: Record<string, unknown>, signal: AbortSignal) => unknown,
): HostFunction {
  return { name, parameters, call: async (args, signal) => call(args, signal) };
}

/** Stubs that take anything: the checker finds no fault with how the functions are called. */
export function looseStubs(functions: readonly HostFunction[]): string {
  const declared = functions.map(({ name }) => `async def ${name}(*args: Any, **kwargs: Any) -> Any: ...`);
  return ["from typing import Any", ...declared, ""].join("\n");
}

/** What a program of a test differs in. */
export type TestProgram = Partial<Omit<Program, "code">>;

/** A sandbox that ends with the `await using` block. */
export class TestSandbox implements AsyncDisposable {
  readonly sandbox: Sandbox;
  /** Whose programs run where the test names nobody. */
  readonly owner = {};

  constructor({
    limits,
    ...options
  }: Partial<Omit<SandboxOptions, "limits">> & { limits?: Partial<Limits> } = {}) {
    this.sandbox = new Sandbox({ poolSize: 1, maxPrograms: 8, ...options, limits: { ...LIMITS, ...limits } });
  }

  /** Runs code with loose stubs of its functions. */
  run(code: string, program: TestProgram = {}): Promise<Execution> {
    const functions = program.functions ?? [];
    return this.sandbox.execute({
      owner: this.owner,
      stubs: looseStubs(functions),
      ...program,
      functions,
      code,
    });
  }

  /** The result of a program that must not fail. */
  async result(code: string, program?: TestProgram): Promise<unknown> {
    const execution = await this.run(code, program);
    if (!execution.ok) throw new Error(`The program failed: ${JSON.stringify(execution.failure)}`);
    return execution.result;
  }

  /** The failure of a program that must fail. */
  async failure(code: string, program?: TestProgram): Promise<Failure> {
    const execution = await this.run(code, program);
    if (execution.ok) throw new Error(`The program gave ${JSON.stringify(execution.result)}`);
    return execution.failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox.close();
  }
}
