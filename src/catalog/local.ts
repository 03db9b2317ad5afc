import { spawnSync } from "node:child_process";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { register } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isObject } from "../is-object.js";
import { PACKAGE_ROOT } from "../paths.js";
import type { HookData } from "./local-hooks.js";
import { TOOL_NAME, type Tool } from "./tool.js";

/** What a folder gave: the tools that can be used, and what is wrong with the rest. */
export interface LoadedTools {
  readonly tools: Tool[];
  readonly problems: { readonly file: string; readonly error: string }[];
}

const INDEX_FILES = ["index.mjs", "index.js", "index.mts", "index.ts"];
const EXAMPLE = "export default defineTool({ … }), or an array of tools";

/**
 * Loads the user's own tools: every `.mjs`, `.js`, `.ts` and `.mts` file of `dir` and the index file of every folder in
 * it, or only the index file of `dir` where there is one. A file exports tools or arrays of tools, by any name. A file
 * that cannot be used is a problem and keeps no other from loading.
 *
 * @throws Error with one sentence when `dir` cannot be read.
 */
export async function loadTools(dir: string): Promise<LoadedTools> {
  const names = await listFiles(dir);
  const root = await realpath(dir);
  if (names.length > 0) giveOwnPackages();
  const tools = new Map<string, Tool>();
  const problems: LoadedTools["problems"] = [];
  for (const name of names) {
    const file = join(dir, name);
    const report = (error: string) => problems.push({ file, error });
    if (/\.m?ts$/.test(name) && !stripsTypes()) {
      report(
        `TypeScript needs Node 22.18 or newer, this is ${process.versions.node}: update Node, or compile the file to .mjs.`,
      );
      continue;
    }
    try {
      const found = toolsIn(await import(pathToFileURL(join(root, name)).href));
      found.problems.forEach(report);
      for (const tool of found.tools) {
        const first = tools.get(tool.name);
        if (first)
          report(`There is already a tool named ${tool.name}, from ${first.source}. Rename one of them.`);
        else tools.set(tool.name, withSource(tool, file));
      }
    } catch (error) {
      report(await describeFailure(error, root, name));
    }
  }
  return { tools: [...tools.values()], problems };
}

/** Paths below `dir`, sorted. */
async function listFiles(dir: string): Promise<string[]> {
  let names: string[];
  try {
    names = (await readdir(dir)).sort();
  } catch (error) {
    throw new Error(`Cannot read the tools folder ${dir}: ${whyUnreadable(error)}.`, { cause: error });
  }
  const index = INDEX_FILES.find((file) => names.includes(file));
  if (index) return [index];
  const files: string[] = [];
  for (const name of names) {
    if (name.startsWith(".") || name === "node_modules") continue;
    if (await isFolder(join(dir, name))) {
      const inside = await readdir(join(dir, name)).catch((): string[] => []);
      const nested = INDEX_FILES.find((file) => inside.includes(file));
      if (nested) files.push(join(name, nested));
    } else if (/\.(m?js|m?ts)$/.test(name) && !/\.d\.m?ts$|\.test\.[^.]+$/.test(name)) files.push(name);
  }
  return files;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function whyUnreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOENT: "there is no such folder",
    ENOTDIR: "it is not a folder",
    EACCES: "permission denied",
  };
  return reasons[code ?? ""] ?? message;
}

function stripsTypes(): boolean {
  return Boolean((process.features as { typescript?: string | false }).typescript);
}

let isGiven = false;

function giveOwnPackages(): void {
  if (isGiven) return;
  isGiven = true;
  const data: HookData = { entryUrl: new URL("dist/bin/index.js", PACKAGE_ROOT).href };
  register(new URL("dist/bin/local-hooks.js", PACKAGE_ROOT), { data });
}

function toolsIn(exports: Readonly<Record<string, unknown>>): { tools: Set<Tool>; problems: Set<string> } {
  const tools = new Set<Tool>();
  const problems = new Set<string>();
  for (const [name, exported] of Object.entries(exports)) {
    for (const value of Array.isArray(exported) ? exported : [exported]) {
      if (!isLikeTool(value)) continue;
      const flaw = flawOf(value);
      if (flaw === undefined) tools.add(value as unknown as Tool);
      else problems.add(`The export ${name} is not a tool: ${flaw}.`);
    }
  }
  if (tools.size + problems.size === 0) problems.add(`The file exports no tool. Write ${EXAMPLE}.`);
  return { tools, problems };
}

/** By shape: a tool may come from another copy of this package. */
function isLikeTool(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const acts = typeof value.run === "function" || typeof value.call === "function";
  return acts && ["name", "description", "input", "inputSchema"].some((key) => key in value);
}

function flawOf(value: Record<string, unknown>): string | undefined {
  if (typeof value.call !== "function") return "wrap the definition in defineTool({ … })";
  if (typeof value.name !== "string" || !TOOL_NAME.test(value.name))
    return "its name must be 1 to 128 letters, digits, `_`, `-` and `.`";
  if (typeof value.description !== "string") return "its description must be a string";
  if (!isObject(value.inputSchema) || value.inputSchema.type !== "object")
    return 'its inputSchema must be a JSON Schema with "type": "object"';
  if (value.outputSchema !== undefined && !isObject(value.outputSchema))
    return "its outputSchema must be a JSON Schema";
  if (value.annotations !== undefined && !isObject(value.annotations))
    return "its annotations must be an object";
  return undefined;
}

function withSource(tool: Tool, source: string): Tool {
  return {
    name: tool.name,
    description: tool.description,
    inputSchema: tool.inputSchema,
    ...(tool.outputSchema && { outputSchema: tool.outputSchema }),
    annotations: tool.annotations ?? {},
    source,
    check: async (args) => tool.check?.(args),
    call: (args, context) => tool.call(args, context),
  };
}

/** The error with its line: the first one of the stack in the tools folder. */
async function describeFailure(error: unknown, root: string, name: string): Promise<string> {
  if (!(error instanceof Error)) return `Importing it threw ${String(error)}.`;
  const what = error.name === "Error" ? error.message : `${error.name}: ${error.message}`;
  if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND")
    return `${what.split("\n")[0]}. The file is CommonJS: write \`import\` instead of \`require\`.`;
  for (const base of [pathToFileURL(root).href, root]) {
    const place = error.stack?.split(base)[1]?.match(/^[\\/]([^:()\n]+):(\d+)/);
    if (!place) continue;
    const [, file, line] = place;
    return file === name ? `line ${line}: ${what}` : `${file}, line ${line}: ${what}`;
  }
  const line = error instanceof SyntaxError ? await lineOfSyntaxError(join(root, name), error) : undefined;
  return line === undefined ? what : `line ${line}: ${what}`;
}

/**
 * Node keeps the place of a syntax error in a module from whoever catches it; `node --check` prints it.
 * Undefined where the check finds another error or none: then it is in a file that this one imports.
 */
async function lineOfSyntaxError(file: string, error: SyntaxError): Promise<string | undefined> {
  const input = await readFile(file, "utf8");
  const check = ["--input-type=module", "--check", "-"];
  const { stderr } = spawnSync(process.execPath, check, { input, encoding: "utf8", timeout: 5_000 });
  return stderr.includes(`SyntaxError: ${error.message}`)
    ? stderr.match(/^\[stdin\]:(\d+)/m)?.[1]
    : undefined;
}
