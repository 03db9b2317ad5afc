import type { Config } from "../config.js";
import { Sandbox } from "../sandbox/sandbox.js";

/**
 * The sandbox of the settings; its processes are starting.
 *
 * @throws RuntimeMissingError when there is no runtime.
 */
export function openSandbox({ limits, poolSize, maxPrograms, maxWaitMs, runtime }: Config): Sandbox {
  return new Sandbox({ limits, poolSize, maxPrograms, maxWaitMs, executable: runtime });
}
