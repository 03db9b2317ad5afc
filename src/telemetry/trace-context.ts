import { type Context, createTraceState, isSpanContextValid, trace } from "@opentelemetry/api";

/** Where a caller may say what its trace is: headers of HTTP, or `_meta` of MCP. */
export type Carrier = Readonly<Record<string, unknown>> | undefined;

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const MAX_TRACESTATE = 512;

/** The context with the span of the caller, by W3C Trace Context; null where it names none. */
export function remoteContext(carrier: Carrier, context: Context): Context | null {
  const [, version, traceId = "", spanId = "", flags = "", more] =
    TRACEPARENT.exec(textOf(carrier?.traceparent).trim()) ?? [];
  // Later versions may append fields; the first one has none.
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return null;
  const state = textOf(carrier?.tracestate);
  const caller = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
    ...(state !== "" && state.length <= MAX_TRACESTATE && { traceState: createTraceState(state) }),
  };
  return isSpanContextValid(caller) ? trace.setSpanContext(context, caller) : null;
}

function textOf(value: unknown): string {
  // A header that came several times is a list.
  return Array.isArray(value) ? value.map(textOf).join(",") : typeof value === "string" ? value : "";
}
