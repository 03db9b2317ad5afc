import { openaiModel } from "../ask/models/openai.js";
import { totalsOf, totalsTable, turnLine } from "../ask/stats.js";
import type { Turn, TurnEvent } from "../ask/turn.js";
import { UserSession } from "../commands/user-session.js";
import { type Config, hasModel } from "../config.js";
import type { Paint } from "../paint.js";
import { visible } from "../visible.js";
import { paintPython } from "./python.js";
import { ModelEndpoint } from "./scripted-model.js";
import { QUESTIONS, scriptedReply } from "./session-script.js";

const MAX_PROGRAM_LINES = 14;

/** Where the conversation is shown. */
export interface SessionScreen {
  readonly width: number;
  readonly paint: Paint;
  /** Names that stand out in programs. */
  readonly tools: ReadonlySet<string>;
  readonly write: (text: string) => void;
}

/** Which model the conversation is with, and what of it is real. */
export function modelNote(config: Config): string {
  return hasModel(config.model)
    ? `Its model is ${visible(config.model.name)}.`
    : "No model is set, so a script takes\n" +
        "its place, served over HTTP. Its programs really run, on the real tools, and its answers are read\n" +
        "from their results; tokens are estimated. For a real model, set OPENAI_API_KEY or OPENAI_BASE_URL.";
}

/**
 * Holds the conversation of the demo through `ask` and shows it.
 *
 * @throws ModelError when the model gives no reply.
 * @throws Error when the script's conversation did not go as it was to.
 */
export async function showSession(config: Config, screen: SessionScreen): Promise<void> {
  const scripted = hasModel(config.model) ? undefined : await ModelEndpoint.start(scriptedReply);
  const model = openaiModel(
    scripted ? { ...config.model, baseUrl: scripted.url, name: "script" } : config.model,
  );
  const session = await UserSession.open(config, { title: "demo", model, logDir: config.ask.sessionLog });
  try {
    for (const question of QUESTIONS) {
      const { write, paint, width } = screen;
      write(`\n\n${paint("bold", `> ${question}`)}\n${paint("dim", "─".repeat(width))}`);
      let failed = false;
      const turn = await session.ask(question, {
        onEvent: (event) => {
          if (event.type !== "attempt") return;
          showAttempt(event, screen);
          failed = event.error !== null;
        },
      });
      showAnswer(turn, screen);
      if (scripted && failed) throw new Error(`No program answered "${question}".`);
    }
    screen.write(`\n\n${screen.paint("bold", "The conversation in all")}`);
    screen.write(indent(totalsTable(totalsOf(session.turns))));
  } finally {
    await session.close();
    await scripted?.close();
  }
}

function showAttempt(
  { attempt, code, error }: TurnEvent & { type: "attempt" },
  { paint, write, width, tools }: SessionScreen,
): void {
  if (code !== null) {
    const lines = visible(code.trimEnd()).split("\n");
    const more = lines.length - MAX_PROGRAM_LINES;
    write(paintPython(lines.slice(0, MAX_PROGRAM_LINES).join("\n"), tools, paint));
    if (more > 0) write(paint("dim", `      … ${more} more lines`));
  }
  if (error !== null) write(indent(paint("red", wrap(`Attempt ${attempt}: ${visible(error)}`, width - 2))));
  write("");
}

function showAnswer(turn: Turn, { paint, write, width }: SessionScreen): void {
  write(indent(wrap(visible(turn.answer), width - 2)));
  const attempts = turn.attempts > 1 ? `, ${turn.attempts} attempts` : "";
  const route = turn.route === "direct" ? "from the conversation" : `by a program${attempts}`;
  write(`\n${indent(paint("dim", `Answered ${route}.\n${turnLine(turn)}`))}`);
}

/** Breaks lines at blanks; rows of tables stay. */
export function wrap(text: string, width: number): string {
  const long = new RegExp(`(?=.{${width + 1}})(.{1,${width}}) `, "g");
  return text
    .split("\n")
    .map((line) => (line.startsWith("|") ? line : line.replace(long, "$1\n")))
    .join("\n");
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
