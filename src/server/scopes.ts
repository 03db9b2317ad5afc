import type { AuthInfo } from "@modelcontextprotocol/sdk/server/auth/types.js";

/** What a tool of the server's own needs of a token with scopes; a tool of the catalog needs none. */
const SCOPES: ReadonlyMap<string, string> = new Map([
  ["execute_python", "mcp:execute"],
  ["ask", "mcp:ask"],
]);

/** Every scope that this server knows. */
export const SCOPE_NAMES: readonly string[] = ["mcp:tools", ...SCOPES.values()];

/** The scope that a token lacks for a tool, or null. Whoever needs no token with scopes may call everything. */
export function missingScope(tool: string, auth: AuthInfo | undefined): string | null {
  const scope = SCOPES.get(tool);
  return scope === undefined || auth === undefined || auth.scopes.includes(scope) ? null : scope;
}
