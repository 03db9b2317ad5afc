/** What the programs of a question came to. */
export type Outcome =
  | {
      readonly ok: true;
      /** JSON. */
      readonly result: unknown;
      readonly printed: string;
    }
  | {
      readonly ok: false;
      /** Programs that were asked of the model. */
      readonly attempts: number;
      /** What was wrong with the last one. */
      readonly error: string;
    };

const NAME = "tool_results";

/** Stands for results that the history no longer holds. */
export const DROPPED_RESULTS = `<${NAME} dropped="true">Dropped to save space: call the tools again for this data.</${NAME}>`;

/** The one block in which the model sees what programs gave. Nothing inside can end it. */
export function toolResults(outcome: Outcome): string {
  return block("", bodyOf(outcome));
}

/** The same block, cut to about a number of characters; as dropped where that is too few to be of use. */
export function cutToolResults(outcome: Outcome, length: number): string {
  const body = bodyOf(outcome);
  const room = length - block(' cut="true"', CUT_MARK).length;
  if (room < DROPPED_RESULTS.length) return DROPPED_RESULTS;
  return block(' cut="true"', body.slice(0, room) + CUT_MARK);
}

/** Text of a user, in which what looks like a block does not count as one. */
export function withoutBlocks(text: string): string {
  return text.replace(TAG, "&lt;");
}

const CUT_MARK = " …\nCut to save space: call the tools again for the rest.";
const TAG = new RegExp(`<(?=\\s*/?\\s*${NAME})`, "gi");

function block(attributes: string, body: string): string {
  return `<${NAME}${attributes}>\n${body}\n</${NAME}>`;
}

function bodyOf(outcome: Outcome): string {
  if (!outcome.ok) {
    const programs = outcome.attempts === 1 ? "the program" : `all ${outcome.attempts} programs`;
    return `Nothing could be computed: ${programs} failed. The last error: ${json(outcome.error)}`;
  }
  const { result, printed } = outcome;
  if (printed.trim() === "") return json(result);
  return result === null ? `Printed: ${json(printed)}` : `${json(result)}\nPrinted: ${json(printed)}`;
}

/** JSON on one line, in which `<` before the block's name is written as an escape. */
function json(value: unknown): string {
  return JSON.stringify(value).replace(TAG, "\\u003c");
}
