import { type RequestHandler, Router } from "express";
import type { Metrics } from "./metrics.js";
import { readiness } from "./readiness.js";

export interface OpsOptions {
  readonly metrics: Metrics;
  /** Whether the server can run a program. Asked at most once a second, a no after 2 s. */
  readonly ready: () => Promise<boolean>;
}

/**
 * `/healthz` (the process lives), `/readyz` (it can work: 200 or 503) and `/metrics` (Prometheus). Mount it first, at
 * the root: it counts every request, of later routes too.
 */
export function opsRoutes({ metrics, ready: probe }: OpsOptions): Router {
  const ready = readiness(probe);
  const router = Router();
  router.use(countRequests(metrics));
  router.get("/healthz", (_request, response) => {
    response.set("Cache-Control", "no-store").type("text/plain").send("ok\n");
  });
  router.get("/readyz", async (_request, response) => {
    const isReady = await ready();
    response
      .status(isReady ? 200 : 503)
      .set("Cache-Control", "no-store")
      .type("text/plain")
      .send(isReady ? "ready\n" : "not ready: no sandbox process answers\n");
  });
  router.get("/metrics", async (_request, response) => {
    const text = await metrics.text();
    response.set({ "Cache-Control": "no-store", "Content-Type": metrics.contentType }).send(text);
  });
  return router;
}

/** Counts every request by the route that took it. What no route took is `other`. */
function countRequests(metrics: Metrics): RequestHandler {
  return (request, response, next) => {
    response.once("close", () => {
      const path: unknown = request.route?.path;
      // Routes match whatever the case: a client must not make labels with it.
      const route = typeof path === "string" ? request.baseUrl.toLowerCase() + path : "other";
      metrics.request(request.method, route, response.headersSent ? `${response.statusCode}` : "aborted");
    });
    next();
  };
}
