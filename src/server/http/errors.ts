import type { ErrorRequestHandler, Response } from "express";
import type { Logger } from "../../logger.js";

/** Codes of JSON-RPC, and of its range for servers. */
export const CODE = { parse: -32_700, internal: -32_603, refused: -32_000, noSession: -32_001 } as const;

/** The text of an error that belongs to no request of JSON-RPC. */
export function errorBody(code: number, message: string): string {
  return JSON.stringify({ jsonrpc: "2.0", error: { code, message }, id: null });
}

export function sendError(res: Response, status: number, message: string, code: number = CODE.refused): void {
  res.status(status).type("application/json").send(errorBody(code, message));
}

/** Answers what Express and its body parser throw. */
export function errorHandler(bodyBytes: number, logger: Logger | undefined): ErrorRequestHandler {
  return (error: { type?: string; status?: number; message?: string }, _req, res, next) => {
    if (res.headersSent) return next(error);
    // What is left of the body is not read.
    res.set("Connection", "close");
    const status = error.status ?? 500;
    if (error.type === "entity.too.large") {
      sendError(res, 413, `The request is too long: the limit is ${bodyBytes} bytes.`);
    } else if (error.type === "entity.parse.failed") {
      sendError(res, 400, "The body is no JSON.", CODE.parse);
    } else if (status < 500) {
      sendError(res, status, error.message ?? "The request cannot be read.");
    } else {
      logger?.error("a request failed", { error: error.message });
      sendError(res, 500, "The server failed.", CODE.internal);
    }
  };
}
