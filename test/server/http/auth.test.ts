import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Secret } from "../../../src/secret.js";
import { expenseTools } from "../../../tools/expenses/index.js";
import { answerOf } from "../../support/client.js";
import { HEADERS, INITIALIZE, rest, sseEvents, TestHttp } from "../../support/http.js";

const ISSUER = "https://login.example.com";
const AUDIENCE = "https://tools.example.com/mcp";

const keys = await generateKeyPair("ES256");
const others = await generateKeyPair("ES256");
let jwks: Server;
let jwksUrl: string;

beforeAll(async () => {
  const jwk = { ...(await exportJWK(keys.publicKey)), alg: "ES256", kid: "one" };
  jwks = createServer((_req, res) => res.end(JSON.stringify({ keys: [jwk] })));
  await new Promise<void>((resolve) => jwks.listen(0, "127.0.0.1", resolve));
  jwksUrl = `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/jwks`;
});

afterAll(() => jwks.close());

function jwt(claims: JWTPayload = {}, { key = keys.privateKey, exp = "1h" } = {}): Promise<string> {
  return new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "ada", ...claims })
    .setProtectedHeader({ alg: "ES256", kid: "one" })
    .setExpirationTime(exp)
    .sign(key);
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const start = () =>
  TestHttp.start({
    tools: expenseTools,
    settings: { oauth: { issuer: ISSUER, audience: AUDIENCE, jwksUrl } },
  });
const call = (name: string, args: object) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name, arguments: args },
});

describe("a static token", () => {
  it("lets its clients do everything, and nobody else anything", async () => {
    await using http = await TestHttp.start({ settings: { authToken: new Secret("s3cret") } });
    const client = await http.connect("s3cret");
    const result = await client.callTool({ name: "execute_python", arguments: { code: "1 + 1" } });
    expect(answerOf(result).result).toBe(2);
    for (const headers of [{}, bearer("s3cre"), bearer("s3crets"), { Authorization: "Basic s3cret" }]) {
      const response = await http.post(INITIALIZE, headers);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toMatch(/^Bearer realm="mcp"/);
      expect(await response.json()).toMatchObject({ jsonrpc: "2.0", error: { code: -32_000 } });
    }
  });
});

