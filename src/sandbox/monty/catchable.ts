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
def __tool(host):
    def call(*args, **kwargs):
        return ${ANSWER}(host(*args, **kwargs))
    return call
`;

const PRELUDE_LINES = PRELUDE.split("\n").length - 1;

/** Code whose calls fail where they are made, and how many lines stand before it. */
export function catchable(code: string, functions: readonly string[]): { code: string; linesBefore: number } {
  const bindings = functions.map((name) => `${name} = __tool(${hostName(name)})\n`);
  return { code: PRELUDE + bindings.join("") + code, linesBefore: PRELUDE_LINES + bindings.length };
}

/** The name under which a function of the host is bound there. */
export function hostName(name: string): string {
  return HOST + name;
}

/** Whether a function is one of those that stand before a program. */
export function isPrelude(functionName: string): boolean {
  return functionName === ANSWER;
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
