/**
 * Control characters other than line feed and tab, and those that change the direction of text: what a
 * terminal obeys, and a reader does not see.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Text of a model, a tool or a program for a terminal: control characters become visible, as `\u001b`. */
export function visible(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replace(CONTROL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
