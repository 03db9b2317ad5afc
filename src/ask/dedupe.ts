import type { PythonFunction } from "../catalog/python-stubs.js";
import { callKey } from "../journal/canonical.js";
import { type HostFunction, NotMade } from "../sandbox/program.js";

/**
 * The function of one program, bound so that a read-only tool runs once for the same arguments, defaults filled in:
 * later calls get the same result, also while the first is still running. A failure is not kept.
 */
export function callOnce(declared: PythonFunction, host: HostFunction): HostFunction {
  if (declared.tool.annotations.readOnlyHint !== true) return host;
  const keyOf = callKey(declared);
  const results = new Map<string, Promise<unknown>>();
  return {
    ...host,
    call(args, signal, untimed) {
      const key = keyOf(args);
      const known = results.get(key);
      if (known) return known.then((given) => (given instanceof NotMade ? given : new NotMade(given)));
      const result = host.call(args, signal, untimed);
      results.set(key, result);
      result.catch(() => results.delete(key));
      return result;
    },
  };
}
