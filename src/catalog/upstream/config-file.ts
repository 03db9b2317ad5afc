import { readFile } from "node:fs/promises";
import { ConfigError } from "../../config.js";
import { joinPath } from "../explain.js";
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
    text = await readFile(file, "utf8");
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

/** A value with its place in the file. */
class Entry {
  constructor(
    readonly file: string,
    private readonly path: readonly PropertyKey[],
    private readonly value: unknown,
  ) {}

  get isPresent(): boolean {
    return this.value !== undefined;
  }

  optional(): Entry | undefined {
    return this.isPresent ? this : undefined;
  }

  at(key: PropertyKey): Entry {
    return new Entry(this.file, [...this.path, key], (this.value as Record<PropertyKey, unknown>)[key]);
  }

  object(): ObjectEntry {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) this.expect("an object");
    return {
      get: (key) => (Object.hasOwn(value as object, key) ? this.at(key) : this.missing(key)),
      entries: () => Object.keys(value as object).map((key) => [key, this.at(key)]),
    };
  }

  text(): string {
    if (typeof this.value !== "string") this.expect("text");
    return this.value as string;
  }

  boolean(): boolean {
    if (typeof this.value !== "boolean") this.expect("true or false");
    return this.value as boolean;
  }

  /** A whole number from 1. */
  count(max: number): number {
    const { value } = this;
    if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > max)
      this.fail(`expected a whole number from 1 to ${max}`);
    return value as number;
  }

  texts(): string[] {
    if (!Array.isArray(this.value)) this.expect("a list of texts");
    return (this.value as unknown[]).map((_, index) => this.at(index).text());
  }

  textByName(): Record<string, string> {
    return Object.fromEntries(
      this.object()
        .entries()
        .map(([name, entry]) => [name, entry.text()]),
    );
  }

  /** The same with each text in it replaced. */
  map(replace: (text: string, path: readonly PropertyKey[]) => string): Entry {
    const walk = (value: unknown, path: readonly PropertyKey[]): unknown => {
      if (typeof value === "string") return replace(value, path);
      if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]),
      );
    };
    return new Entry(this.file, this.path, walk(this.value, this.path));
  }

  message(text: string): string {
    const where = this.path.reduce<string>(joinPath, "");
    return `${this.file}: ${where === "" ? "" : `${where}: `}${text}`;
  }

  fail(text: string): never {
    throw new ConfigError(`${this.message(text)}.`);
  }

  private expect(what: string): never {
    const { value } = this;
    const kind = value === null ? "null" : Array.isArray(value) ? "a list" : KINDS[typeof value];
    return this.fail(`expected ${what}, got ${kind ?? "something else"}`);
  }

  private missing(key: string): Entry {
    return new Entry(this.file, [...this.path, key], undefined);
  }
}

interface ObjectEntry {
  /** Not present where the key is none of the object's own. */
  get(key: string): Entry;
  entries(): [key: string, value: Entry][];
}

const KINDS: Readonly<Record<string, string>> = {
  undefined: "nothing",
  string: "text",
  number: "a number",
  boolean: "true or false",
  object: "an object",
};
