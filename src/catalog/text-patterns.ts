/**
 * Patterns over letters, digits and control characters. Compiling the Unicode ones takes milliseconds
 * each, in the start-up of a server whose tools are described in ASCII nearly always: so there are two.
 */
interface Patterns {
  /** What cannot stand in an identifier. */
  readonly outsideIdentifier: RegExp;
  readonly identifierStart: RegExp;
  /** Between a small letter or digit and a capital. */
  readonly humps: RegExp;
  readonly controlOrSpace: RegExp;
  readonly control: RegExp;
}

const ASCII: Patterns = {
  outsideIdentifier: /[^A-Za-z0-9_]+/g,
  identifierStart: /^[A-Za-z_]/,
  humps: /(?<=[a-z0-9])(?=[A-Z])/g,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  controlOrSpace: /[\x00-\x20\x7f]+/g,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  control: /[\x00-\x1f\x7f]/g,
};

let unicode: Patterns | undefined;

/** The patterns that fit the text. They are stateless in `replace` and `split`, which is what they are for. */
export function patternsFor(text: string): Patterns {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII
  if (/^[\x00-\x7f]*$/.test(text)) return ASCII;
  unicode ??= {
    outsideIdentifier: /[^\p{XID_Continue}]+/gu,
    identifierStart: /^[\p{XID_Start}_]/u,
    humps: /(?<=[\p{Ll}\p{Nd}])(?=\p{Lu})/gu,
    controlOrSpace: /[\p{C}\s]+/gu,
    control: /\p{C}/gu,
  };
  return unicode;
}
