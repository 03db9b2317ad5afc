// Bundles the command line, with the packages it uses, into a few files in dist/bin: Node would spend most of the
// server's start-up on loading hundreds of small ones.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUT = join(ROOT, "dist/bin");

const { outputFiles, metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: {
    "monty-code-mode": "src/cli.ts",
    "demo-server": "src/demo/server.ts",
    // What the user's own tools get for `monty-code-mode`, and the hooks by which they get it.
    index: "src/index.ts",
    "local-hooks": "src/catalog/local-hooks.ts",
  },
  outdir: OUT,
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.11",
  // CommonJS packages require Node's own modules.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);',
  },
  metafile: true,
  write: false,
});
const licenses = licensesOf(bundledFiles(metafile));

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
for (const { path, contents } of outputFiles) writeFileSync(path, contents);
writeFileSync(join(OUT, "THIRD_PARTY_LICENSES.txt"), licenses);

/** The sources, relative to the root, of which some code is in the bundle. */
function bundledFiles({ outputs }) {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  return new Set(inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path));
}

/** Name, version and licence of each package that the files are from. */
function licensesOf(files) {
  const packages = new Map();
  for (const file of files) {
    const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? [];
    if (folder !== undefined) packages.set(folder, [...(packages.get(folder) ?? []), file]);
  }
  const texts = Array.from(packages, ([folder, files]) => {
    const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, "package.json"), "utf8"));
    return `${name} ${version} (${license})\n\n${licenseText(folder, license, files)}\n`;
  });
  const head = "The files of this folder hold code of these packages.\n";
  return [head, ...texts.sort()].join(`\n${"-".repeat(80)}\n\n`);
}

/** What the package brings as its licence; without such a file, what the heads of its bundled files say. */
function licenseText(folder, license, files) {
  const own = readdirSync(join(ROOT, folder)).filter((file) => /^(licen[cs]e|notice)/i.test(file));
  if (own.length > 0)
    return own.map((file) => readFileSync(join(ROOT, folder, file), "utf8").trim()).join("\n\n");
  const heads = new Set(files.map((file) => /^(\/\/.*\n)*/.exec(readFileSync(join(ROOT, file), "utf8"))[0]));
  const texts = Array.from(heads, (head) => head.replace(/^\/\/ ?/gm, "").trim()).filter(
    (text) => text !== "",
  );
  if (texts.length === 0) throw new Error(`${folder} has no licence text.`);
  if (license.includes("Apache-2.0"))
    texts.push(readFileSync(join(ROOT, "scripts/licenses/Apache-2.0.txt"), "utf8"));
  return texts.join("\n\n");
}
