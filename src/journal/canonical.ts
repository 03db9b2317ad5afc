import { createHash } from "node:crypto";
import type { PythonFunction } from "../catalog/python-stubs.js";
import { isObject } from "../is-object.js";

type Arguments = Readonly<Record<string, unknown>>;

/** Longer keys are kept as their hash. */
const LONGEST_KEY = 1000;

/** A text that two calls share when they are the same call: same tool, same arguments, defaults filled in. */
export function callKey(declared: PythonFunction): (args: Arguments) => string {
  const { name } = declared;
  const defaults = defaultsOf(declared);
  return (args) => {
    const text = canonical({ ...defaults, ...args });
    return `${name} ${text.length > LONGEST_KEY ? createHash("sha256").update(text).digest("hex") : text}`;
  };
}

/** Defaults by the names of the parameters. */
function defaultsOf({ tool, parameters }: PythonFunction): Arguments {
  const properties = (tool.inputSchema.properties ?? {}) as Record<string, { default?: unknown } | undefined>;
  return Object.fromEntries(
    parameters.flatMap(({ name, property }) => {
      const value = properties[property]?.default;
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}
