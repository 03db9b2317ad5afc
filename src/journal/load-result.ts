import type { OwnFunction } from "../program/own-function.js";
import { PythonError } from "../sandbox/monty/calls.js";
import type { HostFunction } from "../sandbox/program.js";
import type { Executions } from "./executions.js";
import { ExecutionError, type KeptExecution, LAST } from "./store.js";

/** What is kept of an execution for later. */
export type Part = "result" | "stdout";

export const PARTS: readonly Part[] = ["result", "stdout"];

const LOAD_RESULT = "load_result";

const DECLARATION = `from typing import Any, Literal

async def ${LOAD_RESULT}(execution_id: str, part: Literal["result", "stdout"] = "result") -> Any:
    """The whole result of an earlier program, also where only a preview was shown; or what it printed."""
    ...`;

/** The function by which programs get the results of earlier ones. */
export function loadResultFunction(executions: Executions): OwnFunction {
  const host: HostFunction = {
    name: LOAD_RESULT,
    parameters: ["execution_id", "part"],
    async call({ execution_id: id, part = "result" }) {
      if (typeof id !== "string")
        throw new PythonError("TypeError", `${LOAD_RESULT}() takes the execution_id of an earlier program`);
      if (!PARTS.includes(part as Part))
        throw new PythonError(
          "ValueError",
          `part must be one of ${PARTS.join(", ")}, got ${JSON.stringify(part)}`,
        );
      try {
        // The program that asks is the latest.
        const found = executions.find(id === LAST ? (executions.ids().at(-1) ?? LAST) : id);
        return part === "stdout" ? found.stdout : resultOf(found);
      } catch (error) {
        if (error instanceof ExecutionError) throw new PythonError("LookupError", error.message);
        throw error;
      }
    },
  };
  return { declaration: DECLARATION, host };
}

/**
 * The result of an execution.
 *
 * @throws ExecutionError where there is none.
 */
export function resultOf({ id, result }: KeptExecution) {
  if (result === undefined)
    throw new ExecutionError(
      `The execution ${id} has no result: it failed, or the result was too long to be kept.`,
    );
  return result;
}
