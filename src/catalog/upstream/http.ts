import { setTimeout } from "node:timers/promises";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { FetchLike } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { HttpEndpoint } from "./config-file.js";
import { MAX_MESSAGE_BYTES } from "./stdio.js";

/** The stream of notifications is opened again for as long as the server answers pings: see `Connection`. */
const RECONNECTION = {
  initialReconnectionDelay: 1000,
  maxReconnectionDelay: 30_000,
  reconnectionDelayGrowFactor: 2,
  maxRetries: Number.MAX_SAFE_INTEGER,
};

/** From one start of the stream of notifications to the next. */
const STREAM_PAUSE_MS = 500;

/** A server that is reached by Streamable HTTP. Its messages have a greatest length. */
export function httpTransport({ url, headers }: HttpEndpoint): StreamableHTTPClientTransport {
  return new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { ...headers } },
    reconnectionOptions: RECONNECTION,
    fetch: boundedFetch(),
  });
}

function boundedFetch(): FetchLike {
  let lastStream = Number.NEGATIVE_INFINITY;
  return async (url, init) => {
    if (init?.method === "GET") {
      // A server may ask to open its stream again at once, whenever it has closed it.
      await setTimeout(Math.max(lastStream + STREAM_PAUSE_MS - performance.now(), 0), undefined, {
        ref: false,
      });
      lastStream = performance.now();
    }
    return bounded(await fetch(url, init));
  };
}

function bounded(response: Response): Response {
  if (response.body === null) return response;
  const isStream = /^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "");
  const body = response.body.pipeThrough(isStream ? boundEvents() : boundBody());
  const { status, statusText, headers } = response;
  const copy = new Response(body, { status, statusText, headers });
  // Where redirects have led to.
  Object.defineProperty(copy, "url", { value: response.url });
  return copy;
}

function tooLong(): Error {
  return new Error(`it sent a message longer than ${MAX_MESSAGE_BYTES / 1024 / 1024} MiB`);
}

function boundBody(): TransformStream<Uint8Array, Uint8Array> {
  let length = 0;
  return new TransformStream({
    transform(chunk, controller) {
      length += chunk.length;
      if (length > MAX_MESSAGE_BYTES) controller.error(tooLong());
      else controller.enqueue(chunk);
    },
  });
}

/** Counts from one empty line to the next: the stream as a whole may be as long as it likes. */
function boundEvents(): TransformStream<Uint8Array, Uint8Array> {
  let length = 0;
  let last = "";
  return new TransformStream({
    transform(chunk, controller) {
      const text = last + Buffer.from(chunk).toString("latin1");
      const end = Math.max(text.lastIndexOf("\n\n"), text.lastIndexOf("\r\n\r\n"), text.lastIndexOf("\r\r"));
      length = end < 0 ? length + chunk.length : text.length - end;
      last = text.slice(-3);
      if (length > MAX_MESSAGE_BYTES) controller.error(tooLong());
      else controller.enqueue(chunk);
    },
  });
}
