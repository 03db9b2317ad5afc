import { phaseTitle } from "../ask/stats.js";
import type { TurnEvent } from "../ask/turn.js";
import { painter } from "../paint.js";
import { failureText } from "../sandbox/failure-text.js";
import { visible } from "../visible.js";

/** Tells a person at a terminal, on stderr, what a turn is doing. Elsewhere, nothing. */
export function progressOn(stream: NodeJS.WriteStream): (event: TurnEvent) => void {
  if (!stream.isTTY) return () => undefined;
  const paint = painter(stream);
  const say = (text: string) => stream.write(`${paint("dim", text)}\n`);
  return (event) => {
    if (event.type === "phase") {
      say(`${phaseTitle(event.phase)}${event.attempt > 1 ? `, attempt ${event.attempt}` : ""}`);
    } else if (event.type === "attempt" && event.error !== null) {
      const { execution, error } = event;
      // The person knows.
      if (execution?.ok === false && execution.failure.kind === "cancelled") return;
      const why = execution?.ok === false ? failureText(execution.failure) : error;
      say(`         failed: ${visible(why.split("\n")[0] ?? "")}`);
    } else if (event.type === "corrected") {
      say(`         numbers that stand nowhere: ${visible(event.numbers.join(", "))}`);
    }
  };
}
