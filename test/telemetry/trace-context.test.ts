import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { remoteContext } from "../../src/telemetry/trace-context.js";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

function read(carrier: Record<string, unknown> | undefined) {
  const context = remoteContext(carrier, ROOT_CONTEXT);
  return context && trace.getSpanContext(context);
}

describe("the trace of a caller", () => {
  it("is read from traceparent and tracestate", () => {
    const caller = read({ traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: "a=1,b=2" });
    expect(caller).toMatchObject({ traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true });
    expect(caller?.traceState?.serialize()).toBe("a=1,b=2");
  });

  it("is read where it is not sampled, and of a later version with more fields", () => {
    expect(read({ traceparent: `00-${TRACE}-${SPAN}-00` })).toMatchObject({ traceFlags: 0 });
    expect(read({ traceparent: `01-${TRACE}-${SPAN}-03-more` })).toMatchObject({ traceFlags: 1 });
  });

  it.each([
    ["nothing", undefined],
    ["an empty object", {}],
    ["a number", { traceparent: 7 }],
    ["two headers", { traceparent: [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`] }],
    ["a trace of zeros", { traceparent: `00-${"0".repeat(32)}-${SPAN}-01` }],
    ["a span of zeros", { traceparent: `00-${TRACE}-${"0".repeat(16)}-01` }],
    ["capitals", { traceparent: `00-${TRACE.toUpperCase()}-${SPAN}-01` }],
    ["version ff", { traceparent: `ff-${TRACE}-${SPAN}-01` }],
    ["version 00 with more fields", { traceparent: `00-${TRACE}-${SPAN}-01-more` }],
  ])("is none for %s", (_what, carrier) => {
    expect(read(carrier)).toBeNull();
  });
});
