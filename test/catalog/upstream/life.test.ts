import { expect, it } from "vitest";
import { UnansweredError } from "../../../src/catalog/tool.js";
import { isAlive } from "../../support/processes.js";
import { until } from "../../support/until.js";
import { fixtureServer, TestUpstreams } from "../../support/upstream.js";

it("says that a server died in mid-call and how, starts it again, and leaves the others alone", async () => {
  await using test = await TestUpstreams.open({ mortal: fixtureServer(), other: fixtureServer() });
  const [pid, others] = [await test.call("mortal_pid"), await test.call("other_pid")];
  const hanging = test.failure("mortal_hang");
  const waiting = test.call("other_wait", { ms: 300 });
  const error = await test.failure("mortal_die", { code: 7 });
  const how = "it ended during the call: it exited with code 7; its last line on stderr: I have had enough";
  expect(error.message).toBe(`The MCP server mortal failed: ${how}.`);
  expect((await hanging).message).toBe(error.message);
  expect(error).toBeInstanceOf(UnansweredError);
  expect(await waiting).toBe("waited");

  expect(test.names).toContain("mortal_pid");
  expect(test.state("mortal")).toMatchObject({ state: "down", problem: expect.stringContaining("code 7") });
  const down = await test.failure("mortal_pid");
  expect(down).not.toBeInstanceOf(UnansweredError);
  expect(down.message).toMatch(
    /^The MCP server mortal is down: it exited with code 7; .* It is being started again\.$/,
  );

  await until("it is there again", () => test.state("mortal").state === "ready");
  expect(await test.call("mortal_pid")).not.toBe(pid);
  expect(await test.call("other_pid")).toBe(others);
});

it("waits longer from one start to the next", async () => {
  await using test = await TestUpstreams.open({ mortal: fixtureServer({ started: "/dev/null" }) });
  const pauses: number[] = [];
  for (let death = 0; death < 2; death++) {
    const died = performance.now();
    await test.failure("mortal_die", { code: 1 });
    await until("it is there again", () => test.state("mortal").state === "ready");
    pauses.push(performance.now() - died);
  }
  expect(pauses[0]).toBeGreaterThan(990);
  expect(pauses[1]).toBeGreaterThan(1990);
});

it("waits for no server that never answers initialize, for another's sake", async () => {
  await using test = await TestUpstreams.open(
    { silent: fixtureServer({ mode: "silent" }), other: fixtureServer() },
    { start: false },
  );
  void test.source.started();
  await test.source.started(({ name }) => name === "other");
  expect(test.state("silent").state).toBe("starting");
  expect(await test.call("other_pid")).toBeTypeOf("number");
});

it("says of a server that never answers initialize that it does not", async () => {
  await using test = await TestUpstreams.open({
    silent: fixtureServer({ mode: "silent" }, { timeout_ms: 300 }),
  });
  const problem = "it did not answer initialize within 300 ms";
  expect(test.state("silent")).toMatchObject({ state: "down", problem, tools: 0 });
  expect(test.warnings).toEqual([`warn: silent: down: ${problem}`]);
});

it("names what a server prints on stdout instead of messages", async () => {
  // A shell is there at once.
  const args = ["-c", "echo 'Hello, I am a server!'; cat > /dev/null"];
  await using test = await TestUpstreams.open({
    rubbish: { command: "sh", args, timeout_ms: 1500 },
    other: fixtureServer(),
  });
  const prints = "prints on stdout what is no message: ";
  expect(test.state("rubbish").problem).toBe(
    `it did not answer initialize within 1500 ms; it ${prints}"Hello, I am a server!"`,
  );
  expect(test.warnings).toContain(`warn: rubbish: ${prints}Hello, I am a server!`);
  expect(await test.call("other_pid")).toBeTypeOf("number");
});

it("passes over rubbish between messages", async () => {
  await using test = await TestUpstreams.open({ fixture: fixtureServer() });
  for (const line of ["{not json", '{"jsonrpc": "2.0", "id": 999, "result": {}}', '{"a": 1}', "\u0000"])
    expect(await test.call("fixture_print", { line })).toBe("printed");
});

