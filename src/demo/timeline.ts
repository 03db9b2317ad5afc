import type { Paint } from "../paint.js";

/** One tool call of a program, as `execute_python` reports it. */
export interface TimedCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Milliseconds from the start of the program. */
  readonly started_ms: number;
  readonly duration_ms: number;
  readonly error: string | null;
}

/** How much of a row the call itself may take. */
const LABEL_SHARE = 0.56;

/** The calls on a common axis of time, one row each, under a row with the two ends of the axis. */
export function timeline(calls: readonly TimedCall[], totalMs: number, width: number, paint: Paint): string {
  const labels = calls.map(label);
  const labelWidth = Math.min(
    Math.floor(width * LABEL_SHARE),
    Math.max(...labels.map(({ length }) => length)),
  );
  const axis = width - labelWidth - 12;
  const column = (ms: number) => Math.min(axis - 1, Math.floor((ms / totalMs) * axis));
  const end = milliseconds(totalMs);
  const scale = `0${end.padStart(axis - 1)}`;
  const rows = calls.map((call, index) => {
    const from = column(call.started_ms);
    const length = Math.max(1, column(call.started_ms + call.duration_ms) - from);
    const bar = "█".repeat(length);
    return [
      cut(labels[index] ?? "", labelWidth).padEnd(labelWidth),
      ` ${" ".repeat(from)}${paint(call.error === null ? "blue" : "red", bar)}${" ".repeat(axis - from - length)}`,
      milliseconds(call.duration_ms).padStart(9),
    ].join(" ");
  });
  return [`${" ".repeat(labelWidth + 2)}${paint("dim", scale)}`, ...rows].join("\n");
}

/** `1,234 ms`. */
export function milliseconds(ms: number): string {
  return `${Math.round(ms).toLocaleString("en-US")} ms`;
}

function label(call: TimedCall): string {
  const args = Object.entries(call.arguments).map(([name, value]) => `${name}=${short(value)}`);
  return `${call.name}(${args.join(", ")})`;
}

function short(value: unknown): string {
  if (Array.isArray(value)) return "[…]";
  if (typeof value === "object" && value !== null) return "{…}";
  return JSON.stringify(value);
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
