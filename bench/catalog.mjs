// Prints what 500 tools behind the server cost a client, and how long searching and programs among them take.
//   node bench/catalog.mjs        (after npm ci)

import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { encode } from "gpt-tokenizer";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const CLI = path("../dist/bin/monty-code-mode.js");
const QUERIES = [
  "create github issue",
  "refund",
  "delete message slack",
  "flights to london",
  "kubernetes pods",
];
const ROUNDS = 100;
const WARM_UP = 10;

await main();

async function main() {
  const { client, firstListMs } = await connect();
  const listed = await tokens(client);
  const direct = await connect("--expose", "all");
  const all = await tokens(direct.client);
  await direct.client.close();

  const first = await timed(() => search(client, 0));
  const searches = await typical((round) => search(client, round));
  const programs = await typical((round) => program(client, round));
  await client.close();

  print([
    ["tokens", "tools/list with 500 tools behind it", listed, 3000],
    ["tokens", "the same tools listed directly", all],
    ["ms", "search_tools, median, with the round trip of the client", searches, 5],
    ["ms", "the first search", first.ms],
    ["ms", "a program that calls two of the tools, type-checked, median", programs],
    ["ms", "from spawning the server to its list of tools", firstListMs],
  ]);
}

async function connect(...flags) {
  const started = performance.now();
  const client = new Client({ name: "bench", version: "1.0.0" });
  const args = [CLI, "serve", "--log-level", "warn", "--tools", path("many"), ...flags];
  await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: "inherit" }));
  await client.listTools();
  return { client, firstListMs: performance.now() - started };
}

/** As a client puts the list into its model's prompt. */
async function tokens(client) {
  const { tools } = await client.listTools();
  return encode(JSON.stringify(tools)).length;
}

async function search(client, round) {
  const query = QUERIES[round % QUERIES.length];
  const { structuredContent } = await client.callTool({ name: "search_tools", arguments: { query } });
  if (structuredContent?.matches.length !== 5) throw new Error(JSON.stringify(structuredContent));
}

/** A new text each time: nothing is answered from a cache. */
async function program(client, round) {
  const code = `issue_${round} = await github_get_issue("7")
await slack_create_message(issue_${round}["name"], "general")
issue_${round}["labels"]`;
  const { structuredContent } = await client.callTool({ name: "execute_python", arguments: { code } });
  if (structuredContent?.result?.[0] !== "sample") throw new Error(JSON.stringify(structuredContent));
}

async function typical(work) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { ms } = await timed(() => work(round));
    if (round >= WARM_UP) times.push(ms);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

async function timed(work) {
  const start = performance.now();
  await work();
  return { ms: performance.now() - start };
}

function print(rows) {
  for (const [unit, what, value, bar] of rows) {
    const verdict = bar === undefined ? "" : value < bar ? "ok" : "OVER";
    const number = unit === "ms" ? value.toFixed(2) : value.toLocaleString("en");
    const limit = bar === undefined ? "" : `(bar ${bar.toLocaleString("en")})`;
    console.log(`${verdict.padEnd(5)}${number.padStart(9)} ${unit.padEnd(7)}${limit.padEnd(12)}  ${what}`);
  }
}
