import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KEYS, readConfigFile } from "../src/catalog/upstream/config-file.js";
import * as library from "../src/index.js";
import { executionTemplates } from "../src/server/execution-resources.js";
import { Metrics } from "../src/server/http/metrics.js";
import { SETTINGS, type Setting, variableOf } from "../src/settings.js";

const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const CLI = root("dist/bin/monty-code-mode.js");
const README = readFileSync(root("README.md"), "utf8");
const DOCUMENTS = { "README.md": README, "ARCHITECTURE.md": readFileSync(root("ARCHITECTURE.md"), "utf8") };
const EXAMPLE = JSON.parse(readFileSync(root("mcp.json.example"), "utf8"));
const { scripts } = JSON.parse(readFileSync(root("package.json"), "utf8"));
const COMMANDS = ["serve", "exec", "ask", "chat", "stubs", "demo"];

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line. */
function run(args: readonly string[], input = "", env = process.env): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [CLI, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

/** The fenced blocks of a language in a section of the README, or in all of it. */
function blocks(language: string, heading?: string): string[] {
  const text = heading === undefined ? README : section(heading);
  return Array.from(
    text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms")),
    ([, code = ""]) => code,
  );
}

function section(heading: string): string {
  const text = README.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (text === undefined) throw new Error(`README.md has no section ${heading}`);
  return text;
}

function settingRow({ name, variable, value, choices, description, ...setting }: Setting): string {
  const known = setting.defaultNote ?? setting.default ?? "none";
  const among = choices === undefined ? "" : ` One of ${choices.join(", ")}.`;
  const flag = variable === undefined ? `\`--${[name, value].join(" ").trim()}\`` : "none";
  return `| ${flag} | \`${variableOf(name)}\` | ${known} | ${description}${among} |`;
}

describe("the README", () => {
  test("opens with the two commands", () => {
    expect(blocks("sh")[0]).toBe("npm ci && npm run demo\nnpm ci && npm test\n");
  });

  test("lists every setting as src/settings.ts has it", () => {
    const table = [
      "| flag | environment variable | default | what it does |",
      "|---|---|---|---|",
      ...SETTINGS.map(settingRow),
    ].join("\n");
    expect(section("Settings"), `The table to paste:\n\n${table}\n`).toContain(`\n\n${table}\n\n`);
  });

  test("names the settings of the environment in the help, as src/settings.ts has them", async () => {
    const { stdout } = await run(["--help"]);
    for (const { variable } of SETTINGS) expect(stdout).toContain(variable ?? "");
  });

  test("names only commands and flags that exist", async () => {
    const lines = blocks("sh").flatMap(
      (block) => block.match(/(?<=^|\| |^\S+=\S+ )monty-code-mode .*$/gm) ?? [],
    );
    expect(lines.length).toBeGreaterThan(0);
    const help = new Map<string, string>();
    for (const name of ["", ...COMMANDS]) {
      const { code, stdout } = await run([...(name === "" ? [] : [name]), "--help"]);
      expect(code).toBe(0);
      help.set(name, stdout);
    }
    for (const line of lines) {
      const [, ...words] = line.replace(/ +#.*/, "").split(" ");
      const name = words[0]?.startsWith("-") ? "" : (words[0] ?? "");
      expect([...help.keys()], line).toContain(name);
      for (const flag of words.filter((word) => word.startsWith("--")))
        expect(help.get(name), line).toContain(flag);
    }
  });

  test("names only flags that exist", () => {
    const known = [...SETTINGS.filter(({ variable }) => variable === undefined).map(({ name }) => name)];
    const others = ["help", "json", "transport"];
    const named = Array.from(README.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g), ([, flag]) => flag);
    expect(named.filter((flag) => ![...known, ...others].includes(flag ?? ""))).toEqual([]);
  });

  test("names only scripts that exist", () => {
    const names = Array.from(
      README.matchAll(/npm (?:run )?(demo|test|build|check|conformance|(?<=run )\w+)/g),
    );
    expect(names.length).toBeGreaterThan(4);
    for (const [text, name = ""] of names) expect(scripts, text).toHaveProperty(name);
    const files = Array.from(README.matchAll(/node ((?:bench|docs)\/[\w-]+\.mjs)/g), ([, file = ""]) => file);
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) expect(existsSync(root(file)), file).toBe(true);
  });

  test("names what the library exports", () => {
    const [, list = ""] = /The package exports its parts[^:]*: ([^(]*)/.exec(README) ?? [];
    const names = Array.from(list.matchAll(/`(\w+)`/g), ([, name]) => name);
    expect(names).toContain("defineTool");
    for (const name of names) expect(library).toHaveProperty(name as string);
  });

  test("names the metrics that there are", async () => {
    const metrics = new Metrics({
      functions: () => [],
      pool: () => ({ idle: 0, running: 0, waiting: 0, held: 0 }),
      sessions: () => 0,
    });
    const text = await metrics.text();
    const there = Array.from(text.matchAll(/^# TYPE (monty_code_mode_\w+)/gm), ([, name]) => name);
    const named = section("Serve over HTTP").match(/(?<=`)monty_code_mode_\w+/g) ?? [];
    expect(named.sort()).toEqual(there.sort());
  });

  test("shows what a turn of the demo costs, but for the times", async () => {
    const dir = await mkdtemp(join(tmpdir(), "monty-code-mode-docs-"));
    try {
      const { OPENAI_API_KEY: _, OPENAI_BASE_URL: __, ...env } = process.env;
      await run(["demo"], "", { ...env, MONTY_CODE_MODE_SESSION_LOG: dir });
      const [file = ""] = await readdir(dir);
      const [shown = ""] = blocks("text", "Ask");
      const withoutTimes = (text: string) => text.replace(/\d+\.\d{3} s/g, "");
      const log = withoutTimes(await readFile(join(dir, file), "utf8")).replace(/^ {2}/gm, "");
      expect(log).toContain(withoutTimes(shown));
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  test("names every command", async () => {
    const { stdout } = await run(["--help"]);
    const [, listed = ""] = /^Commands:\n(.*?)\n\n/ms.exec(stdout) ?? [];
    const names = Array.from(listed.matchAll(/^ {2}(\w+)/gm), ([, name]) => name);
    expect(names).toEqual([...COMMANDS, "help"]);
    for (const name of COMMANDS) expect(section("Command line")).toContain(`monty-code-mode ${name} `);
  });

  test("shows the failure that its example is really answered with", async () => {
    const [program = ""] = blocks("python", "What `execute_python` answers");
    const [failure] = blocks("text", "What `execute_python` answers");
    expect(await run(["exec", "-"], program)).toEqual({ code: 1, stdout: "", stderr: failure });
  });
});

describe("the README's own tool", () => {
  let dir: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "monty-code-mode-docs-"));
    const [source = ""] = blocks("js", "Write your own tool");
    await writeFile(join(dir, "convert-euros.mjs"), source);
  });

  afterAll(() => rm(dir, { recursive: true }));

  test("is one of the stubs", async () => {
    const { code, stdout, stderr } = await run(["stubs", "--tools", dir]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(
      'async def convert_euros(amount: float, currency: Literal["USD", "GBP"]) -> float',
    );
  });

  test("is called by a program, as the README does it", async () => {
    const [, program] = /echo '(.*)' \| monty-code-mode exec/.exec(section("Write your own tool")) ?? [];
    expect(await run(["exec", "--tools", dir, "-"], program)).toEqual({
      code: 0,
      stdout: "108\n",
      stderr: "",
    });
  });
});

test("the README's file of other servers is read as it is", async () => {
  const [content = ""] = blocks("json", "Other MCP servers");
  const dir = await mkdtemp(join(tmpdir(), "monty-code-mode-docs-"));
  try {
    const file = join(dir, "servers.json");
    await writeFile(file, content);
    const { servers, warnings } = await readConfigFile(file, { HOME: "/home/ada", GITHUB_TOKEN: "token" });
    expect(warnings).toEqual([]);
    expect(servers.map(({ name, endpoint }) => [name, endpoint.type])).toEqual([
      ["files", "stdio"],
      ["github", "http"],
    ]);
    expect(servers[0]?.endpoint).toMatchObject({ args: expect.arrayContaining(["/home/ada/notes"]) });
  } finally {
    await rm(dir, { recursive: true });
  }
});

test("the README lists every key of an entry of the file of other servers", () => {
  const listed = section("Other MCP servers").match(/^\| `.*? \|/gm) ?? [];
  const keys = listed.flatMap((cell) => Array.from(cell.matchAll(/`(\w+)`/g), ([, key]) => key));
  expect(["type", ...keys].sort()).toEqual([...KEYS].sort());
});

describe("mcp.json.example", () => {
  const client = new Client({ name: "docs-test", version: "1" });

  beforeAll(async () => {
    const { command, args } = EXAMPLE.mcpServers["monty-code-mode"];
    const own = args.map((arg: string) => arg.replace("/path/to/monty-code-mode/", root("")));
    await client.connect(new StdioClientTransport({ command, args: own, stderr: "ignore" }));
  });

  afterAll(() => client.close());

  /** The properties of what a tool takes and gives. */
  async function tool(name: string) {
    const { tools } = await client.listTools();
    const found = tools.find((tool) => tool.name === name);
    return { input: found?.inputSchema.properties ?? {}, output: found?.outputSchema?.properties ?? {} };
  }

  test("starts a server, whose answer has the keys that the README lists", async () => {
    const { output } = await tool("execute_python");
    const text = section("What `execute_python` answers");
    const listed = Array.from(text.matchAll(/^\| `(\w+)` \|/gm), ([, key]) => key);
    expect(listed).toEqual(Object.keys(output));
    const { error, receipt } = output as Record<string, { properties: Record<string, { enum?: string[] }> }>;
    for (const key of Object.keys(receipt?.properties ?? {}).filter((key) => !key.endsWith("_tokens")))
      expect(text).toContain(`\`${key}\``);
    for (const key of [...Object.keys(error?.properties ?? {}), ...(error?.properties.kind?.enum ?? [])])
      expect(text).toContain(`\`${key}\``);
  });

  test("starts a server whose failures say how to go on as the README shows it", async () => {
    const code = "for _ in range(14):\n    await get_custom_budget(1)\n1 / 0";
    const answer = await client.callTool({ name: "execute_python", arguments: { code } });
    const texts = (answer.content as { text: string }[]).map(({ text }) => text);
    const withoutId = (text: string) => text.replace(/"\w+"/, '""').trim();
    expect(texts.map(withoutId)).toContain(withoutId(blocks("text", "Fix and continue")[0] ?? ""));
  });

  test.each([
    ["execute_python", ["What `execute_python` answers", "Fix and continue"]],
    ["search_tools", ["Other MCP servers"]],
    ["ask", ["Ask"]],
  ])("starts a server whose tool %s takes what the README says", async (name, headings) => {
    const { input } = await tool(name);
    const text = headings.map(section).join();
    expect(Object.keys(input).length).toBeGreaterThan(0);
    for (const key of Object.keys(input)) expect(text).toContain(`\`${key}\``);
  });

  test("starts a server whose tool ask answers with what the README says", async () => {
    const { output } = await tool("ask");
    for (const key of Object.keys(output)) expect(section("Ask")).toContain(`\`${key}\``);
  });

  test("starts a server with the resources and the prompt that the README names", async () => {
    const { resources } = await client.listResources();
    const { prompts } = await client.listPrompts();
    const named = section("Use it in an MCP client");
    for (const { uri } of resources) expect(named).toContain(`\`${uri}\``);
    for (const { name } of prompts) expect(named).toContain(`\`${name}\``);
    for (const { uriTemplate } of executionTemplates)
      expect(named).toContain(`\`${uriTemplate.replace("{?page}", "")}\``);
  });

  test("has the same entry for VS Code", () => {
    const { type, ...entry } = EXAMPLE.servers["monty-code-mode"];
    expect(type).toBe("stdio");
    expect(entry).toEqual(EXAMPLE.mcpServers["monty-code-mode"]);
  });

  test("names the file of other servers that it holds", () => {
    const { args } = EXAMPLE.mcpServers["monty-code-mode-for-all"];
    expect(args.slice(1)).toEqual(["serve", "--config", "/path/to/servers.json"]);
    const [content = ""] = blocks("json", "Other MCP servers");
    expect(EXAMPLE["servers.json"]).toEqual(JSON.parse(content));
  });

  test("holds what the README shows", () => {
    const shown = blocks("json")
      .filter((block) => block.includes("/path/to/monty-code-mode/"))
      .map((block) => JSON.parse(block));
    const all = (key: string) => Object.assign({}, ...shown.map((block) => block[key]));
    const { mcpServers, servers } = EXAMPLE;
    expect({ mcpServers: all("mcpServers"), servers: all("servers") }).toEqual({ mcpServers, servers });
  });
});

describe.each(Object.entries(DOCUMENTS))("%s", (_name, text) => {
  test("names only files that exist", () => {
    const named = text.matchAll(/`((?:src|tools|test|bench|docs)\/[\w./-]*)`/g);
    const missing = Array.from(named, ([, path = ""]) => path).filter((path) => !existsSync(root(path)));
    expect(missing).toEqual([]);
  });

  test("links only to files and sections that exist", () => {
    const links = Array.from(text.matchAll(/\]\(([^)]+)\)/g), ([, link = ""]) => link);
    const headings = Array.from(text.matchAll(/^##+ (.*)$/gm), ([, title = ""]) => anchor(title));
    const broken = links.filter((link) =>
      link.startsWith("#") ? !headings.includes(link) : !/^https:/.test(link) && !existsSync(root(link)),
    );
    expect(broken).toEqual([]);
  });
});

test("ARCHITECTURE.md tells of each room what it imports", () => {
  const rows = Array.from(
    DOCUMENTS["ARCHITECTURE.md"].matchAll(/^\| `([^`]+\/)` \| .* \| (.*)\|$/gm),
    (row) => ({
      room: row[1] ?? "",
      told: row[2]?.match(/[\w/]+\//g) ?? [],
    }),
  );
  const rooms = rows.map(({ room }) => room);
  const folders = readdirSync(root("src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(rooms.sort()).toEqual([...folders.map(({ name }) => `src/${name}/`), "tools/"].sort());
  for (const { room, told } of rows) {
    const files = readdirSync(root(room), { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".ts"),
    );
    const imported = files.flatMap((file) => {
      const path = join(root(room), file);
      const found = readFileSync(path, "utf8").matchAll(/(?:from |import\()"(\.[^"]+)"/g);
      return Array.from(found, ([, to = ""]) =>
        relative(root("."), join(dirname(path), to)).replaceAll(sep, "/"),
      );
    });
    const others = rooms.filter((other) => other !== room && imported.some((path) => path.startsWith(other)));
    expect({ room, imports: [...told].sort() }).toEqual({ room, imports: others.sort() });
  }
});

function anchor(title: string): string {
  return `#${title
    .toLowerCase()
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", "-")}`;
}
