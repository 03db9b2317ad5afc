import type { APIError } from "openai";
import type { Secret } from "../../secret.js";
import { ModelError } from "./model.js";

/** What messages may say about an endpoint; the key is here to be taken out of them. */
export interface Endpoint {
  readonly origin: string;
  /** Of the base URL. */
  readonly path: string;
  readonly model: string;
  readonly apiKey: Secret | undefined;
}

/** What came is no chat completion. */
export class MalformedReply extends Error {
  override readonly name = "MalformedReply";
}

const MAX_QUOTE = 300;
const BACK_OFF_MS = 1000;
/** Timeout, conflict of a lock, too many requests; and all from 500. */
const TRANSIENT_STATUSES = [408, 409, 429];
/** Connections that came about and broke, or may come about a moment later. */
const TRANSIENT_CODES = [
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
];

/**
 * How long to wait before the next attempt, milliseconds: what the server asks for, or a random part of 1, 2, 4 … s.
 * Undefined where another attempt would not help.
 */
export function retryDelayMs(error: unknown, attempt: number): number | undefined {
  const { status, headers } = error as Partial<APIError>;
  const transient =
    status === undefined
      ? TRANSIENT_CODES.includes(codeOf(error) ?? "")
      : TRANSIENT_STATUSES.includes(status) || status >= 500;
  if (!transient || headers?.get("x-should-retry") === "false") return undefined;
  return retryAfterMs(headers) ?? Math.random() * BACK_OFF_MS * 2 ** (attempt - 1);
}

function retryAfterMs(headers: Headers | undefined): number | undefined {
  const milliseconds = Number.parseFloat(headers?.get("retry-after-ms") ?? "");
  if (milliseconds >= 0) return milliseconds;
  const after = headers?.get("retry-after") ?? "";
  const ms = /^[\d.]+$/.test(after) ? Number.parseFloat(after) * 1000 : Date.parse(after) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}

/** One sentence for whoever set the endpoint up. The error itself, which holds requests and headers, stays behind. */
export function explainFailure(error: unknown, endpoint: Endpoint, attempts: number): ModelError {
  const { status, error: body } = error as Partial<APIError>;
  if (status !== undefined) return new ModelError(explainStatus(error as APIError, endpoint, attempts));
  const { origin } = endpoint;
  if (body !== undefined)
    return new ModelError(`The model's server at ${origin} broke off its reply${quote(error, endpoint)}`);
  if (error instanceof MalformedReply || error instanceof SyntaxError)
    return new ModelError(
      `What answers at ${origin} is no chat completion: check OPENAI_BASE_URL${pathHint(endpoint)}.`,
    );
  return new ModelError(explainConnection(error, endpoint, attempts));
}

function explainStatus(error: APIError, endpoint: Endpoint, attempts: number): string {
  const { status } = error;
  const server = `The model's server at ${endpoint.origin}`;
  const quoted = quote(error, endpoint);
  const tries = attempts === 1 ? "" : ` in each of ${attempts} attempts`;
  switch (status) {
    case 401:
      return endpoint.apiKey === undefined
        ? `${server} asks for a key (HTTP 401): set OPENAI_API_KEY.`
        : `${server} refused the key in OPENAI_API_KEY (HTTP 401): set one that is valid there.`;
    case 404:
      return (
        `${server} does not know the model ${endpoint.model}, or has no chat completions at this URL (HTTP 404): ` +
        `check OPENAI_MODEL and OPENAI_BASE_URL${pathHint(endpoint)}${quoted}`
      );
    case 429:
      return `${server} had too many requests${tries} (HTTP 429): wait, or check the limits of your key${waitAsked(error)}${quoted}`;
    default:
      return status !== undefined && status >= 500
        ? `${server} failed${tries} (HTTP ${status})${waitAsked(error)}${quoted}`
        : `${server} refused the request (HTTP ${status})${quoted}`;
  }
}

function explainConnection(error: unknown, endpoint: Endpoint, attempts: number): string {
  const { origin } = endpoint;
  const code = codeOf(error);
  switch (code) {
    case "ECONNREFUSED":
      return `Nothing listens at ${origin}: start the model's server there, or correct OPENAI_BASE_URL.`;
    case "ENOTFOUND":
      return `The host of ${origin} is not known: correct OPENAI_BASE_URL.`;
    case undefined:
      return `The request to ${origin} failed${quote(error, endpoint)}`;
    default:
      return attempts === 1
        ? `The connection to ${origin} failed (${code}).`
        : `The connection to ${origin} failed in each of ${attempts} attempts (${code}).`;
  }
}

function pathHint({ path }: Endpoint): string {
  return /\/v\d/.test(path) ? "" : ", which at most servers ends in /v1";
}

function waitAsked({ headers }: APIError): string {
  const ms = retryAfterMs(headers);
  return ms === undefined || ms < 1000 ? "" : `; it asks to wait ${Math.ceil(ms / 1000)} s`;
}

/** What the server said, as the end of a sentence: it may quote the request with the key. */
function quote(error: unknown, { apiKey }: Endpoint): string {
  const { status, message } = error as APIError;
  const said = message
    .replace(`${status} status code (no body)`, "")
    .replace(new RegExp(`^${status} `), "")
    .replace(/\s+/g, " ")
    .trim();
  const clean = apiKey === undefined ? said : said.replaceAll(apiKey.reveal(), "[key]");
  if (clean === "") return ".";
  return `: ${clean.length > MAX_QUOTE ? `${clean.slice(0, MAX_QUOTE)}…` : clean}`;
}

/** The system's or the HTTP client's own name for a failure, such as ECONNRESET. */
function codeOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === "string") return code;
  }
  return undefined;
}
