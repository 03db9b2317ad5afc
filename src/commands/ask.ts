import { ModelError } from "../ask/models/model.js";
import { turnOutput } from "../ask/turn-output.js";
import { AnswerWriter } from "../chat/answer-writer.js";
import { progressOn } from "../chat/progress.js";
import type { Config } from "../config.js";
import { visible } from "../visible.js";
import { openModel } from "./open-model.js";
import { UserSession } from "./user-session.js";

/**
 * Answers one question: the answer goes to stdout, or all of the turn as JSON.
 *
 * @returns the exit code: 0, or 1 when no program succeeded, the model failed or the user cancelled.
 * @throws UsageError when no model is configured.
 */
export async function ask(question: string, { json }: { json: boolean }, config: Config): Promise<number> {
  const session = await UserSession.open(config, {
    title: "ask",
    model: await openModel(config),
    logDir: config.ask.sessionLog,
  });
  const interrupt = new AbortController();
  process.once("SIGINT", () => interrupt.abort());
  const streams = process.stdout.isTTY && !json;
  const writer = new AnswerWriter((text) => process.stdout.write(text));
  const progress = progressOn(process.stderr);
  let failed = false;
  try {
    const turn = await session.ask(question, {
      signal: interrupt.signal,
      onText: streams ? (text) => writer.piece(text) : undefined,
      onEvent: (event) => {
        if (event.type === "attempt") failed = event.error !== null;
        if (event.type === "phase" || event.type === "corrected") writer.restart();
        progress(event);
      },
    });
    if (json) process.stdout.write(`${JSON.stringify(turnOutput(turn), null, 2)}\n`);
    else writer.finish(turn.answer);
    return failed ? 1 : 0;
  } catch (error) {
    const cancelled = interrupt.signal.aborted;
    if (!cancelled && !(error instanceof ModelError)) throw error;
    writer.restart();
    process.stderr.write(
      `monty-code-mode: ${cancelled ? "Cancelled." : visible((error as Error).message)}\n`,
    );
    return 1;
  } finally {
    await session.close();
  }
}
