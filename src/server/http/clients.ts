/** How a client is told of the server. */
export interface ClientEntry {
  readonly client: string;
  /** Where the text goes. */
  readonly where: string;
  readonly text: string;
}

const NAME = "monty-code-mode";

/** What stands for the token: a page that anybody may see does not know it. */
const TOKEN = "YOUR_TOKEN";

const TOKEN_VARIABLE = "MCP_AUTHORIZATION";

/** Entries for the usual clients. `token`: whether the server wants a bearer token that its operator gave out. */
export function clientEntries(url: string, token: boolean): readonly ClientEntry[] {
  const bearer = `Bearer ${TOKEN}`;
  const headers = token && { headers: { Authorization: bearer } };
  const { protocol, hostname } = new URL(url);
  const isLocal = hostname === "localhost" || hostname === "127.0.0.1";
  const bridge = [
    "-y",
    "mcp-remote",
    url,
    ...(protocol === "http:" && !isLocal ? ["--allow-http"] : []),
    // By the environment: some clients on Windows split arguments at blanks.
    ...(token ? ["--header", `Authorization:\${${TOKEN_VARIABLE}}`] : []),
  ];
  const env = token && { env: { [TOKEN_VARIABLE]: bearer } };
  return [
    {
      client: "Claude Code",
      where: "In a terminal:",
      text: `claude mcp add --transport http ${NAME} ${shellWord(url)}${token ? ` --header "Authorization: ${bearer}"` : ""}`,
    },
    {
      client: "Claude Desktop",
      where:
        "claude_desktop_config.json (Settings, Developer, Edit Config). It starts local commands only, so mcp-remote makes the connection; it needs Node.js:",
      text: entry({ mcpServers: { [NAME]: { command: "npx", args: bridge, ...env } } }),
    },
    {
      client: "VS Code",
      where: ".vscode/mcp.json of a project:",
      text: entry({ servers: { [NAME]: { type: "http", url, ...headers } } }),
    },
    {
      client: "Cursor",
      where: "~/.cursor/mcp.json, or .cursor/mcp.json of a project:",
      text: entry({ mcpServers: { [NAME]: { url, ...headers } } }),
    },
  ];
}

function entry(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function shellWord(word: string): string {
  return /^[\w:/.@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
