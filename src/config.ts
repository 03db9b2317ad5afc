import { availableParallelism } from "node:os";
import { delimiter } from "node:path";
import type { Limits } from "./sandbox/program.js";

/** What the user can set, read from flags and environment, validated and frozen. */
export interface Config {
  readonly limits: Limits;
  /** Sandbox processes kept ready. */
  readonly poolSize: number;
  /** Programs that run at once. */
  readonly maxPrograms: number;
  /** Folders with the user's own tools. */
  readonly tools: readonly string[];
  /** The Monty executable; that of the installed platform package where undefined. */
  readonly runtime: string | undefined;
  readonly logLevel: string;
}

/** A setting has no valid value. The message names the flag, the variable and what would be right. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

export interface Setting {
  /** As in `--timeout-ms` and `MONTY_CODE_MODE_TIMEOUT_MS`. */
  readonly name: string;
  /** What stands for the value in the help; a number, a path or one of the choices. */
  readonly value: string;
  /** As text; undefined where there is none. */
  readonly default: string | undefined;
  /** What the default is, where it differs from machine to machine. */
  readonly defaultNote?: string;
  readonly description: string;
  readonly range?: readonly [min: number, max: number];
  readonly choices?: readonly string[];
  /** Given several times; in the environment separated as in PATH. */
  readonly repeatable?: boolean;
}

const MAX_INT = 2 ** 31 - 1;
const CORES = availableParallelism();

function count(name: string, value: number, range: readonly [number, number], description: string): Setting {
  return { name, value: "N", default: String(value), range, description };
}

function perCore(name: string, times: number, note: string, description: string): Setting {
  return { ...count(name, CORES * times, [1, 1024], description), defaultNote: note };
}

/** Every setting: the flags, the environment variables and the table of the README come from here. */
export const SETTINGS: readonly Setting[] = [
  {
    name: "tools",
    value: "DIR",
    default: undefined,
    repeatable: true,
    description: "Folder with your own tools; can be given several times.",
  },
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
  count("result-kib", 256, [1, 32_768], "Length of a result as JSON, KiB; a longer one is cut."),
  count("stdout-kib", 64, [1, 16_384], "Length of what a program prints, KiB; more is cut."),
  perCore("pool-size", 1, "one a core", "Sandbox processes kept ready."),
  perCore("max-programs", 4, "four a core", "Programs that run at once; more wait their turn."),
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
];

/** `--timeout-ms` -> `MONTY_CODE_MODE_TIMEOUT_MS`. */
export function variableOf(name: string): string {
  return `MONTY_CODE_MODE_${name.toUpperCase().replaceAll("-", "_")}`;
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
    return flags[setting.name] ?? (variable === "" ? undefined : variable) ?? setting.default;
  };
  const values = new Map<string, string | readonly string[] | undefined>();
  for (const setting of SETTINGS) {
    const value = raw(setting);
    if (typeof value === "string") validate(setting, value);
    values.set(setting.name, value);
  }
  const number = (name: string) => Number(values.get(name));
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
      stdoutBytes: number("stdout-kib") * 1024,
    },
    poolSize: number("pool-size"),
    maxPrograms: number("max-programs"),
    tools: typeof tools === "string" ? tools.split(delimiter).filter((dir) => dir !== "") : tools,
    runtime: values.get("runtime") as string | undefined,
    logLevel: values.get("log-level") as string,
  });
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
