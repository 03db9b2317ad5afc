import { availableParallelism } from "node:os";

export interface Setting {
  /** As in `--timeout-ms` and `MONTY_CODE_MODE_TIMEOUT_MS`. */
  readonly name: string;
  /** The variable of a setting that only the environment has: a key on a command line is seen by everybody. */
  readonly variable?: string;
  /** What stands for the value in the help; a number, a path or one of the choices. Undefined for a flag without one. */
  readonly value: string | undefined;
  /** As text; undefined where there is none. */
  readonly default: string | undefined;
  /** What the default is, where it differs from machine to machine. */
  readonly defaultNote?: string;
  readonly description: string;
  readonly range?: readonly [min: number, max: number];
  readonly choices?: readonly string[];
  /** Given several times; in the environment separated as in PATH. */
  readonly repeatable?: boolean;
  /** Of the command `serve` alone. */
  readonly serve?: boolean;
}

const MAX_INT = 2 ** 31 - 1;
const CORES = availableParallelism();

function count(name: string, value: number, range: readonly [number, number], description: string): Setting {
  return { name, value: "N", default: String(value), range, description };
}

function perCore(name: string, times: number, note: string, description: string): Setting {
  return { ...count(name, CORES * times, [1, 1024], description), defaultNote: note };
}

function textSetting(name: string, value: string, description: string): Setting {
  return { name, value, default: undefined, description };
}

const HTTP_SETTINGS: readonly Setting[] = [
  {
    name: "http",
    value: undefined,
    default: undefined,
    defaultNote: "off",
    choices: ["0", "1", "false", "true"],
    description: "Serve over HTTP instead of stdio.",
  },
  {
    ...textSetting("host", "HOST", "Address to listen on; any but loopback needs a token or OAuth."),
    default: "127.0.0.1",
  },
  count("port", 3333, [0, 65_535], "Port to listen on; 0 picks one that is free."),
  textSetting("public-url", "URL", "Origin that clients use where a proxy or a name is in between."),
  textSetting(
    "auth-token",
    "TOKEN",
    "Token that clients must send; better in the environment, others see flags.",
  ),
  textSetting("oauth-issuer", "URL", "Authorization server whose JWTs are taken."),
  textSetting("oauth-audience", "TEXT", "Audience that the JWTs must have."),
  textSetting("oauth-jwks-url", "URL", "Where the keys of the authorization server are."),
  count("max-sessions", 100, [1, 100_000], "Sessions at a time; a new one beyond is answered 503."),
  count("session-idle-ms", 1_800_000, [1, MAX_INT], "A session without request and stream ends after that."),
  count("body-kib", 1024, [1, 65_536], "Length of a request, KiB."),
  count("rate-per-minute", 600, [1, MAX_INT], "Requests of one client address in a minute."),
  count(
    "shutdown-grace-ms",
    10_000,
    [0, MAX_INT],
    "Time for requests under way when the server is told to stop.",
  ),
];

