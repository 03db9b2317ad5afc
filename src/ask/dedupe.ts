import { bindTool, type CallContext } from "../bind.js";
import type { PythonFunction } from "../catalog/python-stubs.js";
import type { HostFunction } from "../sandbox/program.js";

/**
 * The functions of one program, bound so that a read-only tool runs once for the same arguments, defaults filled in:
 * later calls get the same result, also while the first is still running. A failure is not kept.
 */
export function bindOnce(functions: readonly PythonFunction[], context: CallContext = {}): HostFunction[] {
  return functions.map((declared) => {
    const host = bindTool(declared, context);
    if (declared.tool.annotations.readOnlyHint !== true) return host;
    const defaults = defaultsOf(declared);
    const results = new Map<string, Promise<unknown>>();
    return {
      ...host,
      call(args, signal, untimed) {
        const key = canonical({ ...defaults, ...args });
        const known = results.get(key);
        if (known) return known;
        const result = host.call(args, signal, untimed);
        results.set(key, result);
        result.catch(() => results.delete(key));
        return result;
      },
    };
  });
}

/** Defaults by the names of the parameters. */
function defaultsOf({ tool, parameters }: PythonFunction): Record<string, unknown> {
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
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
