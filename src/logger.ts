import { createRequire } from "node:module";
import type { pino } from "pino";

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/** Logs to stderr: stdout belongs to the protocol. */
export interface Logger {
  debug(message: string, facts?: object): void;
  info(message: string, facts?: object): void;
  warn(message: string, facts?: object): void;
  error(message: string, facts?: object): void;
}

/** A pino logger that is loaded when there is first something to log: most starts log nothing. */
export function createLogger(level: string): Logger {
  let logger: pino.Logger | undefined;
  const load = (): pino.Logger => {
    const { pino } = createRequire(import.meta.url)("pino") as typeof import("pino");
    return pino({ name: "monty-code-mode", level }, pino.destination(2));
  };
  const at =
    (method: "debug" | "info" | "warn" | "error") =>
    (message: string, facts: object = {}) => {
      if (LEVELS.indexOf(method) < LEVELS.indexOf(level)) return;
      logger ??= load();
      logger[method](facts, message);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
