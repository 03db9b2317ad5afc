import type { Config } from "../config.js";
import { Sandbox } from "../sandbox/sandbox.js";
import type { Tracing } from "../telemetry/tracing.js";

/**
 * The sandbox of the settings; its processes are starting.
 *
 * @throws RuntimeMissingError when there is no runtime.
 */
export function openSandbox(config: Config, tracing?: Tracing): Sandbox {
  const { limits, poolSize, maxPrograms, maxWaitMs, runtime } = config;
  return new Sandbox({
    limits,
    poolSize,
    maxPrograms,
    maxWaitMs,
    sessionsPerOwner: config.pythonSessions,
    sessions: config.maxPythonSessions,
    sessionIdleMs: config.pythonSessionIdleMs,
    executable: runtime,
    around: tracing?.program,
  });
}
