import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

type Value = { stringValue?: string; intValue?: number | string; boolValue?: boolean };
type Attributes = readonly { readonly key: string; readonly value: Value }[];

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Attributes;
  readonly status: { readonly code: number };
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Attributes };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** A span as tests read it. */
export interface CollectedSpan extends Omit<OtlpSpan, "attributes" | "kind" | "status"> {
  readonly kind: string;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

const KINDS = ["unspecified", "internal", "server", "client"];
const ERROR = 2;

/** A collector of traces by OTLP over HTTP with JSON, on a free port of loopback. */
export class Collector implements AsyncDisposable {
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders; body: OtlpRequest }[] =
    [];
  private readonly server: Server;

  private constructor(status: number) {
    this.server = createServer(async (request, response) => {
      const body = (await json(request)) as OtlpRequest;
      this.requests.push({ path: request.url ?? "", headers: request.headers, body });
      response.writeHead(status, { "Content-Type": "application/json" }).end("{}");
    });
  }

  static async start(status = 200): Promise<Collector> {
    const collector = new Collector(status);
    await new Promise<void>((resolve) => collector.server.listen(0, "127.0.0.1", resolve));
    return collector;
  }

  /** What OTEL_EXPORTER_OTLP_ENDPOINT is set to. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get resource(): Readonly<Record<string, unknown>> {
    return attributesOf(this.requests[0]?.body.resourceSpans[0]?.resource.attributes ?? []);
  }

  get spans(): readonly CollectedSpan[] {
    const resources = this.requests.flatMap(({ body }) => body.resourceSpans);
    return resources
      .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
      .map(({ attributes, kind, status, ...span }) => ({
        ...span,
        kind: KINDS[kind] ?? "other",
        failed: status.code === ERROR,
        attributes: attributesOf(attributes),
      }));
  }

  /** The one span of a name. */
  span(name: string): CollectedSpan {
    const found = this.spans.filter((span) => span.name === name);
    if (found[0] === undefined || found.length > 1)
      throw new Error(`${found.length} spans are named ${name}: ${this.spans.map(({ name }) => name)}`);
    return found[0];
  }

  /** Names from the root of a trace, or what was not collected, to a span. */
  path(span: CollectedSpan): string[] {
    const parent = this.spans.find(
      ({ spanId, traceId }) => spanId === span.parentSpanId && traceId === span.traceId,
    );
    return [...(parent === undefined ? [] : this.path(parent)), span.name];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function attributesOf(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, boolValue } }) => [
      key,
      stringValue ?? (intValue === undefined ? boolValue : Number(intValue)),
    ]),
  );
}
