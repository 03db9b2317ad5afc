import { context, DiagLogLevel, diag, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import { VERSION } from "../version.js";
import { within } from "../waiting.js";
import { Spans } from "./spans.js";
import type { Tracing } from "./tracing.js";

const NAME = "monty-code-mode";
const CLOSE_MS = 2000;

export interface TracingOptions {
  /** Is told what is wrong with the settings, and once that the collector cannot be reached. */
  readonly warn: (problem: string) => void;
  /** Longest time for sending a batch, its retries included, milliseconds; as the environment says by default. */
  readonly exportMs?: number | undefined;
}

/**
 * Starts tracing, as the `OTEL_*` variables say: where to, headers, sampling, resource. Spans of tools that use
 * OpenTelemetry's API become part of the traces.
 */
export function startTracing({ warn, exportMs }: TracingOptions): Tracing {
  const ignore = () => undefined;
  diag.setLogger(
    { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const exporter = new OTLPTraceExporter(exportMs === undefined ? {} : { timeoutMillis: exportMs });
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ "service.name": NAME, "service.version": VERSION }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(warnOnce(exporter, warn))],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  return new Spans(provider.getTracer(NAME, VERSION), async () => {
    await within(
      CLOSE_MS,
      provider.shutdown().catch(() => undefined),
    );
  });
}

/** The exporter, whose failures are told once until it succeeds again. */
function warnOnce(exporter: SpanExporter, warn: (problem: string) => void): SpanExporter {
  let failing = false;
  return {
    export(spans, done) {
      exporter.export(spans, ({ code, error }) => {
        if (code === SUCCESS) failing = false;
        else if (!failing) {
          failing = true;
          warn(`traces cannot be sent, and are dropped: ${error?.message || "the collector gave no answer"}`);
        }
        done({ code: SUCCESS });
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

/** `ExportResultCode.SUCCESS`. */
const SUCCESS = 0;
