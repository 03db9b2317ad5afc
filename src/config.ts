import { delimiter } from "node:path";
import type { KeepLimits } from "./journal/store.js";
import type { Limits } from "./sandbox/program.js";
import { Secret } from "./secret.js";
import { SETTINGS, type Setting, variableOf } from "./settings.js";

/** What the user can set, read from flags and environment, validated and frozen. */
export interface Config {
  readonly limits: Limits;
  /** How much is kept of the programs of a connection. */
  readonly keep: KeepLimits;
  /** Sandbox processes kept ready. */
  readonly poolSize: number;
  /** Programs that run at once. */
  readonly maxPrograms: number;
  /** Longest wait of a program for its turn, milliseconds. */
  readonly maxWaitMs: number;
  /** Sessions of programs that a connection may have, and all connections together. */
  readonly pythonSessions: number;
  readonly maxPythonSessions: number;
  /** A session of programs without one ends after that, milliseconds. */
  readonly pythonSessionIdleMs: number;
  /** Folders with the user's own tools. */
  readonly tools: readonly string[];
  /** File with the MCP servers whose tools are served too. */
  readonly configFile: string | undefined;
  /** The Monty executable; that of the installed platform package where undefined. */
  readonly runtime: string | undefined;
  readonly logLevel: string;
  readonly model: ModelSettings;
  readonly ask: AskSettings;
  readonly exposure: ExposureSettings;
  readonly http: HttpSettings;
  /** Whether traces are sent; the rest of OpenTelemetry's own variables is read where they are. */
  readonly tracing: boolean;
}

/** A chat-completions endpoint; there is none where neither key nor URL is set. */
export interface ModelSettings {
  readonly apiKey: Secret | undefined;
  /** OpenAI's own where undefined. */
  readonly baseUrl: string | undefined;
  readonly name: string;
  /** For one reply with its retries, milliseconds. */
  readonly timeoutMs: number;
}

/** Whether there is a model to ask: a key, or an endpoint that may need none. */
export function hasModel({ apiKey, baseUrl }: ModelSettings): boolean {
  return apiKey !== undefined || baseUrl !== undefined;
}

export interface AskSettings {
  /** Programs that the model may write for one question. */
  readonly attempts: number;
  readonly historyTokens: number;
  /** Folder of the session logs; undefined for none, or the command's own default. */
  readonly sessionLog: string | undefined;
}

/** How much of the catalog clients and models are shown at once. */
export interface ExposureSettings {
  /** Which tools clients can call themselves: all, or those only that find tools and run programs. By their number where undefined. */
  readonly expose: "all" | "code" | undefined;
  /** Length of the stubs that are shown; of a catalog with longer ones, models search. */
  readonly stubTokens: number;
}

/** How MCP is served over HTTP; what belongs together is checked when the server starts. */
export interface HttpSettings {
  /** Over stdio where false. */
  readonly enabled: boolean;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Origin under which clients reach the server, where that is not its own address. */
  readonly publicUrl: string | undefined;
  readonly authToken: Secret | undefined;
  /** The authorization server whose tokens are taken. */
  readonly oauth: {
    readonly issuer: string | undefined;
    readonly audience: string | undefined;
    readonly jwksUrl: string | undefined;
  };
  readonly maxSessions: number;
  readonly sessionIdleMs: number;
  readonly bodyBytes: number;
  /** Requests of one client address. */
  readonly ratePerMinute: number;
  readonly shutdownGraceMs: number;
}

/** A setting has no valid value. The message names the flag, the variable and what would be right. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
/** Values as given on the command line, by name of the setting. */
export type Flags = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Reads the settings: a flag goes before the environment, which goes before the default.
 *
 * @throws ConfigError
 */
