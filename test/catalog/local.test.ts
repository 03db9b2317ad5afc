import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const BUILT = new URL("../../dist/src/catalog/local.js", import.meta.url).href;
const FIXTURE = fileURLToPath(new URL("../fixtures/tools/home", import.meta.url));

interface Report {
  tools: string[];
  sources: string[];
  problems: { file: string; error: string }[];
  thrown?: string;
  value?: unknown;
}

const STRIPS_TYPES = Boolean((process.features as { typescript?: string | false }).typescript);

/** Loads `dir` in a Node of its own, on the built package, and calls a tool there if asked. */
async function load(dir: string, call?: { name: string; args: object }): Promise<Report> {
  const script = `
    const { loadTools } = await import(${JSON.stringify(BUILT)});
    const call = ${JSON.stringify(call ?? null)};
    try {
      const { tools, problems } = await loadTools(${JSON.stringify(dir)});
      const context = { signal: new AbortController().signal };
      const value = call && (await tools.find((tool) => tool.name === call.name).call(call.args, context));
      const sources = tools.map((tool) => tool.source);
      console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), sources, problems, value }));
    } catch (error) {
      console.log(JSON.stringify({ thrown: error.message }));
    }`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  return JSON.parse(stdout);
}

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tools of a user "));
});

afterEach(() => rm(dir, { recursive: true }));

async function write(file: string, ...lines: string[]): Promise<void> {
  await mkdir(dirname(join(dir, file)), { recursive: true });
  await writeFile(join(dir, file), lines.join("\n"));
}

const IMPORT = 'import { defineTool, z } from "monty-code-mode";';
const define = (name: string) =>
  `defineTool({ name: "${name}", description: "", input: z.object({}), run: () => "${name}" })`;
const writeTool = (file: string, name: string) => write(file, IMPORT, `export default ${define(name)};`);

/** The problems as one line a file, with paths from the folder. */
function lines({ problems }: Report): string[] {
  return problems.map(({ file, error }) => `${file.replace(`${dir}/`, "")} > ${error}`);
}

describe("a folder of tools", () => {
  it("loads default, named and listed exports, and the index of a subfolder, with nothing installed beside it", async () => {
    await cp(FIXTURE, dir, { recursive: true });
    const report = await load(dir, { name: "water_plants", args: {} });
    expect(report).toEqual({
      tools: ["water_plants", "boil_water", "lamp_on", "lamp_off"],
      sources: ["garden/index.mjs", "kettle.mjs", "lamps.mjs", "lamps.mjs"].map((file) => join(dir, file)),
      problems: [],
      value: 5,
    });
  });

  it("loads .js files with import and export", async () => {
    await writeTool("a.js", "a");
    expect(await load(dir)).toMatchObject({ tools: ["a"], problems: [] });
  });

  it("loads only the index where there is one", async () => {
    await writeTool("index.mjs", "index");
    await writeTool("other.mjs", "other");
    expect((await load(dir)).tools).toEqual(["index"]);
  });

  it("ignores declarations, tests, dotfiles, other files, installed packages and folders without an index", async () => {
    await Promise.all(
      ["a.d.ts", "a.d.mts", "a.test.mjs", "a.test.ts", ".a.mjs", "a.txt", "a.json", "lib/a.mjs"].map((file) =>
        write(file, "not a program"),
      ),
    );
    await write("node_modules/index.mjs", "not a program");
    await write(".git/index.mjs", "not a program");
    expect(await load(dir)).toMatchObject({ tools: [], problems: [] });
  });

  it("takes a tool of another copy of the package by its shape", async () => {
    await write(
      "foreign.mjs",
      "class Foreign {",
      '  name = "foreign"; description = "d"; inputSchema = { type: "object" };',
      "  async call(args) { return [this.name, args]; }",
      "}",
      "export default new Foreign();",
    );
    const report = await load(dir, { name: "foreign", args: { a: 1 } });
    expect(report).toMatchObject({ tools: ["foreign"], value: ["foreign", { a: 1 }] });
  });

  it("prefers a zod that is installed beside the tools", async () => {
    await write(
      "node_modules/zod/package.json",
      '{ "name": "zod", "type": "module", "exports": "./zod.js" }',
    );
    await write("node_modules/zod/zod.js", 'export const name = "installed";');
    await write(
      "a.mjs",
      'import { name } from "zod";',
      'export default { name, description: "", inputSchema: { type: "object" }, call() {} };',
    );
    expect((await load(dir)).tools).toEqual(["installed"]);
  });

  it("gives the running monty-code-mode, also where one is installed beside the tools", async () => {
    await write("node_modules/monty-code-mode/package.json", '{ "exports": "./none.js" }');
    await writeTool("a.mjs", "a");
    expect(await load(dir)).toMatchObject({ tools: ["a"], problems: [] });
  });

  it.runIf(STRIPS_TYPES)("loads TypeScript", async () => {
    await writeTool("a.ts", "a");
    expect((await load(dir)).tools).toEqual(["a"]);
  });

  it.skipIf(STRIPS_TYPES)("says what TypeScript needs where Node does not strip types", async () => {
    await write("a.ts", "");
    await write("b/index.mts", "");
    const error = `TypeScript needs Node 22.18 or newer, this is ${process.versions.node}: update Node, or compile the file to .mjs.`;
    expect(lines(await load(dir))).toEqual([`a.ts > ${error}`, `b/index.mts > ${error}`]);
  });
});

