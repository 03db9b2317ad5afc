import type { Config } from "../config.js";
import type { TracingOptions } from "../telemetry/opentelemetry.js";
import type { Tracing } from "../telemetry/tracing.js";

/** For a command that ends by itself: it must not wait for a collector that does not answer. */
export const EXPORT_MS = 2000;

/** Starts tracing where the environment says where traces go; undefined elsewhere, and nothing of it is loaded. */
export async function openTracing(
  { tracing }: Config,
  options: TracingOptions,
): Promise<Tracing | undefined> {
  if (!tracing) return undefined;
  const { startTracing } = await import("../telemetry/opentelemetry.js");
  return startTracing(options);
}
