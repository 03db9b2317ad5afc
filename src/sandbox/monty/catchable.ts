import { encodeException, encodePair } from "./encode.js";
import type { CallResult } from "./messages.js";

const ANSWER = "__answer";

/** What the host's functions are called where Python functions of their own names stand before them. */
const HOST = "__host_";

/**
 * The runtime cannot raise a failed call in the task of an `asyncio.gather` that made it: there it ends the whole
 * gather, whatever the task catches. So the answer to a call is data, and Python code raises it.
 */
const PRELUDE = `async def ${ANSWER}(future):
    ok, value = await future
    if ok:
        return value
    raise value
`;

const PRELUDE_LINES = PRELUDE.split("\n").length - 1;

/** Code whose calls fail where they are made, and how many lines stand before it. */
export function catchable(code: string, functions: readonly string[]): { code: string; linesBefore: number } {
  const wrappers = functions.map(
    (name) => `def ${name}(*args, **kwargs): return ${ANSWER}(${hostName(name)}(*args, **kwargs))\n`,
  );
  return { code: PRELUDE + wrappers.join("") + code, linesBefore: PRELUDE_LINES + wrappers.length };
}

/** The name under which a function of the host is bound there, and calls of it arrive. */
export function hostName(name: string): string {
  return HOST + name;
}

/** The function of the host that a call names, where its answer must be data. */
export function calledAsData(name: string): string | undefined {
  return name.startsWith(HOST) ? name.slice(HOST.length) : undefined;
}

/** Whether a frame is of a function that stands before a program, by its name and the text of its line. */
export function isPrelude(functionName: string, source: string): boolean {
  return functionName === ANSWER || source.includes(`return ${ANSWER}(${HOST}`);
}

/** The answer to a call as data. */
export function asData(result: CallResult): CallResult {
  switch (result.type) {
    case "return_value":
      return { type: "return_value", value: encodePair(true, result.value) };
    case "error":
      return { type: "return_value", value: encodePair(false, encodeException(result.exception)) };
    default:
      return result;
  }
}
