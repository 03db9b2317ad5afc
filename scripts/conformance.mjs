// Runs the official MCP conformance suite against this server over HTTP:
//   npm run conformance
// The suite needs Node 22 or newer, which npx brings. Its scenarios that call a tool, prompt or resource of a server
// made for the suite cannot pass here; they are listed with the reason, and every other one must pass.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const SUITE = [
  "-y",
  "-p",
  "node@24",
  "-p",
  "@modelcontextprotocol/conformance@latest",
  "conformance",
  "server",
];
const CLI = fileURLToPath(new URL("../dist/bin/monty-code-mode.js", import.meta.url));

const TEST_TOOL = "calls a tool that only a server made for the suite has";
const TEST_PROMPT = "gets a prompt that only a server made for the suite has";
const TEST_RESOURCE = "reads a resource that only a server made for the suite has";
const NOT_OFFERED = "uses a capability that this server does not declare";

const CANNOT_PASS = {
  "completion-complete": "completes an argument of a prompt that only a server made for the suite has",
  "tools-call-simple-text": TEST_TOOL,
  "tools-call-image": TEST_TOOL,
  "tools-call-audio": TEST_TOOL,
  "tools-call-embedded-resource": TEST_TOOL,
  "tools-call-mixed-content": TEST_TOOL,
  "tools-call-with-logging": TEST_TOOL,
  "tools-call-error": TEST_TOOL,
  "tools-call-with-progress": TEST_TOOL,
  "tools-call-sampling": TEST_TOOL,
  "tools-call-elicitation": TEST_TOOL,
  "elicitation-sep1034-defaults": TEST_TOOL,
  "elicitation-sep1330-enums": TEST_TOOL,
  "resources-read-text": TEST_RESOURCE,
  "resources-read-binary": TEST_RESOURCE,
  "resources-templates-read": TEST_RESOURCE,
  "resources-subscribe": NOT_OFFERED,
  "resources-unsubscribe": NOT_OFFERED,
  "prompts-get-simple": TEST_PROMPT,
  "prompts-get-with-args": TEST_PROMPT,
  "prompts-get-embedded-resource": TEST_PROMPT,
  "prompts-get-with-image": TEST_PROMPT,
};

const server = spawn(
  process.execPath,
  [CLI, "serve", "--http", "--port", "0", "--rate-per-minute", "100000"],
  {
    stdio: ["ignore", "ignore", "pipe"],
  },
);
try {
  const output = await run("npx", [...SUITE, "--url", await listening(server)]);
  const rows = [...output.matchAll(/^([✓✗]) ([\w-]+): \d+ passed, \d+ failed/gmu)];
  if (rows.length === 0) throw new Error(`The suite gave no summary:\n${output}`);
  let failed = 0;
  for (const [, mark, name] of rows) {
    const reason = CANNOT_PASS[name];
    if (mark === "✗" && reason === undefined) failed += 1;
    const verdict =
      mark === "✓" ? "passed" : reason === undefined ? "FAILED" : `not for this server: ${reason}`;
    console.log(`${name.padEnd(32)} ${verdict}`);
  }
  console.log(`${rows.filter(([, mark]) => mark === "✓").length} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  server.kill("SIGTERM");
}

function listening(child) {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stderr.on("data", (chunk) => {
      text += chunk;
      const found = /listening on (\S+)/.exec(text);
      if (found) resolve(found[1]);
    });
    child.once("exit", () => reject(new Error(`The server ended: ${text}`)));
  });
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "inherit"],
      shell: process.platform === "win32",
    });
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
    });
    child.once("error", reject);
    child.once("close", () => resolve(text));
  });
}
