// Prints what the project promises about time, as ratios taken in one run.
//   node bench/bars.mjs        (after npm ci)

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const CLI = path("../dist/bin/monty-code-mode.js");
const ITEMS = Array.from({ length: 15 }, (_, i) => ({ amount: i + 0.5, description: `Flight ${i}` }));

await main();

async function main() {
  const client = await connect([CLI, "serve", "--log-level", "warn"]);
  const ratio = await programAgainstDirectCall(client);
  await client.close();

  const slow = await connect([CLI, "serve", "--log-level", "warn", "--tools", path("slow")]);
  const gathers = await gatherFiveSlowTools(slow);
  await slow.close();

  const upstream = await gatherTwentyUpstreamCalls();

  const start = await startAgainstBareServer();
  print([
    ["flights program (7 host calls, type-checked) / sum_amounts called directly, median", ratio, 6, "×"],
    ["five tools of 200 ms in one gather, median", gathers.plain, 260, " ms"],
    ["the same inside a helper coroutine, median", gathers.helper, 260, " ms"],
    ["20 calls of 200 ms of another MCP server over stdio in one gather, median", upstream, 300, " ms"],
    [
      "spawn to first result of a program / spawn to first result of a bare SDK server, median",
      start,
      1.5,
      "×",
    ],
  ]);
}

async function connect(args) {
  const client = new Client({ name: "bench", version: "1.0.0" });
  await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: "inherit" }));
  return client;
}

/** A new text each time: nothing is answered from a cache. */
function flights(run) {
  return `import asyncio
team = await get_team_members("Engineering")
results = await asyncio.gather(*[get_expenses(m["id"], quarter="Q3") for m in team["members"]])
flights_${run} = [e for r in results for e in r["expenses"] if "flight" in e["description"].lower()]
{"items": flights_${run}, "total": await sum_amounts(flights_${run})}`;
}

/** Program and direct call take turns, so that noise meets both. */
async function programAgainstDirectCall(client) {
  const programs = [];
  const direct = [];
  const ROUNDS = 300;
  const WARM_UP = 50;
  for (let round = 0; round < ROUNDS; round++) {
    const program = await timed(() =>
      client.callTool({ name: "execute_python", arguments: { code: flights(round) } }),
    );
    if (program.value.structuredContent?.result?.total !== 10510)
      throw new Error(JSON.stringify(program.value));
    const call = await timed(() => client.callTool({ name: "sum_amounts", arguments: { items: ITEMS } }));
    if (call.value.structuredContent?.result !== 112.5) throw new Error(JSON.stringify(call.value));
    if (round < WARM_UP) continue;
    programs.push(program.ms);
    direct.push(call.ms);
  }
  console.log(
    `flights program ${median(programs).toFixed(2)} ms, sum_amounts ${median(direct).toFixed(2)} ms (medians)`,
  );
  return median(programs) / median(direct);
}

async function gatherFiveSlowTools(client) {
  const plain = "import asyncio\nawait asyncio.gather(*[slow(n) for n in range(5)])";
  const helper = `import asyncio
async def twice(n: int) -> int:
    return 2 * await slow(n)
await asyncio.gather(*[twice(n) for n in range(5)])`;
  const typical = async (code) => {
    const times = [];
    for (let run = 0; run < 10; run++) {
      const { value, ms } = await timed(() =>
        client.callTool({ name: "execute_python", arguments: { code } }),
      );
      if (value.structuredContent?.result?.length !== 5) throw new Error(JSON.stringify(value));
      times.push(ms);
    }
    console.log(`five slow tools in one gather: worst ${Math.max(...times).toFixed(0)} ms`);
    return median(times);
  };
  return { plain: await typical(plain), helper: await typical(helper) };
}

async function gatherTwentyUpstreamCalls() {
  const dir = await mkdtemp(join(tmpdir(), "monty-code-mode-bench-"));
  const file = join(dir, "servers.json");
  const slow = { command: process.execPath, args: [path("../test/fixtures/upstream/server.mjs")] };
  await writeFile(file, JSON.stringify({ mcpServers: { slow } }));
  const client = await connect([CLI, "serve", "--log-level", "warn", "--config", file]);
  const code = "import asyncio\nawait asyncio.gather(*[slow_wait(200) for _ in range(20)])";
  const times = [];
  const deadline = performance.now() + 30_000;
  while (times.length < 10) {
    const { value, ms } = await timed(() => client.callTool({ name: "execute_python", arguments: { code } }));
    // The server does not wait for the other one to start.
    if (value.structuredContent?.result?.length === 20) times.push(ms);
    else if (times.length > 0 || performance.now() > deadline) throw new Error(JSON.stringify(value));
  }
  console.log(
    `twenty upstream calls in one gather: first ${times[0].toFixed(0)} ms, worst ${Math.max(...times).toFixed(0)} ms`,
  );
  await client.close();
  await rm(dir, { recursive: true });
  return median(times);
}

async function startAgainstBareServer() {
  const ours = [];
  const bare = [];
  for (let run = 0; run < 15; run++) {
    ours.push(await spawnToResult([CLI], "execute_python", { code: flights(run) }));
    bare.push(await spawnToResult([path("bare-server.mjs")], "echo", { text: "hi" }));
  }
  console.log(
    `spawn to first result: ${median(ours).toFixed(0)} ms, bare SDK server ${median(bare).toFixed(0)} ms (medians)`,
  );
  return median(ours) / median(bare);
}

async function spawnToResult(args, name, input) {
  let client;
  const { ms } = await timed(async () => {
    client = await connect(args);
    const result = await client.callTool({ name, arguments: input });
    if (result.isError) throw new Error(JSON.stringify(result));
  });
  await client.close();
  return ms;
}

async function timed(work) {
  const start = performance.now();
  const value = await work();
  return { value, ms: performance.now() - start };
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function print(rows) {
  for (const [what, value, bar, unit] of rows) {
    const verdict = value <= bar ? "ok" : "OVER";
    console.log(`${verdict.padEnd(5)}${value.toFixed(2)}${unit} (bar ${bar}${unit})  ${what}`);
  }
}
