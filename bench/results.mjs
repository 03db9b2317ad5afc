// Long results: `node bench/results.mjs [programs]`, after `npm run build`.
//
// Each program gives 50 MB. The answer must stay under the preview size; the whole must come back the same, to a
// later program and as a resource; and the memory of the server must not grow with the number of programs.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const PROGRAMS = Number(process.argv[2] ?? 100);
const BYTES = 50 * 1000 * 1000;
const PREVIEW_BYTES = 16 * 1024;
const SERVER = fileURLToPath(new URL("../dist/bin/monty-code-mode.js", import.meta.url));

const transport = new StdioClientTransport({ command: process.execPath, args: [SERVER] });
const client = new Client({ name: "bench", version: "1" });
await client.connect(transport);

async function execute(code) {
  const { isError, structuredContent, content } = await client.callTool({
    name: "execute_python",
    arguments: { code },
  });
  if (isError) throw new Error(content[0].text);
  return structuredContent;
}

function serverMiB() {
  const status = readFileSync(`/proc/${transport.pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024);
}

/** As a program makes it. */
function textOf(digit) {
  return digit.repeat(BYTES);
}

async function readResource(id) {
  const hash = createHash("sha256");
  for (let uri = `execution://${id}/result`; uri !== undefined; ) {
    const [{ text, _meta }] = (await client.readResource({ uri })).contents;
    hash.update(text);
    uri = _meta.next;
  }
  return hash.digest("hex");
}

const memory = [];
let longest = 0;
let last;
const started = performance.now();
for (let i = 0; i < PROGRAMS; i += 1) {
  const digit = String(i % 10);
  const answer = await execute(`"${digit}" * ${BYTES}`);
  longest = Math.max(longest, Buffer.byteLength(JSON.stringify(answer.result)));
  if (answer.result_bytes !== BYTES + 2) throw new Error(`a result of ${answer.result_bytes} bytes`);
  last = { id: answer.execution_id, digit };
  memory.push(serverMiB());
}
const seconds = (performance.now() - started) / 1000;

const same = await execute(`(await load_result("${last.id}")) == "${last.digit}" * ${BYTES}`);
const asJson = createHash("sha256")
  .update(JSON.stringify(textOf(last.digit)))
  .digest("hex");
const middle = memory[Math.floor(memory.length / 2)];
console.log(
  [
    `${PROGRAMS} programs of ${BYTES / 1e6} MB each, one after the other: ${(seconds / PROGRAMS).toFixed(2)} s a program`,
    `longest answer: ${longest} bytes of result (the preview size is ${PREVIEW_BYTES})`,
    `load_result gives the same text: ${same.result}`,
    `the resource has the same SHA-256: ${(await readResource(last.id)) === asJson}`,
    `memory of the server: ${middle} MiB in the middle, ${memory.at(-1)} MiB at the end, ${Math.max(...memory)} MiB at most`,
  ].join("\n"),
);
await client.close();
if (longest > PREVIEW_BYTES || same.result !== true) process.exitCode = 1;
