import { createHash } from "node:crypto";
import { Router } from "express";
import type { PythonFunction } from "../../catalog/python-stubs.js";
import { SCRIPT, STYLE } from "./landing-assets.js";
import { landingPage } from "./landing-page.js";
import { readiness } from "./readiness.js";

export interface LandingOptions {
  /** The tools of the catalog; asked for each page. */
  readonly functions: () => readonly PythonFunction[];
  /** The endpoint that clients connect to, as they reach it; asked for each page. */
  readonly url: () => string;
  readonly version: string;
  /** Whether clients need a bearer token that the operator gave out; not so where OAuth brings it. */
  readonly token?: boolean;
  /** Whether the server can run a program. Asked at most once a second, a no after 2 s. */
  readonly ready: () => Promise<boolean>;
}

const HEADERS = {
  "Content-Security-Policy": [
    "default-src 'none'",
    `style-src ${sourceOf(STYLE)}`,
    `script-src ${sourceOf(SCRIPT)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
};

/** `/`: what the server is, how to connect, its tools and its health, for a person in a browser. */
export function landingRoute({
  functions,
  url,
  version,
  token = false,
  ready: probe,
}: LandingOptions): Router {
  const ready = readiness(probe);
  const router = Router();
  router.get("/", async (_request, response) => {
    const page = landingPage({ functions: functions(), url: url(), version, token, isReady: await ready() });
    response.set(HEADERS).type("html").send(page);
  });
  return router;
}

/** Allows exactly this text, inline, and no other. */
function sourceOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
