import { createHash, timingSafeEqual } from "node:crypto";
import type { AuthInfo } from "@modelcontextprotocol/sdk/server/auth/types.js";
import type { Request, RequestHandler, Response } from "express";
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from "jose";
import type { Logger } from "../../logger.js";
import type { Secret } from "../../secret.js";
import { missing, neededScope, SCOPE_NAMES } from "../scopes.js";
import { sendError } from "./errors.js";

export interface OAuth {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
}

export interface BearerOptions {
  readonly token: Secret | undefined;
  readonly oauth: OAuth | undefined;
  /** Where the metadata of this resource are, for a client that has no token yet. */
  readonly metadataUrl: () => string;
  readonly logger: Logger | undefined;
}

export type AuthRequest = Request & { auth?: AuthInfo };

/** Who sends a request; a session belongs to the one who opened it. */
interface Client {
  readonly subject: string;
  /** None for the static token, which may do everything. */
  readonly auth?: AuthInfo;
}

const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
const CLOCK_TOLERANCE_S = 5;

/** The subject of a request that needed no token. */
export const ANYBODY = "anybody";

/** Takes requests with the static token or a JWT of the authorization server; others are answered 401. */
export function bearerGuard({ token, oauth, metadataUrl, logger }: BearerOptions): RequestHandler {
  if (token === undefined && oauth === undefined) {
    return (_req, res, next) => {
      res.locals.subject = ANYBODY;
      next();
    };
  }
  const isStatic = token === undefined ? () => false : sameAs(token.reveal());
  const verify = oauth && jwtVerifier(oauth);
  const where = () => (oauth === undefined ? "" : `, resource_metadata="${metadataUrl()}"`);
  const read = async (bearer: string): Promise<Client | null> => {
    if (isStatic(bearer)) return { subject: "token" };
    return verify === undefined ? null : verify(bearer);
  };
  return async (req: AuthRequest, res, next) => {
    const [, bearer] = /^Bearer +(\S+) *$/i.exec(req.headers.authorization ?? "") ?? [];
    if (bearer === undefined) {
      res.set("WWW-Authenticate", `Bearer realm="mcp"${where()}`);
      return sendError(res, 401, "A bearer token is needed.");
    }
    let client: Client | null;
    try {
      client = await read(bearer);
    } catch (error) {
      logger?.error("the keys of the authorization server cannot be read", {
        error: (error as Error).message,
      });
      res.set("Retry-After", "5");
      return sendError(res, 503, "Tokens cannot be checked now: come again later.");
    }
    if (client === null) {
      res.set("WWW-Authenticate", `Bearer realm="mcp", error="invalid_token"${where()}`);
      return sendError(res, 401, "The bearer token is not valid.");
    }
    res.locals.subject = client.subject;
    if (client.auth !== undefined) req.auth = client.auth;
    next();
  };
}

/**
 * Answers what the token's scopes do not allow with 403 and the scope that is missing. Who resumes a stream needs all
 * those by which its session was `used`: answers to such requests may be on it.
 */
export function scopeGuard(
  metadataUrl: () => string,
  used: (sessionId: string, subject: string) => Iterable<string>,
): RequestHandler {
  return (req: AuthRequest, res, next) => {
    const { auth } = req;
    if (auth === undefined) return next();
    const isResumption = req.method === "GET" && req.get("last-event-id") !== undefined;
    const needed = isResumption
      ? used(req.get("mcp-session-id") ?? "", res.locals.subject)
      : [req.body].flat().map(neededScope);
    const lacking = Array.from(needed, (scope) => missing(scope, auth)).find((scope) => scope !== null);
    if (lacking === undefined) return next();
    const wanted = [...auth.scopes.filter((scope) => SCOPE_NAMES.includes(scope)), lacking];
    res.set(
      "WWW-Authenticate",
      `Bearer realm="mcp", error="insufficient_scope", scope="${wanted.join(" ")}", resource_metadata="${metadataUrl()}"`,
    );
    sendError(res, 403, `The token lacks the scope ${lacking}.`);
  };
}

/** The metadata of RFC 9728. */
export function resourceMetadata(resource: () => string, { issuer }: OAuth): RequestHandler {
  return (_req, res: Response) => {
    res.set("Access-Control-Allow-Origin", "*").json({
      resource: resource(),
      authorization_servers: [issuer],
      scopes_supported: SCOPE_NAMES,
      bearer_methods_supported: ["header"],
      resource_name: "monty-code-mode",
    });
  };
}

/** Compares in a time that tells nothing of the token. */
function sameAs(token: string): (other: string) => boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  const expected = hash(token);
  return (other) => timingSafeEqual(hash(other), expected);
}

/** Gives null for a token that is not valid; throws when the keys cannot be had. */
function jwtVerifier({ issuer, audience, jwksUrl }: OAuth): (jwt: string) => Promise<Client | null> {
  const keys = createRemoteJWKSet(new URL(jwksUrl));
  return async (jwt) => {
    try {
      const { payload } = await jwtVerify(jwt, keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ["exp", "sub"],
      });
      const { sub = "", exp = 0, client_id } = payload;
      const clientId = typeof client_id === "string" ? client_id : sub;
      const auth = { token: jwt, clientId, scopes: scopesOf(payload), expiresAt: exp };
      return { subject: `${clientId} ${sub}`, auth };
    } catch (error) {
      if (isOurs(error)) throw error;
      return null;
    }
  };
}

function scopesOf({ scope, scp }: JWTPayload): string[] {
  const claim = scope ?? scp;
  if (Array.isArray(claim)) return claim.map(String);
  return typeof claim === "string" ? claim.split(" ").filter((name) => name !== "") : [];
}

/** Whether it was not the token that was wrong. */
function isOurs(error: unknown): boolean {
  const { JOSEError, JWKSTimeout, JWKSInvalid } = errors;
  return (
    !(error instanceof JOSEError) ||
    error instanceof JWKSTimeout ||
    error instanceof JWKSInvalid ||
    error.code === "ERR_JOSE_GENERIC"
  );
}
