import { visible } from "../visible.js";

/** Writes an answer as it comes, and in full where what came was not yet the answer. */
export class AnswerWriter {
  private streamed = "";

  constructor(private readonly write: (text: string) => void) {}

  /** A piece of the reply, from the model. */
  piece(text: string): void {
    this.streamed += text;
    this.write(visible(text));
  }

  /** What came so far was no answer: another one follows, on a line of its own. */
  restart(): void {
    if (this.streamed !== "") this.write("\n");
    this.streamed = "";
  }

  /** The answer as it stands at the end of the turn, and a line feed. */
  finish(answer: string): void {
    const begun = this.streamed.trim();
    if (!answer.trimStart().startsWith(begun)) this.restart();
    const rest = this.streamed === "" ? answer : answer.trimStart().slice(begun.length);
    this.write(`${visible(rest)}\n`);
    this.streamed = "";
  }
}
