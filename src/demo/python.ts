import { parser } from "@lezer/python";
import type { Paint, Style } from "../paint.js";

const STYLES: Readonly<Record<string, Style>> = {
  Comment: "dim",
  String: "green",
  FormatString: "green",
  Number: "yellow",
  Boolean: "yellow",
  None: "yellow",
};

/** Python source with line numbers; calls of the functions named stand out. */
export function paintPython(code: string, functions: ReadonlySet<string>, paint: Paint): string {
  const styles = new Array<Style | undefined>(code.length);
  parser.parse(code).iterate({
    enter({ name, from, to }) {
      const text = code.slice(from, to);
      if (name in STYLES) styles.fill(STYLES[name], from, to);
      else if (name === "FormatReplacement") styles.fill(undefined, from, to);
      else if (name === "VariableName" && functions.has(text)) styles.fill("cyan", from, to);
      else if (name === text && /^[a-z]+$/.test(text)) styles.fill("magenta", from, to);
    },
  });
  let at = 0;
  return code
    .split("\n")
    .map((line, index) => {
      const painted = paintLine(line, styles.slice(at, at + line.length), paint);
      at += line.length + 1;
      return `${paint("dim", String(index + 1).padStart(4))}  ${painted}`;
    })
    .join("\n");
}

function paintLine(line: string, styles: readonly (Style | undefined)[], paint: Paint): string {
  let painted = "";
  for (let from = 0; from < line.length; ) {
    const style = styles[from];
    let to = from + 1;
    while (to < line.length && styles[to] === style) to += 1;
    const text = line.slice(from, to);
    painted += style === undefined ? text : paint(style, text);
    from = to;
  }
  return painted;
}
