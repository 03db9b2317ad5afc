import { Catalog, defineTool, type Limits, type Tool, type ToolAnnotations, z } from "../../src/index.js";
import { type ExecutionRequest, Executions, type Recorded } from "../../src/journal/executions.js";
import { loadResultFunction } from "../../src/journal/load-result.js";
import type { KeepLimits } from "../../src/journal/store.js";
import { callablesOf } from "../../src/program/callables.js";
import type { OwnFunction } from "../../src/program/own-function.js";
import { TestSandbox } from "./sandbox.js";

type Run = (x: number, signal: AbortSignal) => unknown;

/** A tool `name(x)` that writes down each of its runs. */
export class CountedTool {
  readonly runs: number[] = [];
  readonly tool: Tool;

  constructor(name: string, run: Run = (x) => x, annotations: ToolAnnotations = {}) {
    this.tool = defineTool({
      name,
      description: "",
      annotations,
      input: z.object({ x: z.int(), note: z.string().default("") }),
      run: ({ x }, { signal }) => {
        this.runs.push(x);
        return run(x, signal);
      },
    });
  }
}

export const READ: ToolAnnotations = { readOnlyHint: true };

/** The programs of a connection on a sandbox of its own; both end with the `await using` block. */
export class TestExecutions implements AsyncDisposable {
  readonly test: TestSandbox;
  readonly executions: Executions;
  private readonly catalog: Catalog;

  constructor(
    tools: readonly CountedTool[],
    { keep = {}, limits = {} }: { keep?: Partial<KeepLimits>; limits?: Partial<Limits> } = {},
  ) {
    this.test = new TestSandbox({ limits });
    this.executions = new Executions({
      sandbox: this.test.sandbox,
      owner: this.test.owner,
      keep: { executions: 100, bytes: 16 * 1024 * 1024, ms: 60_000, ...keep },
    });
    this.catalog = new Catalog(tools.map(({ tool }) => tool));
  }

  run(
    code: string | undefined,
    { own = [], ...more }: Partial<ExecutionRequest> & { own?: readonly OwnFunction[] } = {},
  ): Promise<Recorded> {
    const source = { catalog: this.catalog, upstreams: [] };
    return this.executions.run({
      code,
      callables: (code, bind) =>
        callablesOf(code, { source, bind, own: [loadResultFunction(this.executions), ...own] }),
      ...more,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.executions.close();
    await this.test.sandbox.close();
  }
}

/** The result of a program that must not have failed. */
export function resultOf({ execution }: Recorded): unknown {
  if (!execution.ok) throw new Error(`The program failed: ${JSON.stringify(execution.failure)}`);
  return execution.result;
}

/** The message of a program that must have failed. */
export function failureOf({ execution }: Recorded): string {
  if (execution.ok) throw new Error(`The program gave ${JSON.stringify(execution.result)}`);
  return execution.failure.message;
}
