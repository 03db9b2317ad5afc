// A load on the HTTP server, beside that on a bare SDK server in the same run:
//   node bench/load.mjs [seconds]        (30 by default, after npm ci)
// 64 connections, half of them calling a tool, half running programs. Every answer is checked.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const CONNECTIONS = 64;
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
  const result = { answers: 0, wrong: 0, errors: new Map(), middleMb: 0, endMb: 0 };
  const end = performance.now() + SECONDS * 1000;
  const rss = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))[1]) / 1024;
  const middle = setTimeout(() => {
    result.middleMb = rss();
  }, SECONDS * 500);
  let next = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, index) => {
      const client = new Client({ name: "load", version: "1.0.0" });
      await client.connect(new StreamableHTTPClientTransport(url));
      const work = workOf(index);
      while (performance.now() < end) {
        try {
          if (await work(client, next++)) result.answers += 1;
          else result.wrong += 1;
        } catch (error) {
          result.errors.set(error.message, (result.errors.get(error.message) ?? 0) + 1);
        }
      }
      await client.close();
    }),
  );
  clearTimeout(middle);
  result.endMb = rss();
  server.removeAllListeners("exit");
  server.kill("SIGTERM");
  return result;
}

function print(what, { answers, wrong, errors, middleMb, endMb }) {
  console.log(`${what}: ${(answers / SECONDS).toFixed(0)} answers a second`);
  console.log(`  wrong answers ${wrong}, errors ${[...errors.values()].reduce((a, b) => a + b, 0)}`);
  for (const [message, count] of errors) console.log(`    ${count} × ${message}`);
  const growth = ((endMb / middleMb - 1) * 100).toFixed(0);
  console.log(
    `  memory: ${middleMb.toFixed(0)} MiB in the middle, ${endMb.toFixed(0)} MiB at the end (${growth} %)`,
  );
}
