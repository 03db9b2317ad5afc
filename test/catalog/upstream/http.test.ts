import { expect, it } from "vitest";
import { HttpUpstream } from "../../support/http-upstream.js";
import { until } from "../../support/until.js";
import { fixtureServer, TestUpstreams } from "../../support/upstream.js";

const TOKEN = "a-very-secret-token";

it("calls tools over HTTP with the headers of the file", async () => {
  await using upstream = await HttpUpstream.start();
  const headers = { Authorization: `Bearer ${TOKEN}` };
  await using test = await TestUpstreams.open({ web: { type: "http", url: upstream.url, headers } });
  expect(test.names).toEqual(["web_count", "web_hang"]);
  expect(await test.call("web_count")).toBe(1);
  expect([...upstream.authorizations]).toEqual([`Bearer ${TOKEN}`]);
});

it("follows a list that changes", async () => {
  await using upstream = await HttpUpstream.start();
  await using test = await TestUpstreams.open({ web: { url: upstream.url } });
  await until("the change is told", async () => {
    await upstream.changeTools(["count", "new"]);
    return test.names.includes("web_new");
  });
  expect(test.names).toEqual(["web_count", "web_new"]);
});

it("opens a new session where the old one has expired, and makes the call once", async () => {
  await using upstream = await HttpUpstream.start();
  await using test = await TestUpstreams.open({ web: { url: upstream.url } });
  expect(await test.call("web_count")).toBe(1);
  upstream.forgetSessions();
  expect(await test.call("web_count")).toBe(2);
  expect(upstream.opened).toBe(1);
  expect(test.warnings).toEqual([]);
});

it("says that a server went away in mid-call, and finds it when it is back", async () => {
  await using upstream = await HttpUpstream.start();
  await using test = await TestUpstreams.open({ web: { url: upstream.url }, other: fixtureServer() });
  const hanging = test.failure("web_hang");
  await until("it is called", () => upstream.calls === 1);
  await upstream.stop();
  const error = await hanging;
  expect(error.message).toBe(
    "The MCP server web failed: it ended during the call: nobody answers at its URL (connection refused).",
  );
  expect((await test.failure("web_count")).message).toMatch(
    /^The MCP server web is down: nobody answers at its URL \(connection refused\)\. It is being started again\.$/,
  );
  expect(await test.call("other_pid")).toBeTypeOf("number");
  await upstream.listen();
  await until("it is found", () => test.state("web").state === "ready", 10_000);
  expect(await test.call("web_count")).toBe(2);
});

it("does not open a stream as often as a server would like", async () => {
  await using upstream = await HttpUpstream.start();
  let streams = 0;
  upstream.intercept = (request, response) => {
    if (request.method !== "GET") return false;
    streams += 1;
    response.writeHead(200, { "Content-Type": "text/event-stream" }).end("retry: 0\n\n");
    return true;
  };
  const start = performance.now();
  await using test = await TestUpstreams.open({ web: { url: upstream.url } });
  await until("it is opened again", () => streams === 3);
  expect(performance.now() - start).toBeGreaterThan(990);
  expect(await test.call("web_count")).toBe(1);
});

it("ends an answer that is too long", async () => {
  await using upstream = await HttpUpstream.start();
  await using test = await TestUpstreams.open({ web: { url: upstream.url } });
  upstream.intercept = (request, response) => {
    if (request.method !== "POST") return false;
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id: 9, result: { text: "x".repeat(20 * 1024 * 1024) } }));
    return true;
  };
  expect((await test.failure("web_count")).message).toContain("longer than 16 MiB");
});

it.each([
  [401, "wants another authorization in headers"],
  [404, "there is no MCP server at its URL"],
  [500, `HTTP status 500: Broken: [hidden]`],
])("says what status %i means, without the token", async (status, text) => {
  await using upstream = await HttpUpstream.start();
  upstream.intercept = (_, response) => {
    response.writeHead(status).end(`Broken: ${TOKEN}`);
    return true;
  };
  const headers = { Authorization: `Bearer ${TOKEN}` };
  await using test = await TestUpstreams.open({ web: { url: upstream.url, headers } });
  expect(test.state("web").problem).toContain(text);
  expect(test.log.join("\n")).not.toContain(TOKEN);
});
