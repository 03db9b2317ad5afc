import { readFile } from "node:fs/promises";
import { ConfigError } from "../../config.js";
import { Entry, type ObjectEntry } from "./config-entry.js";
import { SecretTexts } from "./secret-texts.js";
import { expandVariables } from "./variables.js";

/** A server that is a process of ours. */
export interface StdioEndpoint {
  readonly type: "stdio";
  readonly command: string;
  readonly args: readonly string[];
  /** Beside the few variables that every child gets. */
  readonly env: Readonly<Record<string, string>>;
  /** Our own folder where undefined. */
  readonly cwd: string | undefined;
}

/** A server that is reached by Streamable HTTP. */
export interface HttpEndpoint {
  readonly type: "http";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One entry of `mcpServers`. */
export interface UpstreamSettings {
  readonly name: string;
  readonly endpoint: StdioEndpoint | HttpEndpoint;
  /** Names of its tools as the server has them, `*` for any text; all of them where undefined. */
  readonly allow: readonly string[] | undefined;
  /** Goes before `allow`. */
  readonly deny: readonly string[];
  /** The tools of whose calls the user is asked. */
  readonly confirm: readonly string[];
  /** For the answer to one request, milliseconds. */
  readonly timeoutMs: number;
  /** What neither a log nor an error may show. */
  readonly secrets: SecretTexts;
}

export interface ConfigFile {
  /** Without those that are disabled, in the order of the file. */
  readonly servers: readonly UpstreamSettings[];
  /** What the file says and nobody reads, a line each. */
  readonly warnings: readonly string[];
}

const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
/** What an entry may have; other keys are warned of. */
export const KEYS: readonly string[] =
  "type command args env cwd url headers allow deny confirm timeout_ms disabled".split(" ");

/**
 * Reads the file with the `mcpServers` object of MCP clients.
 *
 * @throws ConfigError with one line: the file, the path into it, and what would be right. It shows no value.
 */
export async function readConfigFile(
  file: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ConfigFile> {
  const root = new Entry(file, [], await parse(file));
  const list = root.object().get("mcpServers");
  const warnings: string[] = [];
  const servers: UpstreamSettings[] = [];
  for (const [name, entry] of list.object().entries()) {
    if (name.trim() === "") entry.fail("a server needs a name");
    if (entry.object().get("disabled").optional()?.boolean() === true) continue;
    for (const [key, unread] of entry.object().entries())
      if (!KEYS.includes(key)) warnings.push(unread.message("is not a key that is read here"));
    servers.push(readServer(name, entry, env));
  }
  return { servers, warnings };
}

async function parse(file: string): Promise<unknown> {
  let text: string;
  try {
    // Some editors begin a file with a mark of its byte order.
    text = (await readFile(file, "utf8")).replace(/^\uFEFF/, "");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such file" : message;
    throw new ConfigError(`Cannot read the configuration ${file}: ${why}.`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${file}: not JSON${placeOf(error as SyntaxError, text)}.`);
  }
}

/** Where the syntax error is. Its message may quote the file, and with it a secret. */
function placeOf({ message }: SyntaxError, text: string): string {
  if (/end of JSON input/.test(message)) return ": it ends too early";
  const [, position] = /position (\d+)/.exec(message) ?? [];
  const [, quoted = ""] = /"(?:\.\.\. )?(.*?)(?: \.\.\.)?" is not valid JSON$/s.exec(message) ?? [];
  const at = position === undefined ? text.indexOf(quoted.replace(/^\.\.\.|\.\.\.$/g, "")) : Number(position);
  return at < 0 ? "" : `: there is an error near line ${text.slice(0, at).split("\n").length}`;
}

function readServer(name: string, entry: Entry, env: NodeJS.ProcessEnv): UpstreamSettings {
  const secrets = new SecretTexts();
  const expanded = entry.map((text, path) => {
    const { value, missing, taken } = expandVariables(text, env);
    if (missing !== undefined)
      new Entry(entry.file, path, text).fail(`the environment variable ${missing} is not set`);
    for (const secret of taken) secrets.add(secret);
    return value;
  });
  const object = expanded.object();
  const endpoint = readEndpoint(object, expanded);
  for (const value of Object.values(endpoint.type === "http" ? endpoint.headers : endpoint.env))
    secrets.add(value);
  return {
    name,
    endpoint,
    allow: object.get("allow").optional()?.texts(),
    deny: object.get("deny").optional()?.texts() ?? [],
    confirm: object.get("confirm").optional()?.texts() ?? [],
    timeoutMs: object.get("timeout_ms").optional()?.count(MAX_TIMEOUT_MS) ?? DEFAULT_TIMEOUT_MS,
    secrets,
  };
}

function readEndpoint(object: ObjectEntry, entry: Entry): StdioEndpoint | HttpEndpoint {
  const type = object.get("type").optional();
  const named = type?.text();
  if (named === "sse")
    type?.fail("the SSE transport is not supported; give the URL of the server's Streamable HTTP endpoint");
  if (named !== undefined && !["stdio", "http", "streamable-http"].includes(named))
    type?.fail('expected "stdio" or "http"');
  const [command, url] = [object.get("command"), object.get("url")];
  if (command.isPresent === url.isPresent)
    entry.fail(`expected command (for a process) or url (for HTTP)${url.isPresent ? ", not both" : ""}`);
  const isHttp = url.isPresent;
  if (named !== undefined && isHttp !== (named !== "stdio"))
    type?.fail(`a server with ${isHttp ? "a url" : "a command"} is of type "${isHttp ? "http" : "stdio"}"`);
  if (isHttp) return { type: "http", url: readUrl(url), headers: readHeaders(object.get("headers")) };
  if (command.text().trim() === "") command.fail("expected a command, got empty text");
  return {
    type: "stdio",
    command: command.text(),
    args: object.get("args").optional()?.texts() ?? [],
    env: object.get("env").optional()?.textByName() ?? {},
    cwd: object.get("cwd").optional()?.text(),
  };
}

function readUrl(entry: Entry): string {
  const text = entry.text();
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) entry.fail("expected an http or https URL");
  if (url?.username || url?.password) entry.fail("no user name and password here: write them into headers");
  return text;
}

function readHeaders(entry: Entry): Readonly<Record<string, string>> {
  const headers = entry.optional()?.textByName() ?? {};
  for (const [name, value] of Object.entries(headers)) {
    try {
      new Headers([[name, value]]);
    } catch {
      entry.at(name).fail("no HTTP header can be this");
    }
  }
  return headers;
}