export function readConfig(flags: Flags, env: NodeJS.ProcessEnv = process.env): Config {
  const raw = (setting: Setting): string | readonly string[] | undefined => {
    const variable = env[variableOf(setting.name)];
    const flag = setting.variable === undefined ? flags[setting.name] : undefined;
    return flag ?? (variable === "" ? undefined : variable) ?? setting.default;
  };
  const values = new Map<string, string | readonly string[] | undefined>();
  for (const setting of SETTINGS) {
    const value = raw(setting);
    if (typeof value === "string") validate(setting, value);
    values.set(setting.name, value);
  }
  const number = (name: string) => Number(values.get(name));
  const text = (name: string) => values.get(name) as string | undefined;
  const tools = values.get("tools") ?? [];
  return deepFreeze({
    limits: {
      timeoutMs: number("timeout-ms"),
      interpreterMs: number("interpreter-ms"),
      memoryBytes: number("memory-mib") * 1024 * 1024,
      recursion: number("recursion"),
      toolCalls: number("tool-calls"),
      parallelToolCalls: number("parallel-tool-calls"),
      codeBytes: number("code-kib") * 1024,
      resultBytes: number("result-kib") * 1024,
      previewBytes: number("preview-kib") * 1024,
      stdoutBytes: number("stdout-kib") * 1024,
    },
    keep: {
      executions: number("keep-executions"),
      bytes: number("keep-mib") * 1024 * 1024,
      ms: number("keep-minutes") * 60_000,
    },
    poolSize: number("pool-size"),
    maxPrograms: number("max-programs"),
    maxWaitMs: number("max-wait-ms"),
    pythonSessions: number("python-sessions"),
    maxPythonSessions: number("max-python-sessions"),
    pythonSessionIdleMs: number("python-session-idle-ms"),
    tools: typeof tools === "string" ? tools.split(delimiter).filter((dir) => dir !== "") : tools,
    configFile: text("config"),
    runtime: text("runtime"),
    logLevel: text("log-level") as string,
    model: {
      apiKey: readKey("OPENAI_API_KEY", text("openai-api-key")),
      baseUrl: readBaseUrl(text("openai-base-url")),
      name: text("openai-model") as string,
      timeoutMs: number("model-timeout-ms"),
    },
    ask: {
      attempts: number("ask-attempts"),
      historyTokens: number("history-tokens"),
      sessionLog: text("session-log"),
    },
    exposure: {
      expose: text("expose") as ExposureSettings["expose"],
      stubTokens: number("stub-tokens"),
    },
    http: {
      enabled: ["1", "true"].includes(text("http") ?? ""),
      host: text("host") as string,
      port: number("port"),
      publicUrl: text("public-url"),
      authToken: readKey("MONTY_CODE_MODE_AUTH_TOKEN", text("auth-token")),
      oauth: {
        issuer: text("oauth-issuer"),
        audience: text("oauth-audience"),
        jwksUrl: text("oauth-jwks-url"),
      },
      maxSessions: number("max-sessions"),
      sessionIdleMs: number("session-idle-ms"),
      bodyBytes: number("body-kib") * 1024,
      ratePerMinute: number("rate-per-minute"),
      shutdownGraceMs: number("shutdown-grace-ms"),
    },
    tracing: hasTraces(text("otlp-endpoint"), env),
  });
}

/** Refuses what no HTTP header can hold: the error of the client that sends it would quote the key. */
function readKey(variable: string, key: string | undefined): Secret | undefined {
  const trimmed = key?.trim() ?? "";
  if (trimmed === "") return undefined;
  if (!/^[\x21-\x7e]+$/.test(trimmed))
    throw new ConfigError(`${variable} must be printable ASCII without blanks; its value is not shown here.`);
  return new Secret(trimmed);
}

/** By OpenTelemetry's own variables. */
function hasTraces(endpoint: string | undefined, env: NodeJS.ProcessEnv): boolean {
  const is = (variable: string, value: string) => env[variable]?.trim().toLowerCase() === value;
  const where = endpoint ?? env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? "";
  return where.trim() !== "" && !is("OTEL_SDK_DISABLED", "true") && !is("OTEL_TRACES_EXPORTER", "none");
}

/** Refuses a URL with a password in it, which would show in errors. */
function readBaseUrl(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const right =
    parsed !== undefined && /^https?:$/.test(parsed.protocol) && !parsed.username && !parsed.password;
  if (!right)
    throw new ConfigError(
      "OPENAI_BASE_URL must be an http or https URL without user name and password, such as http://localhost:11434/v1.",
    );
  return url;
}

function validate({ name, range, choices }: Setting, value: string): void {
  const refuse = (right: string): never => {
    throw new ConfigError(
      `--${name} (or ${variableOf(name)}) must be ${right}, got ${JSON.stringify(value)}.`,
    );
  };
  if (choices !== undefined && !choices.includes(value)) refuse(`one of ${choices.join(", ")}`);
  if (range !== undefined) {
    const [min, max] = range;
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) refuse(`a whole number from ${min} to ${max}`);
  }
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === "object" && part !== null) deepFreeze(part);
  return Object.freeze(value);
}