it("ends a server that sends a line without end", async () => {
  await using test = await TestUpstreams.open({
    flood: fixtureServer({ mode: "flood" }),
    other: fixtureServer(),
  });
  expect(test.state("flood").problem).toBe(
    "it ended during initialize: it sent a message longer than 16 MiB",
  );
  expect(await test.call("other_pid")).toBeTypeOf("number");
});

it("ends a server that prints more and more that is no message", async () => {
  const script = 'setInterval(() => console.log("Still here.\\n".repeat(300)), 1)';
  await using test = await TestUpstreams.open({
    chatty: { command: process.execPath, args: ["-e", script] },
  });
  expect(test.state("chatty").problem).toBe(
    'it ended during initialize: it prints too much on stdout that is no message; it prints on stdout what is no message: "Still here."',
  );
});

it("logs no more than so many lines of stderr in a while, and so much of each", async () => {
  const script = 'console.error("x".repeat(5000)); for (let n = 0; n < 500; n++) console.error("line " + n);';
  await using test = await TestUpstreams.open({
    chatty: { command: process.execPath, args: ["-e", script] },
  });
  const lines = test.log.filter((line) => line.startsWith("info: chatty: "));
  expect(lines).toHaveLength(100);
  expect(lines[0]?.length).toBeLessThan(1100);
  expect(test.state("chatty").problem).toContain("its last line on stderr: line 499");
});

it("takes an answer of some MiB", async () => {
  await using test = await TestUpstreams.open({ fixture: fixtureServer() });
  expect(await test.call("fixture_long_text", { mib: 5 })).toHaveLength(5 * 1024 * 1024);
  expect((await test.failure("fixture_long_text", { mib: 20 })).message).toContain("longer than 16 MiB");
});

it.each([
  [
    "a command that is not there",
    { command: "no-such-command-here" },
    "there is no command no-such-command-here",
  ],
  [
    "a command with its arguments",
    { command: "no-such-command -y" },
    "there is no command no-such-command -y (arguments go into args)",
  ],
  [
    "a folder that is not there",
    fixtureServer({}, { cwd: "/no/such/folder" }),
    "the folder of its cwd does not exist",
  ],
  [
    "a server that ends at once",
    { command: process.execPath, args: ["-e", "console.error('No token.'); process.exit(3)"] },
    "it ended during initialize: it exited with code 3; its last line on stderr: No token.",
  ],
  [
    "a server that throws",
    {
      command: process.execPath,
      args: ["-e", "throw Object.assign(new TypeError('No token'), { code: 1 })"],
    },
    "it ended during initialize: it exited with code 1; its last line on stderr: TypeError: No token",
  ],
])("says why %s does not start", async (_, entry, problem) => {
  await using test = await TestUpstreams.open({ broken: entry });
  expect(test.state("broken")).toMatchObject({ state: "down", problem });
});

it("closes at once while a server is still being started", async () => {
  const test = await TestUpstreams.open({ silent: fixtureServer({ mode: "silent" }) }, { start: false });
  const started = test.source.started();
  await test[Symbol.asyncDispose]();
  await started;
  expect(test.state("silent").state).toBe("down");
});

it("ends what a server has started itself", async () => {
  const script = `
    const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    console.error("child " + child.pid);
    process.stdin.on("end", () => process.exit()).resume();`;
  const test = await TestUpstreams.open(
    { parent: { command: process.execPath, args: ["-e", script], timeout_ms: 600 } },
    { start: false },
  );
  const started = test.source.started();
  const pid = await until("the child runs", () => {
    const line = test.log.find((line) => line.includes("child "));
    return Number(line?.split("child ")[1]);
  });
  expect(isAlive(pid)).toBe(true);
  await test[Symbol.asyncDispose]();
  await started;
  await until("the child has ended", () => !isAlive(pid));
});
