import { z } from "zod";
import type { CallContext } from "../bind.js";
import type { CatalogSource } from "../catalog/catalog.js";
import type { Executions } from "../journal/executions.js";
import { ExecutionError } from "../journal/store.js";
import { callablesOf, catalogFor } from "../program/callables.js";
import { explainInput } from "../program/explain-input.js";
import type { OwnFunction } from "../program/own-function.js";
import { dialectRules } from "../sandbox/dialect.js";
import type { ToolCall } from "../sandbox/program.js";
import { ExecutionOutput, executionAnswer } from "./execution-answer.js";
import type { ServerObserver } from "./observer.js";
import {
  errorResult,
  jsonSchema,
  progressReporter,
  type RequestExtra,
  type ServerTool,
} from "./server-tool.js";

const NAME = "execute_python";

const TAKES = `${NAME} takes code (a string), and optionally timeout_ms, resume_from, session, reset, dry_run and approve`;

const id = z.string().min(1).max(100).optional();

const Input = z
  .strictObject({
    code: z.string().optional().describe("The program."),
    timeout_ms: z.int().positive().optional().describe("Milliseconds; only lowers the server's limit."),
    resume_from: id.describe(
      "To mend a failed program: its execution_id, or last where no answer came. Equal calls that it has done keep their results and are not made again.",
    ),
    session: z
      .string()
      .regex(/^[\w.-]{1,64}$/, "a name is 1 to 64 letters, digits, `_`, `-` and `.`")
      .optional()
      .describe("To build on earlier programs: those of one name share their variables and functions."),
    reset: z.boolean().optional().describe("Empties the session first."),
    dry_run: z
      .boolean()
      .optional()
      .describe("To show the writes before any is made: lists them instead. Reads are made."),
    approve: id.describe(
      "After the user agreed: execution_id of the dry run. Runs its code, sent again unchanged, and makes only the writes listed.",
    ),
  })
  .refine(({ code, approve }) => code !== undefined || approve !== undefined, {
    path: ["code"],
    error: "is missing",
  })
  .refine(({ dry_run, approve }) => !dry_run || approve === undefined, {
    path: ["approve"],
    error: "cannot stand beside dry_run",
  })
  .refine(({ reset, session }) => !reset || session !== undefined, {
    path: ["reset"],
    error: "names no session: give session too",
  })
  .refine(({ session, dry_run, approve }) => session === undefined || (!dry_run && approve === undefined), {
    path: ["session"],
    error: "cannot stand beside dry_run and approve: what a dry run leaves behind is no state to go on from",
  });

export interface ExecutePythonOptions {
  readonly executions: Executions;
  readonly source: CatalogSource;
  /** Functions of the server's own. */
  readonly own: readonly OwnFunction[];
  /** Tells what a program can call; asked for each listing. */
  readonly describe: () => string;
  /** What calls are given besides their signal. */
  readonly contextOf: (extra: RequestExtra) => CallContext;
  readonly observer?: ServerObserver | undefined;
}

/** The tool that runs a program of the client's model in the sandbox. */
export function executePythonTool(options: ExecutePythonOptions): ServerTool {
  const { executions, source, own, describe, contextOf, observer } = options;
  const listing = {
    name: NAME,
    title: "Run a Python program that calls the tools",
    // Beside approve it can be left out; a schema that says so is one that some models' providers refuse.
    inputSchema: { ...jsonSchema(Input, "input"), required: ["code"] },
    outputSchema: jsonSchema(ExecutionOutput, "output"),
    annotations: { title: "Run Python", openWorldHint: false },
  };
  return {
    get listing() {
      return { ...listing, description: [WHAT_IT_IS, dialectRules, describe()].join("\n\n") };
    },
    async call(args, extra) {
      const input = Input.safeParse(args);
      if (!input.success) return errorResult(explainInput(TAKES, input.error));
      const { code, timeout_ms, resume_from, session, reset, dry_run, approve } = input.data;
      const report = progressReporter(extra);
      try {
        const recorded = await executions.run({
          code,
          callables: async (code, bind) => {
            const catalog = await catalogFor(code, source, extra.signal);
            const isContinuing = session !== undefined;
            return callablesOf(code, {
              source: { catalog, upstreams: source.upstreams },
              own,
              bind,
              isContinuing,
            });
          },
          context: contextOf(extra),
          timeoutMs: timeout_ms,
          signal: extra.signal,
          onToolCall: report && ((call, phase) => phase === "end" && report(progressOf(call))),
          resumeFrom: resume_from,
          session: session === undefined ? undefined : { name: session, reset },
          dryRun: dry_run,
          approve,
        });
        observer?.program?.(recorded.execution);
        return executionAnswer(recorded);
      } catch (error) {
        if (error instanceof ExecutionError) return errorResult(`${error.message} Nothing was run.`);
        throw error;
      }
    },
  };
}

const WHAT_IT_IS =
  "Runs one short Python program that calls the tools, instead of calling them one by one: loop, filter, sum, and return " +
  "only what matters. Its calls stay done when it fails: mend it and go on with resume_from.";

function progressOf({ name, error, durationMs }: ToolCall): string {
  return `${name}: ${error === null ? `${Math.round(durationMs)} ms` : `failed: ${error}`}`;
}
