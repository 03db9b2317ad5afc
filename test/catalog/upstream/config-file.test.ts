// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are filled in when the file is read
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readConfigFile } from "../../../src/catalog/upstream/config-file.js";
import { ConfigError } from "../../../src/config.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "monty-code-mode-config-"));
});
afterAll(() => rm(dir, { recursive: true }));

const ENV = { TOKEN: "sk-1234567890", EMPTY: "", HOME: "/home/ada" };

async function read(content: unknown) {
  const file = join(dir, "mcp.json");
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return readConfigFile(file, ENV);
}

async function entry(entry: unknown) {
  const { servers } = await read({ mcpServers: { github: entry } });
  return servers[0];
}

/** The error without the path of the file. */
async function failure(content: unknown): Promise<string> {
  try {
    await read(content);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message.replace(`${join(dir, "mcp.json")}: `, "");
  }
  throw new Error("The file was read.");
}

it("reads servers as MCP clients write them, with lists of tools", async () => {
  const { servers, warnings } = await read({
    mcpServers: {
      github: {
        command: "npx",
        args: ["-y", "server", "--key=${TOKEN}"],
        env: { A: "${NONE:-none}", B: "${EMPTY:-full}", C: "${EMPTY}", D: "${env:HOME}/x" },
        cwd: "${HOME}",
        allow: ["get_*"],
        deny: ["get_secrets"],
        confirm: ["get_money"],
        timeout_ms: 500,
        autoApprove: [],
      },
      web: {
        type: "http",
        url: "https://example.com/${TOKEN}",
        headers: { Authorization: "Bearer ${TOKEN}" },
      },
      off: { command: "${NONE}", disabled: true },
    },
    inputs: [],
  });
  expect(servers.map(({ secrets: _, ...rest }) => rest)).toEqual([
    {
      name: "github",
      endpoint: {
        type: "stdio",
        command: "npx",
        args: ["-y", "server", "--key=sk-1234567890"],
        env: { A: "none", B: "full", C: "", D: "/home/ada/x" },
        cwd: "/home/ada",
      },
      allow: ["get_*"],
      deny: ["get_secrets"],
      confirm: ["get_money"],
      timeoutMs: 500,
    },
    {
      name: "web",
      endpoint: {
        type: "http",
        url: "https://example.com/sk-1234567890",
        headers: { Authorization: "Bearer sk-1234567890" },
      },
      allow: undefined,
      deny: [],
      confirm: [],
      timeoutMs: 60_000,
    },
  ]);
  expect(warnings).toEqual([
    expect.stringContaining("mcpServers.github.autoApprove: is not a key that is read here"),
  ]);
});

it("hides what came from the environment and what headers and variables hold", async () => {
  const stdio = await entry({
    command: "x",
    args: ["--key=${TOKEN}", "${HOME}"],
    env: { PASS: "correct horse" },
  });
  expect(stdio?.secrets.hide("sk-1234567890 in /home/ada, correct horse")).toBe(
    "[hidden] in /home/ada, [hidden]",
  );
  const http = await entry({ url: "http://localhost/", headers: { Authorization: "Bearer abcdefgh" } });
  expect(http?.secrets.hide("abcdefgh is no Bearer")).toBe("[hidden] is no Bearer");
});

it.each([
  [{}, "mcpServers: expected an object, got nothing."],
  [[], "expected an object, got a list."],
  [{ mcpServers: { github: 1 } }, "mcpServers.github: expected an object, got a number."],
  [{ mcpServers: { "": {} } }, 'mcpServers[""]: a server needs a name.'],
])("refuses %j", async (content, message) => {
  expect(await failure(content)).toBe(message);
});

it.each([
  [{}, "github: expected command (for a process) or url (for HTTP)."],
  [
    { command: "x", url: "http://a" },
    "github: expected command (for a process) or url (for HTTP), not both.",
  ],
  [{ command: "x", args: ["a", 2] }, "github.args[1]: expected text, got a number."],
  [{ command: "x", args: "${TOKEN}" }, "github.args: expected a list of texts, got text."],
  [{ command: "x", args: ["${NONE}"] }, "github.args[0]: the environment variable NONE is not set."],
  [{ command: "x", env: { "A B": null } }, 'github.env["A B"]: expected text, got null.'],
  [{ command: " " }, "github.command: expected a command, got empty text."],
  [{ type: "http", command: "x" }, 'github.type: a server with a command is of type "stdio".'],
  [{ type: "stdio", url: "http://a" }, 'github.type: a server with a url is of type "http".'],
  [{ type: "ws", url: "ws://a" }, 'github.type: expected "stdio" or "http".'],
  [
    { type: "sse", url: "http://a/sse" },
    "github.type: the SSE transport is not supported; give the URL of the server's Streamable HTTP endpoint.",
  ],
  [{ url: "ftp://${TOKEN}" }, "github.url: expected an http or https URL."],
  [{ url: "https://me:${TOKEN}@a" }, "github.url: no user name and password here: write them into headers."],
  [{ url: "http://a", headers: { X: "${TOKEN}\nx" } }, "github.headers.X: no HTTP header can be this."],
  [{ command: "x", timeout_ms: 0 }, "github.timeout_ms: expected a whole number from 1 to 2147483647."],
  [{ command: "x", disabled: "yes" }, "github.disabled: expected true or false, got text."],
  [{ command: "x", allow: "all" }, "github.allow: expected a list of texts, got text."],
])("refuses the server %j", async (github, message) => {
  const said = await failure({ mcpServers: { github } });
  expect(said).toBe(`mcpServers.${message}`);
  expect(said).not.toContain(ENV.TOKEN);
});

it("reads a file that begins with a mark of its byte order", async () => {
  expect((await read('\uFEFF{"mcpServers": {"a": {"command": "x"}}}')).servers).toHaveLength(1);
});

it("says that there is no file, or where it is no JSON, and quotes none of it", async () => {
  await expect(readConfigFile(join(dir, "none.json"))).rejects.toThrow(
    `Cannot read the configuration ${join(dir, "none.json")}: there is no such file.`,
  );
  expect(await failure('{\n  "mcpServers": {\n    "a": { "command": "secret" secret }\n  }\n}')).toBe(
    "not JSON: there is an error near line 3.",
  );
  expect(await failure('{\n  "mcpServers": {},\n}')).toBe("not JSON: there is an error near line 3.");
  expect(await failure('{ "mcpServers": {')).toMatch(
    /^not JSON: (it ends too early|there is an error near line 1)\.$/,
  );
  expect(await failure("secret")).toBe("not JSON: there is an error near line 1.");
});
