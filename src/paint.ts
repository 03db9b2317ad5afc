const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const;

export type Style = keyof typeof CODES;

/** Gives the text its style, or back as it is where there is no colour. */
export type Paint = (style: Style, text: string) => string;

/** Colour on a terminal that has it; FORCE_COLOR and NO_COLOR decide before that, as in Node itself. */
export function painter(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): Paint {
  const { FORCE_COLOR: forced } = env;
  const hasColor =
    forced === undefined ? stream.isTTY && stream.hasColors(env) : forced !== "0" && forced !== "false";
  return hasColor ? (style, text) => `\x1b[${CODES[style]}m${text}\x1b[0m` : (_style, text) => text;
}
