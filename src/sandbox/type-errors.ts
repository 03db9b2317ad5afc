import type { Diagnostic } from "./monty/checker.js";
import type { HostFunction } from "./program.js";

/** What the checker says of annotations only: the program runs all the same. */
const HARMLESS = new Set([
  "conflicting-declarations",
  "invalid-assignment",
  "invalid-declaration",
  "invalid-parameter-default",
  "invalid-return-type",
  "invalid-type-form",
  // A program may narrow in ways that the checker does not follow; the values decide.
  "no-matching-overload",
]);

/** What is an error whatever the values are. */
const ALWAYS = new Set([
  "invalid-await",
  "invalid-key",
  "invalid-syntax",
  "missing-argument",
  "parameter-already-assigned",
  "too-many-positional-arguments",
  "unknown-argument",
  "unresolved-import",
  "unresolved-reference",
]);

/**
 * The errors that refuse a program. The checker gives `{"name": n, "total": t}` the type
 * `dict[str, str | float]` and so finds errors in right programs, wherever a union or None is involved:
 * such findings are left to the values. A wrong argument counts where it is a tool's.
 */
export function certainErrors(
  found: readonly Diagnostic[],
  functions: readonly HostFunction[],
): readonly Diagnostic[] {
  return found.filter(({ severity, rule, message }) => {
    // A call that nobody awaits is only a warning to the checker.
    if (rule === "unused-awaitable") return true;
    if (severity !== "error") return false;
    if (ALWAYS.has(rule) || message.includes("CoroutineType")) return true;
    if (HARMLESS.has(rule)) return false;
    if (/ \| |`None`/.test(message.replace(/Expected `[^`]*`/, ""))) return false;
    if (rule !== "invalid-argument-type") return true;
    return functions.some(({ name }) => message.includes(`function \`${name}\``));
  });
}
