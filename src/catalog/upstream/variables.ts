import { DEFAULT_INHERITED_ENV_VARS } from "@modelcontextprotocol/sdk/client/stdio.js";

const VARIABLE = /\$\{(?:env:)?([A-Za-z_]\w*)(?::-([^}]*))?\}/g;

export interface Expanded {
  readonly value: string;
  /** A variable that is not set and has no default; then `value` means nothing. */
  readonly missing: string | undefined;
  /** The values of variables in it, without those that every child process gets. */
  readonly taken: readonly string[];
}

/** Puts variables of the environment into a text: `${NAME}`, and `${NAME:-default}` for one that may be unset or empty. */
export function expandVariables(text: string, env: NodeJS.ProcessEnv): Expanded {
  let missing: string | undefined;
  const taken: string[] = [];
  const value = text.replace(VARIABLE, (_, name: string, otherwise: string | undefined) => {
    const found = env[name];
    if (otherwise !== undefined && (found === undefined || found === "")) return otherwise;
    if (found === undefined) missing ??= name;
    else if (!DEFAULT_INHERITED_ENV_VARS.includes(name)) taken.push(found);
    return found ?? "";
  });
  return { value, missing, taken };
}
