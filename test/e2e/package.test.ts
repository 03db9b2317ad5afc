import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { environment, ROOT } from "../support/cli.js";

const run = promisify(execFile);

/** The bin is a link, or a script on Windows. */
const BIN = join(
  "node_modules",
  ".bin",
  process.platform === "win32" ? "monty-code-mode.cmd" : "monty-code-mode",
);

let folder: string;
let packed: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "monty-code-mode-"));
  // What `npm test` has just built is packed as it is: building again would change it under other tests.
  const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const { stdout } = await npm(pack, ROOT);
  const [{ filename, files }] = JSON.parse(stdout);
  packed = files.map(({ path }: { path: string }) => path);
  await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  const quick = ["--prefer-offline", "--no-audit", "--no-fund"];
  await npm(["install", "--omit=dev", ...quick, join(folder, filename)], folder);
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

function npm(args: readonly string[], cwd: string) {
  return run("npm", args, { cwd, env: environment(), shell: process.platform === "win32" });
}

it("holds what is built and what is read, no sources and no tests", () => {
  const beside = packed.filter((path) => !path.startsWith("dist/"));
  const documents = ["ARCHITECTURE.md", "LICENSE", "README.md", "mcp.json.example"];
  const allowed = [...documents, "package.json", "docs/demo.svg", "tools/expenses/expenses.json"];
  for (const path of beside) expect(allowed).toContain(path);
  for (const path of packed.filter((path) => path.startsWith("dist/"))) {
    expect(path).toMatch(/^dist\/(src|tools)\/.*(\.js|\.d\.ts)$|^dist\/bin\/([\w-]+\.js|\w+\.txt)$/);
    expect(path).not.toContain(".test.");
  }
  expect(packed).toEqual(
    expect.arrayContaining([
      "dist/bin/monty-code-mode.js",
      "dist/bin/THIRD_PARTY_LICENSES.txt",
      "dist/src/index.d.ts",
      "tools/expenses/expenses.json",
    ]),
  );
});

it("holds every readable file that the repository has", () => {
  for (const path of ["ARCHITECTURE.md", "LICENSE", "README.md", "mcp.json.example"]) {
    if (existsSync(join(ROOT, path))) expect(packed).toContain(path);
  }
});

it("names each package whose code it holds, with its licence", async () => {
  const licenses = await readFile(join(ROOT, "dist/bin/THIRD_PARTY_LICENSES.txt"), "utf8");
  const { packages } = JSON.parse(await readFile(join(ROOT, "package-lock.json"), "utf8"));
  for (const name of ["@modelcontextprotocol/sdk", "@bufbuild/protobuf", "@lezer/python", "ajv", "zod"])
    expect(licenses).toContain(`\n${name} ${packages[`node_modules/${name}`].version} (`);
  expect(licenses).toContain("TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION");
});

it("brings its runtime dependencies and no others", async () => {
  const names = await readdir(join(folder, "node_modules"));
  const { dependencies, devDependencies } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const installed = (name: string) => existsSync(join(folder, "node_modules", name));
  expect(Object.keys(dependencies).filter((name) => !installed(name))).toEqual([]);
  expect(Object.keys(devDependencies).filter(installed)).toEqual([]);
  expect(names).not.toContain("typescript");
});

it("has a command that runs a program", async () => {
  await writeFile(
    join(folder, "flights.py"),
    "sum([e['amount'] for e in (await get_expenses(1))['expenses']])",
  );
  const { stdout, stderr } = await run(join(folder, BIN), ["exec", "flights.py"], {
    cwd: folder,
    env: environment(),
    shell: process.platform === "win32",
  });
  expect(stderr).toBe("");
  expect(Number(stdout)).toBeGreaterThan(0);
});

const LIBRARY = `
import { Catalog, createServer, defineTool, readConfig, Sandbox, z } from "monty-code-mode";

const double = defineTool({
  name: "double",
  description: "Doubles a number.",
  input: z.object({ n: z.int() }),
  output: z.int(),
  run: ({ n }) => 2 * n,
});
const { limits, poolSize, maxPrograms } = readConfig({}, {});
const sandbox = new Sandbox({ limits, poolSize, maxPrograms });
const execution = await sandbox.execute({
  code: "await double(21)",
  functions: [{ name: "double", parameters: ["n"], call: (args) => double.call(args, { signal: AbortSignal.timeout(1000) }) }],
  stubs: "async def double(n: int) -> int: ...",
  owner: {},
});
const server = createServer({ catalog: new Catalog([double]), sandbox });
await server.close();
await sandbox.close();
console.log(execution.ok ? execution.result : execution.failure.message);
`;

it("is a library for an ES module", async () => {
  await writeFile(join(folder, "library.mjs"), LIBRARY);
  const { stdout } = await run(process.execPath, ["library.mjs"], { cwd: folder });
  expect(stdout).toBe("42\n");
});

it("has types that resolve, and that find mistakes", async () => {
  await writeFile(
    join(folder, "typed.ts"),
    `${LIBRARY.replace("console.log", "export const shown = ")}
// @ts-expect-error: the input of the tool has no m.
defineTool({ name: "a", description: "", input: z.object({ n: z.int() }), run: ({ m }) => m });
// @ts-expect-error: limits are missing.
new Sandbox({ poolSize: 1, maxPrograms: 1 });
// @ts-expect-error: a failed execution has no result.
if (!execution.ok) execution.result;
// @ts-expect-error: there is no such option.
createServer({ catalog: new Catalog([double]), sandbox, port: 1 });
`,
  );
  const flags = "--noEmit --strict --skipLibCheck --target es2023 --module nodenext --types";
  const tsc = join(ROOT, "node_modules", ".bin", process.platform === "win32" ? "tsc.cmd" : "tsc");
  const checking = run(tsc, [...flags.split(" "), "", "typed.ts"], {
    cwd: folder,
    shell: process.platform === "win32",
  });
  const said = await checking.catch(({ message, stdout }) => ({ stdout: `${message}\n${stdout}` }));
  expect(said.stdout).toBe("");
});
