// Records the first program of the built demo as docs/demo.svg: `npm run build && node docs/record.mjs`
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const CELL = { width: 7.8, height: 18 };
const PADDING = 20;
const FOREGROUND = "#d4d8e0";
const BACKGROUND = "#1b1f27";
const COLORS = {
  2: "#7d8594",
  31: "#f07178",
  32: "#a5d6a7",
  33: "#ffcb6b",
  34: "#5b9bf5",
  35: "#c792ea",
  36: "#4dd0e1",
};

function record() {
  const cli = fileURLToPath(new URL("../dist/bin/monty-code-mode.js", import.meta.url));
  const env = { ...process.env, FORCE_COLOR: "1" };
  const output = execFileSync(process.execPath, [cli, "demo"], { encoding: "utf8", env });
  const first = output.split("\n\n\n")[1].trimEnd();
  return ["$ npm run demo", "", ...first.split("\n")];
}

/** A line as stretches of one style each, with the columns at which they start. */
function stretches(line) {
  const found = [];
  let style = "0";
  let column = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what styles are written with.
  for (const part of line.split(/(\x1b\[\d+m)/)) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
    const code = /^\x1b\[(\d+)m$/.exec(part)?.[1];
    if (code !== undefined) style = code;
    else {
      const text = part.trimStart();
      const start = column + part.length - text.length;
      if (text !== "") found.push({ text: text.trimEnd(), column: start, style });
      column += part.length;
    }
  }
  return found;
}

function draw({ text, column, style }, row) {
  const x = round(PADDING + column * CELL.width);
  const y = PADDING + row * CELL.height;
  const width = round(text.length * CELL.width);
  const fill = COLORS[style] ?? FOREGROUND;
  if (/^█+$/.test(text))
    return `<rect x="${x}" y="${y + 3}" width="${width}" height="${CELL.height - 6}" rx="2" fill="${fill}"/>`;
  if (/^─+$/.test(text))
    return `<rect x="${x}" y="${y + CELL.height / 2}" width="${width}" height="1" fill="${fill}"/>`;
  const weight = style === "1" ? ' font-weight="bold"' : "";
  return `<text x="${x}" y="${y + 13}" textLength="${width}" fill="${fill}"${weight}>${escapeXml(text)}</text>`;
}

function escapeXml(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function round(number) {
  return Number(number.toFixed(1));
}

const lines = record();
const width = 100 * CELL.width + 2 * PADDING;
const height = lines.length * CELL.height + 2 * PADDING;
const shapes = lines.flatMap((line, row) => stretches(line).map((stretch) => draw(stretch, row)));
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Terminal: a program of the demo, its tool calls on an axis of time, and its result">
<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" xml:space="preserve">
${shapes.join("\n")}
</g>
</svg>
`;
const file = fileURLToPath(new URL("demo.svg", import.meta.url));
writeFileSync(file, svg);
process.stdout.write(`${file}: ${svg.length} bytes\n`);