describe("a JWT", () => {
  it("is taken from the issuer, for the audience", async () => {
    await using http = await start();
    const client = await http.connect(await jwt({ scope: "mcp:tools mcp:execute mcp:ask" }));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(["execute_python", "ask"]));
    const result = await client.callTool({ name: "execute_python", arguments: { code: "1 + 1" } });
    expect(answerOf(result).result).toBe(2);
  });

  it.each([
    ["of another issuer", () => jwt({ iss: "https://other.example" })],
    ["for another audience", () => jwt({ aud: "https://other.example" })],
    ["that has expired", () => jwt({}, { exp: "-1m" })],
    ["signed by another key", () => jwt({}, { key: others.privateKey })],
    [
      "signed by a shared secret",
      () =>
        new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "ada" })
          .setProtectedHeader({ alg: "HS256", kid: "one" })
          .setExpirationTime("1h")
          .sign(new TextEncoder().encode("a secret of at least 32 bytes, as it must be")),
    ],
    ["that is none", async () => "s3cret"],
  ])("%s is refused, with the place of the metadata", async (_title, make) => {
    await using http = await start();
    const response = await http.post(INITIALIZE, bearer(await make()));
    expect(response.status).toBe(401);
    const [, url = ""] =
      /resource_metadata="(.*?)"/.exec(response.headers.get("www-authenticate") ?? "") ?? [];
    expect(url).toBe(`${http.origin}/.well-known/oauth-protected-resource/mcp`);
    for (const place of [url, url.replace(/\/mcp$/, "")])
      expect(await (await fetch(place)).json()).toMatchObject({
        resource: http.server.url,
        authorization_servers: [ISSUER],
        scopes_supported: ["mcp:tools", "mcp:execute", "mcp:ask"],
      });
  });

  it("cannot be checked without the keys, which is not the client's fault", async () => {
    const oauth = { issuer: ISSUER, audience: AUDIENCE, jwksUrl: "" };
    const broken = createServer((_req, res) => res.writeHead(500).end());
    await new Promise<void>((resolve) => broken.listen(0, "127.0.0.1", resolve));
    oauth.jwksUrl = `http://127.0.0.1:${(broken.address() as AddressInfo).port}/`;
    await using http = await TestHttp.start({ settings: { oauth } });
    const response = await http.post(INITIALIZE, bearer(await jwt()));
    broken.close();
    expect(response.status).toBe(503);
  });

  it.each([
    ["mcp:ask", { execute_python: false, ask: true }],
    ["mcp:execute", { execute_python: true, ask: false }],
    ["openid", { execute_python: false, ask: false }],
    [undefined, { execute_python: false, ask: false }],
  ])("with the scope %s is shown only its tools, and called for others 403", async (scope, allowed) => {
    await using http = await start();
    const token = await jwt(scope === undefined ? {} : { scope });
    const client = await http.connect(token);
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toContain("sum_amounts");
    const session = await http.initialize(bearer(token));
    for (const [name, may] of Object.entries(allowed)) {
      expect(names.includes(name)).toBe(may);
      const response = await http.post(call(name, {}), { ...bearer(token), ...session });
      expect(response.status).toBe(may ? 200 : 403);
      if (!may) {
        const wanted = name === "ask" ? "mcp:ask" : "mcp:execute";
        const told = response.headers.get("www-authenticate");
        expect(told).toMatch(new RegExp(`error="insufficient_scope", scope="[^"]*${wanted}"`));
      }
      await response.text();
    }
  });

  it("without the scope for programs learns nothing of those that its subject has run", async () => {
    await using http = await start();
    const full = bearer(await jwt({ scope: "mcp:execute" }));
    const less = bearer(await jwt({ scope: "mcp:tools" }));
    const session = await http.initialize(full);
    const ran = await http.post(call("execute_python", { code: "'secret'" }), { ...full, ...session });
    const events = await rest(sseEvents(ran));
    const id: string = events.at(-1)?.message.result.structuredContent.execution_id;

    const uri = `execution://${id}/result`;
    const ref = { type: "ref/resource", uri: "execution://{execution_id}/result{?page}" };
    const ask = async (method: string, params: object, headers: Record<string, string>) => {
      const body = { jsonrpc: "2.0", id: 2, method, params };
      const response = await http.post(body, { ...headers, ...session });
      return { status: response.status, text: await response.text() };
    };
    const requests: [string, object][] = [
      ["resources/read", { uri }],
      ["completion/complete", { ref, argument: { name: "execution_id", value: "" } }],
    ];
    for (const [method, params] of requests) {
      expect((await ask(method, params, full)).text, method).toMatch(
        method === "resources/read" ? /secret/ : id,
      );
      expect(await ask(method, params, less), method).toMatchObject({ status: 403 });
    }
    expect((await ask("resources/templates/list", {}, full)).text).toContain("execution://");
    expect((await ask("resources/templates/list", {}, less)).text).not.toContain("execution://");
    expect(await ask("resources/read", { uri: "monty-code-mode://dialect" }, less)).toMatchObject({
      status: 200,
    });

    const resume = (headers: Record<string, string>) =>
      fetch(http.server.url, {
        headers: { ...HEADERS, ...session, ...headers, "Last-Event-ID": events[0]?.id ?? "" },
      });
    const refused = await resume(less);
    expect(refused.status).toBe(403);
    expect(refused.headers.get("www-authenticate")).toContain('scope="mcp:tools mcp:execute"');
    expect(await refused.text()).not.toContain("secret");
    expect(await (await resume(full)).text()).toContain("secret");
  });

  it("of another subject does not find the session", async () => {
    await using http = await start();
    const session = await http.initialize(bearer(await jwt()));
    const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };
    const statusFor = async (sub: string) =>
      (await http.post(list, { ...bearer(await jwt({ sub })), ...session })).status;
    expect(await statusFor("bob")).toBe(404);
    expect(await statusFor("ada")).toBe(200);
  });
});
