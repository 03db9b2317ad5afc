import { failureText } from "../sandbox/failure-text.js";
import { contains, hasError } from "../sandbox/prepare/parse.js";
import { unwrap } from "../sandbox/prepare/unwrap.js";

/** Without one of these, text that parses as Python is more likely a word or a piece of data than a program. */
const ACTIONS = new Set(["CallExpression", "AssignStatement", "ImportStatement"]);

/** Tags of a fence that is no Python: JSON would run as a dict, and be an invented result. */
const PYTHON_TAG = /^(?:$|py|tool_code)/i;

/** The program in a model's reply: its one code block, or the whole reply where it is nothing but Python. */
export function programInReply(reply: string): { readonly code: string } | { readonly error: string } {
  const text = reply.replace(/\r\n?/g, "\n");
  const unwrapped = unwrap(text);
  if ("failure" in unwrapped) return { error: failureText(unwrapped.failure) };
  const { code, tree, linesBefore } = unwrapped;
  const opener = text
    .split("\n")
    [linesBefore - 1]?.trim()
    .replace(/^`+\s*/, "");
  const isProgram =
    opener === undefined
      ? tree !== undefined && !hasError(tree.topNode) && contains(tree.topNode, (name) => ACTIONS.has(name))
      : PYTHON_TAG.test(opener);
  return isProgram && code.trim() !== "" ? { code: code.trimEnd() } : { error: NO_PROGRAM };
}

const NO_PROGRAM = "Your reply holds no Python program.";
