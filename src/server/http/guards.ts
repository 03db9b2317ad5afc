import { networkInterfaces } from "node:os";
import type { RequestHandler } from "express";
import { rateLimit } from "express-rate-limit";
import { sendError } from "./errors.js";

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/** Whether only this machine reaches a server that listens on the address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** An address as it stands in a URL. */
export function inUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** The values of a Host header by which a server is meant: `publicHost` is that of the name it is known by. */
export function servedHosts(host: string, port: number, publicHost: string | undefined): ReadonlySet<string> {
  const names = new Set([...LOOPBACK, inUrl(host)]);
  if (host === "0.0.0.0" || host === "::") {
    for (const { address } of Object.values(networkInterfaces()).flatMap((all) => all ?? []))
      names.add(inUrl(address));
  }
  const hosts = [...names].flatMap((name) => [`${name}:${port}`, ...(port === 80 ? [name] : [])]);
  return new Set([...hosts, ...(publicHost === undefined ? [] : [publicHost])].map((h) => h.toLowerCase()));
}

/** Refuses requests that a page of another site has made, by DNS rebinding or directly. */
export function hostGuard(hosts: () => ReadonlySet<string>): RequestHandler {
  return (req, res, next) => {
    const { host, origin } = req.headers;
    if (host === undefined || !hosts().has(host.toLowerCase()))
      return sendError(res, 403, "This server is not served under that Host.");
    if (origin !== undefined) {
      const from = URL.canParse(origin) ? new URL(origin).host : "";
      if (!hosts().has(from) && !hosts().has(`${from}:80`))
        return sendError(res, 403, "Requests from that Origin are refused.");
    }
    next();
  };
}

/** Refuses more than so many requests in a minute of one client address; says when to come again. */
export function rateGuard(perMinute: number): RequestHandler {
  return rateLimit({
    windowMs: 60_000,
    limit: perMinute,
    standardHeaders: "draft-7",
    legacyHeaders: false,
    // Addresses that proxies tell are not believed.
    validate: { xForwardedForHeader: false, forwardedHeader: false },
    handler: (_req, res) => sendError(res, 429, "Too many requests: come again later."),
  });
}

/** Refuses a body that is not said to be JSON. */
export const jsonGuard: RequestHandler = (req, res, next) => {
  if (req.is("application/json")) next();
  else sendError(res, 415, "The Content-Type must be application/json.");
};
