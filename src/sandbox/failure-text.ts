import type { Failure } from "./program.js";

/** A failure as a model reads it to mend its program. */
export function failureText({ kind, message, line, source, hint }: Failure): string {
  const where = line === undefined ? "" : ` in line ${line}`;
  const quoted = source === undefined ? [] : [`  ${line} | ${source}`];
  return [
    `${LABELS[kind]}${where}: ${message}`,
    ...quoted,
    ...(hint === undefined ? [] : [`Hint: ${hint}`]),
  ].join("\n");
}

const LABELS: Record<Failure["kind"], string> = {
  syntax: "syntax error",
  type: "type error",
  runtime: "runtime error",
  limit: "limit reached",
  crash: "crash",
  cancelled: "cancelled",
};
