import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { until } from "./until.js";
import { binOf, type Entry } from "./upstream.js";

/** The reference server `everything` over HTTP; it ends with the `await using` block. */
export class HttpEverything implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    /** What stands in `mcpServers`. */
    readonly entry: Entry,
  ) {}

  static async start(): Promise<HttpEverything> {
    const port = await freePort();
    const child = spawn(process.execPath, [binOf("everything"), "streamableHttp"], {
      env: { ...process.env, PORT: String(port) },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const started = new HttpEverything(child, { type: "http", url: `http://127.0.0.1:${port}/mcp` });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    await until("it listens", () => stderr.includes("listening"), 10_000).catch(async (error) => {
      await started[Symbol.asyncDispose]();
      throw error;
    });
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || !this.child.kill("SIGKILL")) return;
    await once(this.child, "exit");
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
