// A load on the HTTP server, beside that on a bare SDK server in the same run:
//   node bench/load.mjs [seconds]        (30 by default, after npm ci)
// 64 connections, half of them calling a tool, half running programs. Every answer is checked. The exit code is 1 when
// one is wrong, missing or an error, or when memory at the end is more than 10 % above that in the middle.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const CONNECTIONS = 64;
const MAX_GROWTH = 0.1;
const SAMPLE_MS = 100;
/** Not measured: the heap grows until the first collections of all of it. */
const WARM_UP_S = 10;
const SECONDS = Number(process.argv[2] ?? 30);
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const FLAGS = ["--max-sessions", "200", "--rate-per-minute", "1000000", "--log-level", "warn"];

const ours = await load(
  [path("../dist/bin/monty-code-mode.js"), "serve", "--http", "--port", "0", ...FLAGS],
  (index) => (index % 2 === 0 ? directCall : program),
);
const bare = await load([path("bare-http-server.mjs")], () => echo);
print("monty-code-mode, half tool calls, half programs", ours);
print("bare SDK server, echo", bare);
process.exitCode = ours.answers === ours.asked && ours.endMb <= ours.middleMb * (1 + MAX_GROWTH) ? 0 : 1;

/** Each gives what the answer must be, and gets it checked. */
async function directCall(client, id) {
  const items = [{ amount: id }, { amount: 0.5 }];
  const { structuredContent } = await client.callTool({ name: "sum_amounts", arguments: { items } });
  return structuredContent?.result === id + 0.5;
}

async function program(client, id) {
  const code = `e = await get_expenses(${(id % 5) + 1})\n{"id": ${id}, "user": e["user_id"]}`;
  const { structuredContent } = await client.callTool({ name: "execute_python", arguments: { code } });
  return structuredContent?.result?.id === id && structuredContent.result.user === (id % 5) + 1;
}

async function echo(client, id) {
  const { content } = await client.callTool({ name: "echo", arguments: { text: String(id) } });
  return content[0].text === String(id);
}

async function load(args, workOf) {
  const server = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  const url = await new Promise((resolve, reject) => {
    let text = "";
    server.stderr.on("data", (chunk) => {
      text += chunk;
      const found = /http:\/\/\S+/.exec(text);
      if (found) resolve(new URL(found[0]));
    });
    server.once("exit", () => reject(new Error(`the server ended: ${text}`)));
  });
  const result = { asked: 0, answers: 0, wrong: 0, errors: new Map(), rate: 0, middleMb: 0, endMb: 0 };
  const start = performance.now() + WARM_UP_S * 1000;
  const end = start + SECONDS * 1000;
  const rss = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))[1]) / 1024;
  // The level is a mean over a tenth of the time: a single sample depends on when garbage was collected.
  const samples = [];
  const sampling = setInterval(
    () => samples.push({ at: (performance.now() - start) / SECONDS / 1000, mb: rss() }),
    SAMPLE_MS,
  );
  const level = (from, to) => {
    const within = samples.filter(({ at }) => at >= from && at < to);
    return within.reduce((sum, { mb }) => sum + mb, 0) / within.length;
  };
  let warmUpAnswers = 0;
  setTimeout(() => {
    warmUpAnswers = result.answers;
  }, WARM_UP_S * 1000);
  const clients = await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, index) => {
      const client = new Client({ name: "load", version: "1.0.0" });
      await client.connect(new StreamableHTTPClientTransport(url));
      const work = workOf(index);
      while (performance.now() < end) {
        try {
          if (await work(client, result.asked++)) result.answers += 1;
          else result.wrong += 1;
        } catch (error) {
          result.errors.set(error.message, (result.errors.get(error.message) ?? 0) + 1);
        }
      }
      return client;
    }),
  );
  clearInterval(sampling);
  result.rate = (result.answers - warmUpAnswers) / SECONDS;
  result.middleMb = level(0.45, 0.55);
  result.endMb = level(0.9, 1);
  await Promise.all(clients.map((client) => client.close()));
  server.removeAllListeners("exit");
  server.kill("SIGTERM");
  return result;
}

function print(what, { asked, answers, wrong, errors, rate, middleMb, endMb }) {
  console.log(`${what}: ${rate.toFixed(0)} answers a second`);
  const failed = [...errors.values()].reduce((a, b) => a + b, 0);
  console.log(`  asked ${asked}, right answers ${answers}, wrong ones ${wrong}, errors ${failed}`);
  for (const [message, count] of errors) console.log(`    ${count} × ${message}`);
  const growth = ((endMb / middleMb - 1) * 100).toFixed(0);
  console.log(
    `  memory: ${middleMb.toFixed(0)} MiB in the middle, ${endMb.toFixed(0)} MiB at the end (${growth} %)`,
  );
}
