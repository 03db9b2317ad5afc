import type { AuthInfo } from "@modelcontextprotocol/sdk/server/auth/types.js";
import { EXECUTION_SCHEME } from "./execution-resources.js";

const EXECUTE = "mcp:execute";

/** What a tool of the server's own needs of a token with scopes; a tool of the catalog needs none. */
const SCOPES: ReadonlyMap<unknown, string> = new Map([
  ["execute_python", EXECUTE],
  ["ask", "mcp:ask"],
]);

/** Every scope that this server knows. */
export const SCOPE_NAMES: readonly string[] = ["mcp:tools", ...SCOPES.values()];

/** The scope that a token lacks for a tool, or null. Whoever needs no token with scopes may call everything. */
export function missingScope(tool: string, auth: AuthInfo | undefined): string | null {
  return missing(SCOPES.get(tool), auth);
}

/** The scope that a token lacks for a resource or a template of resources, or null. */
export function missingResourceScope(uri: string, auth: AuthInfo | undefined): string | null {
  return missing(ofResource(uri), auth);
}

/** The scope that a message of a client needs: what programs gave is for those who may run them. */
export function neededScope(message: unknown): string | undefined {
  const { method, params } = (message ?? {}) as { method?: unknown; params?: Params };
  switch (method) {
    case "tools/call":
      return SCOPES.get(params?.name);
    case "resources/read":
      return ofResource(params?.uri);
    case "completion/complete":
      return ofResource(params?.ref?.uri);
    default:
      return undefined;
  }
}

/** The scope itself where a token lacks it, or null. */
export function missing(scope: string | undefined, auth: AuthInfo | undefined): string | null {
  return scope === undefined || auth === undefined || auth.scopes.includes(scope) ? null : scope;
}

interface Params {
  readonly name?: unknown;
  readonly uri?: unknown;
  readonly ref?: { readonly uri?: unknown };
}

function ofResource(uri: unknown): string | undefined {
  return typeof uri === "string" && uri.startsWith(EXECUTION_SCHEME) ? EXECUTE : undefined;
}
