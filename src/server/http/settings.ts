import { ConfigError, type HttpSettings } from "../../config.js";
import type { OAuth } from "./auth.js";
import { isLoopback } from "./guards.js";

/**
 * Checks what the settings say together.
 *
 * @throws ConfigError in one sentence.
 */
export function checkHttpSettings(settings: HttpSettings): {
  oauth: OAuth | undefined;
  publicUrl: URL | undefined;
} {
  const { host, authToken, publicUrl } = settings;
  const oauth = readOAuth(settings.oauth);
  if (!isLoopback(host) && authToken === undefined && oauth === undefined)
    throw new ConfigError(
      `Listening on ${host} opens the server to others: set MONTY_CODE_MODE_AUTH_TOKEN, or --oauth-issuer, --oauth-audience and --oauth-jwks-url.`,
    );
  return { oauth, publicUrl: publicUrl === undefined ? undefined : readOrigin(publicUrl) };
}

function readOAuth({ issuer, audience, jwksUrl }: HttpSettings["oauth"]): OAuth | undefined {
  if (issuer === undefined && audience === undefined && jwksUrl === undefined) return undefined;
  if (issuer === undefined || audience === undefined || jwksUrl === undefined)
    throw new ConfigError("--oauth-issuer, --oauth-audience and --oauth-jwks-url must be set together.");
  if (!isSafe(issuer)) throw new ConfigError(`--oauth-issuer ${HTTPS}`);
  if (!isSafe(jwksUrl)) throw new ConfigError(`--oauth-jwks-url ${HTTPS}`);
  return { issuer, audience, jwksUrl };
}

const HTTPS = "must be an https URL, or an http one on this machine.";

/** Keys that come over the network unprotected could be anybody's. */
function isSafe(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname.replace(/^\[(.*)\]$/, "$1")));
}

function readOrigin(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`)
    throw new ConfigError(
      "--public-url (or MONTY_CODE_MODE_PUBLIC_URL) must be an origin without a path, such as https://tools.example.com.",
    );
  return url;
}
