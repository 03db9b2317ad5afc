import type { Config } from "../config.js";
import type { Logger } from "../logger.js";
import { landingRoute } from "../server/http/landing.js";
import { Metrics } from "../server/http/metrics.js";
import { opsRoutes } from "../server/http/ops.js";
import { checkHttpSettings } from "../server/http/settings.js";
import { type HttpServer, serveHttp } from "../server/http.js";
import type { Tracing } from "../telemetry/tracing.js";
import { VERSION } from "../version.js";
import { openSandbox } from "./open-sandbox.js";
import { type OpenTools, openTools } from "./tools.js";
import { UsageError } from "./usage-error.js";

/** Serves MCP over HTTP until the process is told to stop. */
export async function serveOverHttp(
  config: Config,
  logger: Logger,
  tracing: Tracing | undefined,
): Promise<void> {
  const { keep, model, ask, exposure, http: settings } = config;
  checkHttpSettings(settings);
  const ended = new Promise<string>((resolve) => {
    process.once("SIGTERM", resolve);
    process.once("SIGINT", resolve);
  });
  const sandbox = openSandbox(config, tracing);
  let tools: OpenTools | undefined;
  try {
    let unused = 0;
    tools = await openTools(config, logger, () => {
      unused += 1;
    });
    // Which files these are is no matter of clients from elsewhere.
    const problems =
      unused === 0 ? [] : [`Tools that could not be loaded: ${unused}. The server's log says why.`];
    // They start meanwhile.
    void tools.started();
    const catalog = tools;
    const functions = () => catalog.catalog.stubs.functions;
    const ready = () => sandbox.ping();
    let server: HttpServer | undefined;
    const metrics = new Metrics({
      functions,
      pool: () => sandbox.state,
      sessions: () => server?.sessions.size ?? 0,
    });
    const landing = landingRoute({
      functions,
      url: () =>
        settings.publicUrl === undefined ? (server?.url ?? "") : new URL("/mcp", settings.publicUrl).href,
      version: VERSION,
      token: settings.authToken !== undefined || settings.oauth.issuer !== undefined,
      ready,
    });
    const options = {
      settings,
      catalog,
      sandbox,
      keep,
      model,
      ask,
      exposure,
      logger,
      observer: metrics,
      tracing,
      problems,
    };
    server = await listen(() => serveHttp({ ...options, ops: opsRoutes({ metrics, ready }), landing }));
    process.stderr.write(`monty-code-mode: listening on ${server.url}\n`);
    logger.info("shutting down", { reason: await ended });
    await server.close();
  } finally {
    await Promise.all([sandbox.close(), tools?.close()]);
  }
}

/** @throws UsageError when the address cannot be listened on. */
async function listen(start: () => Promise<HttpServer>): Promise<HttpServer> {
  try {
    return await start();
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    if (syscall === "listen" || syscall === "getaddrinfo")
      throw new UsageError(`The server cannot listen: ${message}. Choose another --host or --port.`);
    throw error;
  }
}
