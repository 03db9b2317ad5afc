/** Shorter texts are no secrets, and stand in every other line. */
const SHORTEST = 8;

/** Texts that a log and an error must not show: keys, tokens, headers. */
export class SecretTexts {
  readonly #texts = new Set<string>();

  /** Hides the text and each word of it: a header is a scheme and a token. */
  add(text: string): void {
    for (const part of [text, ...text.split(/\s+/)]) if (part.length >= SHORTEST) this.#texts.add(part);
  }

  /** The text without them. */
  hide(text: string): string {
    const longestFirst = [...this.#texts].sort((a, b) => b.length - a.length);
    return longestFirst.reduce((hidden, secret) => hidden.replaceAll(secret, "[hidden]"), text);
  }
}
