import { createInterface, type Interface } from "node:readline";
import type { AskOptions } from "../ask/ask.js";
import { ModelError } from "../ask/models/model.js";
import { totalsOf, totalsTable, turnTable } from "../ask/stats.js";
import type { Turn } from "../ask/turn.js";
import { visible } from "../visible.js";
import { AnswerWriter } from "./answer-writer.js";
import { progressOn } from "./progress.js";

const HELP = `Ask a question, or:
  /code   shows the last program
  /stats  shows tokens and time of the last turn and of the session
  /reset  forgets the conversation
  /help   shows this
  /quit   ends the chat, as Ctrl-D does
Ctrl-C cancels a question under way; twice, it ends the chat.`;

const PROMPT = "> ";

/** What a chat talks to. */
export interface Conversation {
  ask(question: string, options: AskOptions): Promise<Turn>;
  /** Forgets what was said. */
  reset(): void;
  /** Of the whole session. */
  readonly turns: readonly Turn[];
}

/**
 * Reads questions and commands from stdin, line by line, and writes what is answered to stdout. On a terminal there are a
 * prompt, a history by arrow keys, and the answer as it comes; elsewhere only the answers.
 */
export class Chat {
  private readonly terminal = Boolean(process.stdin.isTTY && process.stdout.isTTY);
  private readonly lines: Interface;
  private readonly progress = progressOn(process.stderr);
  /** Of the question under way. */
  private running: AbortController | undefined;
  /** Since the last line. */
  private interrupts = 0;

  constructor(private readonly conversation: Conversation) {
    this.lines = createInterface({
      input: process.stdin,
      output: this.terminal ? process.stdout : undefined,
      terminal: this.terminal,
      prompt: PROMPT,
      historySize: 1000,
      removeHistoryDuplicates: true,
    });
  }

  /** Resolves when the user quits or stdin ends. */
  async run(): Promise<void> {
    const interrupt = () => this.interrupt();
    process.on("SIGINT", interrupt);
    this.lines.on("SIGINT", interrupt);
    // A reader that leaves early, such as `head`, ends the chat.
    process.stdout.on("error", () => this.lines.close());
    try {
      if (this.terminal) this.lines.prompt();
      for await (const line of this.lines) {
        this.interrupts = 0;
        if (line.trim() === "/quit") return;
        await this.handle(line.trim());
        if (this.terminal) this.lines.prompt();
      }
      if (this.terminal) process.stdout.write("\n");
    } finally {
      this.lines.close();
      process.off("SIGINT", interrupt);
    }
  }

  private async handle(line: string): Promise<void> {
    if (line === "") return;
    if (line.startsWith("/")) this.say(this.command(line));
    else await this.ask(line);
  }

  private command(line: string): string {
    const { turns } = this.conversation;
    const last = turns.at(-1);
    switch (line) {
      case "/help":
        return HELP;
      case "/code":
        return turns.findLast(({ code }) => code !== null)?.code ?? "There is no program yet.";
      case "/stats":
        return last ? `${turnTable(last)}\n\n${totalsTable(totalsOf(turns))}` : "There is no turn yet.";
      case "/reset":
        this.conversation.reset();
        return "The conversation is forgotten.";
      default:
        return `There is no ${line.split(" ")[0]}. /help shows what there is.`;
    }
  }

  private async ask(question: string): Promise<void> {
    this.running = new AbortController();
    const { signal } = this.running;
    const writer = new AnswerWriter((text) => process.stdout.write(text));
    try {
      const turn = await this.conversation.ask(question, {
        signal,
        onText: this.terminal ? (piece) => writer.piece(piece) : undefined,
        onEvent: (event) => {
          if (event.type === "phase" || event.type === "corrected") writer.restart();
          this.progress(event);
        },
      });
      writer.finish(turn.answer);
    } catch (error) {
      if (!signal.aborted && !(error instanceof ModelError)) throw error;
      writer.restart();
      process.stderr.write(`${signal.aborted ? "Cancelled." : visible((error as Error).message)}\n`);
    } finally {
      this.running = undefined;
    }
  }

  /** Ctrl-C: the first one cancels the question or clears the line, the second one ends the chat. */
  private interrupt(): void {
    const hasText = this.terminal && this.running === undefined && this.lines.line !== "";
    this.interrupts = hasText ? 1 : this.interrupts + 1;
    this.running?.abort();
    if (this.interrupts > 1) {
      this.lines.close();
    } else if (this.running === undefined && this.terminal) {
      process.stdout.write("\nCtrl-C again or /quit ends the chat.\n");
      this.lines.write(null, { ctrl: true, name: "e" });
      this.lines.write(null, { ctrl: true, name: "u" });
      this.lines.prompt();
    }
  }

  private say(text: string): void {
    process.stdout.write(`${visible(text.trimEnd())}\n`);
  }
}
