import {
  type CompleteRequestParams,
  type CompleteResult,
  ErrorCode,
  McpError,
} from "@modelcontextprotocol/sdk/types.js";

/** Values of an argument for what was typed so far, the best ones first; `others` are the arguments that have values. */
export type Completer = (
  typed: string,
  others: Readonly<Record<string, string>>,
) => readonly string[] | Promise<readonly string[]>;

/** By the names of arguments, or of the variables of a URI template. */
export type Completers = Readonly<Record<string, Completer>>;

export interface Completions {
  readonly prompts: Readonly<Record<string, Completers>>;
  /** By URI template; a resource without variables has none. */
  readonly resources: Readonly<Record<string, Completers>>;
}

/** As the specification has it. */
const MAX_VALUES = 100;

/** For an argument of which nothing is known. */
export const noValues: Completer = () => [];

/**
 * Answers `completion/complete`.
 *
 * @throws McpError for a prompt, a resource or an argument that is not there; it lists those that are.
 */
export async function complete(
  { ref, argument, context }: CompleteRequestParams,
  { prompts, resources }: Completions,
): Promise<CompleteResult> {
  const completers =
    ref.type === "ref/prompt"
      ? find(prompts, ref.name, "prompt")
      : find(resources, ref.uri, "resource or resource template");
  const completer = find(completers, argument.name, "argument");
  const values = await completer(argument.value, context?.arguments ?? {});
  return {
    completion: {
      values: values.slice(0, MAX_VALUES),
      total: values.length,
      hasMore: values.length > MAX_VALUES,
    },
  };
}

function find<T>(all: Readonly<Record<string, T>>, name: string, what: string): T {
  const found = Object.hasOwn(all, name) ? all[name] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(all).join(", ") || "none";
  throw new McpError(ErrorCode.InvalidParams, `There is no ${what} ${name}. Known: ${known}.`);
}