/** Every setting: the flags, the environment variables and the table of the README come from here. */
export const SETTINGS: readonly Setting[] = [
  {
    name: "tools",
    value: "DIR",
    default: undefined,
    repeatable: true,
    description: "Folder with your own tools; can be given several times.",
  },
  textSetting(
    "config",
    "FILE",
    "JSON file with `mcpServers`: other MCP servers, whose tools are served too.",
  ),
  count("timeout-ms", 30_000, [1, MAX_INT], "Wall clock time of a program, milliseconds."),
  count(
    "interpreter-ms",
    10_000,
    [1, MAX_INT],
    "Time a program may compute, without waiting for tools, milliseconds.",
  ),
  count("memory-mib", 128, [8, 65_536], "Memory of a program, MiB."),
  count("recursion", 200, [10, 1000], "Depth of nested calls in a program."),
  count("tool-calls", 500, [1, MAX_INT], "Tool calls of a program."),
  count("parallel-tool-calls", 32, [1, 10_000], "Tool calls of a program at a time; more wait their turn."),
  count("code-kib", 256, [1, 16_384], "Length of a program, KiB."),
  count(
    "result-kib",
    256,
    [1, 32_768],
    "Length of a result as JSON, KiB; of a longer one, a preview is given.",
  ),
  count("preview-kib", 16, [1, 32_768], "Length of such a preview, KiB."),
  count("keep-executions", 100, [1, 100_000], "Programs of a connection whose calls and results are kept."),
  count("keep-mib", 128, [1, 65_536], "Room for those calls and results of a connection, MiB."),
  count("keep-minutes", 60, [1, 100_000], "How long they are kept, minutes."),
  count("stdout-kib", 64, [1, 16_384], "Length of what a program prints, KiB; more is cut."),
  {
    name: "expose",
    value: "WHICH",
    default: undefined,
    defaultNote: "code beyond 20 tools, else all",
    choices: ["all", "code"],
    description: "Tools that clients can call directly: all, or search_tools, execute_python and ask alone.",
    serve: true,
  },
  count(
    "stub-tokens",
    2000,
    [0, 10_000_000],
    "Length of the stubs that a model is shown, tokens; beyond, it is told how to search.",
  ),
  perCore("pool-size", 1, "one a core", "Sandbox processes kept ready."),
  perCore("max-programs", 4, "four a core", "Programs that run at once; more wait their turn."),
  count("max-wait-ms", 30_000, [1, MAX_INT], "Longest wait of a program for its turn, milliseconds."),
  count("python-sessions", 4, [1, 1024], "Sessions of programs of a connection; each holds a process."),
  count("max-python-sessions", 32, [1, 10_000], "Sessions of programs of all connections together."),
  count(
    "python-session-idle-ms",
    900_000,
    [1, MAX_INT],
    "A session of programs ends after that long without one, milliseconds.",
  ),
  {
    name: "runtime",
    value: "FILE",
    default: undefined,
    description: "The Monty executable to use instead of the installed one.",
  },
  {
    name: "log-level",
    value: "LEVEL",
    default: "info",
    choices: ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
    description: "What is logged, to stderr.",
  },
  {
    name: "openai-api-key",
    variable: "OPENAI_API_KEY",
    value: "KEY",
    default: undefined,
    description: "Key of the model for ask and chat; an endpoint of your own may need none.",
  },
  {
    name: "openai-base-url",
    variable: "OPENAI_BASE_URL",
    value: "URL",
    default: undefined,
    defaultNote: "OpenAI's",
    description: "Any endpoint with chat completions: Ollama, vLLM, llama.cpp, OpenRouter.",
  },
  {
    name: "openai-model",
    variable: "OPENAI_MODEL",
    value: "NAME",
    default: "gpt-5.4-mini",
    description: "The model, as the endpoint calls it.",
  },
  count(
    "model-timeout-ms",
    60_000,
    [1, MAX_INT],
    "Time for one reply of the model, with its retries, milliseconds.",
  ),
  count("ask-attempts", 4, [1, 20], "Programs that the model may write for one question."),
  count(
    "history-tokens",
    16_000,
    [1000, 10_000_000],
    "Length of a conversation that the model sees, tokens.",
  ),
  {
    name: "session-log",
    value: "DIR",
    default: undefined,
    defaultNote: "none; logs for chat",
    description: "Folder for a log of each session of questions: programs, answers, tokens.",
  },
  {
    name: "otlp-endpoint",
    variable: "OTEL_EXPORTER_OTLP_ENDPOINT",
    value: "URL",
    default: undefined,
    description: "Collector that traces are sent to, by OTLP over HTTP.",
  },
  ...HTTP_SETTINGS.map((setting) => ({ ...setting, serve: true })),
];

/** `timeout-ms` -> `MONTY_CODE_MODE_TIMEOUT_MS`. */
export function variableOf(name: string): string {
  const own = SETTINGS.find((setting) => setting.name === name)?.variable;
  return own ?? `MONTY_CODE_MODE_${name.toUpperCase().replaceAll("-", "_")}`;
}
