import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { describe, expect, it } from "vitest";
import { fixture, runCli, ServerProcess } from "../support/cli.js";
import { answerOf } from "../support/client.js";
import { isAlive, sandboxPids } from "../support/processes.js";

const listening = (server: ServerProcess) => server.listening();

async function connect(url: URL): Promise<Client> {
  const client = new Client({ name: "test", version: "1" });
  // Its session id may be undefined, which the type of transports does not say.
  await client.connect(new StreamableHTTPClientTransport(url) as Parameters<Client["connect"]>[0]);
  return client;
}

const execute = (client: Client, code: string, onprogress = () => {}) =>
  client.callTool({ name: "execute_python", arguments: { code } }, undefined, { onprogress });

describe("serve --http", () => {
  it("serves two clients at once, and says where on one line of stderr", async () => {
    await using server = new ServerProcess(["serve", "--http", "--port", "0"]);
    const url = await listening(server);
    expect(url).toMatchObject({ hostname: "127.0.0.1", pathname: "/mcp" });
    const clients = await Promise.all([connect(url), connect(url)]);
    const answers = await Promise.all(clients.map((client, i) => execute(client, `${i} + 1`)));
    expect(answers.map((answer) => answerOf(answer).result)).toEqual([1, 2]);
    expect(server.stdout).toBe("");
    await Promise.all(clients.map((client) => client.close()));
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "answers the request that runs on %s, then ends",
    async (signal) => {
      await using server = new ServerProcess([], { MONTY_CODE_MODE_HTTP: "1", MONTY_CODE_MODE_PORT: "0" });
      const client = await connect(await listening(server));
      await client.callTool({ name: "execute_python", arguments: { code: "x = 1", session: "kept" } });
      const code = "await get_custom_budget(1)\ntotal = 0\nfor i in range(1000000):\n    total += i\ntotal";
      const answer = execute(client, code, () => server.child.kill(signal));
      expect(answerOf(await answer).result).toBe(499999500000);
      const children = sandboxPids(server.pid);
      expect(await server.exit).toBe(0);
      expect(children.filter(isAlive)).toEqual([]);
      await client.close();
    },
  );

  it("answers all that it has taken when SIGTERM comes under load", async () => {
    await using server = new ServerProcess([
      ...["serve", "--http", "--port", "0", "--tools", fixture("tools/recorder")],
      ...["--rate-per-minute", "100000"],
    ]);
    const url = await listening(server);
    const clients = await Promise.all(Array.from({ length: 16 }, () => connect(url)));
    const answers = new Map<number, unknown>();
    let asked = 0;
    const work = clients.map(async (client, index) => {
      // Up to the first request that the server takes no more.
      for (;;) {
        const id = asked++;
        const call =
          index % 2 === 0
            ? client.callTool({ name: "record", arguments: { id } })
            : execute(client, `await record(${id})`);
        const answer = await call.catch(() => undefined);
        if (answer === undefined) return;
        answers.set(id, (answer.structuredContent as { result?: unknown }).result);
        if (answers.size === 150) server.child.kill("SIGTERM");
      }
    });
    await Promise.all(work);
    expect(await server.exit).toBe(0);
    const taken = Array.from(server.stderr.matchAll(/^recorded (\d+)\.$/gm), ([, id]) => Number(id));
    expect(taken.length).toBeGreaterThanOrEqual(150);
    expect(taken.filter((id) => answers.get(id) !== id)).toEqual([]);
    expect([...answers].filter(([id, result]) => id !== result)).toEqual([]);
    await Promise.all(clients.map((client) => client.close()));
  });

  it("ends a request beyond the grace time, and leaves no process", async () => {
    await using server = new ServerProcess(["--http", "--port", "0", "--shutdown-grace-ms", "50"]);
    const client = await connect(await listening(server));
    let children: number[] = [];
    const spinning = execute(client, "await get_custom_budget(1)\nwhile True:\n    pass", () => {
      children = sandboxPids(server.pid);
      server.child.kill("SIGTERM");
    });
    const lost = expect(spinning).rejects.toThrow();
    expect(await server.exit).toBe(0);
    expect(children.length).toBeGreaterThan(0);
    expect(children.filter(isAlive)).toEqual([]);
    await client.close();
    await lost;
  });

  it("tells that it lives and is ready, what it did, and a person what it is", async () => {
    await using server = new ServerProcess(["serve", "--http", "--port", "0"]);
    const { origin } = await listening(server);
    const client = await connect(new URL("/mcp", origin));
    await execute(client, "await get_custom_budget(1)", () => {});
    await client.close();
    const get = async (path: string) => (await fetch(origin + path)).text();
    expect(await get("/healthz")).toBe("ok\n");
    expect(await get("/readyz")).toBe("ready\n");
    expect(await get("/metrics")).toMatch(/monty_code_mode_programs_total\{outcome="ok"\} 1/);
    expect(await get("/")).toContain("get_custom_budget");
  });

  it("keeps its metrics for those who have the token", async () => {
    await using server = new ServerProcess(["serve", "--http", "--port", "0"], {
      MONTY_CODE_MODE_AUTH_TOKEN: "a-token-of-the-test",
    });
    const { origin } = await listening(server);
    expect((await fetch(`${origin}/metrics`)).status).toBe(401);
    expect((await fetch(`${origin}/healthz`)).status).toBe(200);
    const headers = { Authorization: "Bearer a-token-of-the-test" };
    expect((await fetch(`${origin}/metrics`, { headers })).status).toBe(200);
  });

  it("is refused beyond loopback without a token, in one sentence", async () => {
    const { code, stderr } = await runCli(["serve", "--http", "--host", "0.0.0.0", "--port", "0"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^monty-code-mode: Listening on 0\.0\.0\.0 opens .*MONTY_CODE_MODE_AUTH_TOKEN.*\.\n$/,
    );
  });

  it("says that the port is taken", async () => {
    await using server = new ServerProcess(["serve", "--http", "--port", "0"]);
    const { port } = await listening(server);
    const { code, stderr } = await runCli(["serve", "--http", "--port", port]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^monty-code-mode: The server cannot listen: .*EADDRINUSE.*\n$/);
  });
});