describe("a file that cannot be used", () => {
  it.each<[string, string[], string]>([
    [
      "with a syntax error",
      [IMPORT, "", "export default defineTool({ name: 'a' description: 'b' });"],
      "line 3: SyntaxError: Unexpected identifier 'description'",
    ],
    ["that throws", ["const a = 1;", 'throw new Error("no settings");'], "line 2: no settings"],
    ["that throws no error", ['throw "text";'], "Importing it threw text."],
    [
      "whose definition is refused",
      [
        IMPORT,
        "",
        "export const a = defineTool({",
        '  name: "a b", description: "", input: z.object({}), run() {} });',
      ],
      'line 3: TypeError: Tool "a b": a name is 1 to 128 letters, digits, `_`, `-` and `.`.',
    ],
    [
      "that imports what another does not export",
      ['import { nope } from "./good.mjs";', "export default nope;"],
      "line 1: SyntaxError: The requested module './good.mjs' does not provide an export named 'nope'",
    ],
    [
      "that exports no tool",
      ["export const a = 1;", "export default () => 1;"],
      "The file exports no tool. Write export default defineTool({ … }), or an array of tools.",
    ],
    [
      "that exports a bare definition",
      ['export const a = { name: "a", description: "d", run() {} };'],
      "The export a is not a tool: wrap the definition in defineTool({ … }).",
    ],
    [
      "whose tool has no schema",
      ['export default [{ name: "a", description: "d", call() {} }];'],
      'The export default is not a tool: its inputSchema must be a JSON Schema with "type": "object".',
    ],
    [
      "whose tool has a name that MCP refuses",
      ['export default { name: "a b", description: "d", inputSchema: { type: "object" }, call() {} };'],
      "The export default is not a tool: its name must be 1 to 128 letters, digits, `_`, `-` and `.`.",
    ],
    [
      "with a name that is taken",
      [IMPORT, `export default ${define("good")};`],
      "There is already a tool named good, from DIR/good.mjs. Rename one of them.",
    ],
  ])("%s is named with its error, and the rest load", async (_, source, error) => {
    await writeTool("good.mjs", "good");
    await write("wrong.mjs", ...source);
    await writeTool("z.mjs", "z");
    const report = await load(dir);
    expect(lines(report)).toEqual([`wrong.mjs > ${error.replace("DIR", dir)}`]);
    expect(report.tools).toEqual(["good", "z"]);
  });

  it("names the package that is missing", async () => {
    await write("a.mjs", 'import "no-such-package";');
    expect(lines(await load(dir))).toEqual([
      expect.stringMatching(/^a\.mjs > Cannot find package 'no-such-package' imported from .*a\.mjs$/),
    ]);
  });

  it("names the file and the line where an imported file throws", async () => {
    await write("a.mjs", 'import "./lib/settings.mjs";');
    await write("lib/settings.mjs", "", "", 'throw new TypeError("no settings");');
    expect(lines(await load(dir))).toEqual(["a.mjs > lib/settings.mjs, line 3: TypeError: no settings"]);
  });

  it("says to use import in a CommonJS file", async () => {
    await write("a.js", 'module.exports = require("monty-code-mode");');
    expect(lines(await load(dir))).toEqual([
      "a.js > Cannot find module 'monty-code-mode'. The file is CommonJS: write `import` instead of `require`.",
    ]);
  });

  it("keeps its good tools", async () => {
    await write("a.mjs", IMPORT, `export default [${define("a")}, { name: "b", run() {} }];`);
    const report = await load(dir);
    expect(report.tools).toEqual(["a"]);
    expect(lines(report)).toEqual([
      "a.mjs > The export default is not a tool: wrap the definition in defineTool({ … }).",
    ]);
  });
});

describe("a folder that cannot be read", () => {
  it("is refused in one sentence", async () => {
    const missing = join(dir, "nowhere");
    expect((await load(missing)).thrown).toBe(
      `Cannot read the tools folder ${missing}: there is no such folder.`,
    );
    await write("file.mjs");
    const file = join(dir, "file.mjs");
    expect((await load(file)).thrown).toBe(`Cannot read the tools folder ${file}: it is not a folder.`);
  });
});
