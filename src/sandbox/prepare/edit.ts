/** A replacement of a part of the code. What is put in has as many line ends as what it replaces. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Edits that belong together, and the sentence that tells what they did. */
export interface Mend {
  readonly edits: readonly Edit[];
  readonly note: string;
}

/** The code with all edits applied; at one position, in the order given. */
export function applyEdits(code: string, edits: readonly Edit[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.from - b.from || a.to - b.to)) {
    parts.push(code.slice(at, edit.from), edit.text);
    at = edit.to;
  }
  parts.push(code.slice(at));
  return parts.join("");
}
