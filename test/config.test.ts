import { availableParallelism } from "node:os";
import { delimiter } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "../src/config.js";
import { SETTINGS, variableOf } from "../src/settings.js";

describe("readConfig", () => {
  it.each([
    [false, {}],
    [false, { OTEL_EXPORTER_OTLP_ENDPOINT: " " }],
    [true, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318" }],
    [true, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://localhost:4318/v1/traces" }],
    [false, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318", OTEL_SDK_DISABLED: "TRUE" }],
    [false, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318", OTEL_TRACES_EXPORTER: "none" }],
  ])("has traces sent, or not, by OpenTelemetry's variables: %j %j", (tracing, env) => {
    expect(readConfig({}, env)).toMatchObject({ tracing });
  });

  it("gives the documented defaults", () => {
    expect(readConfig({}, {})).toEqual({
      keep: { executions: 100, bytes: 128 * 1024 * 1024, ms: 60 * 60_000 },
      limits: {
        timeoutMs: 30_000,
        interpreterMs: 10_000,
        memoryBytes: 128 * 1024 * 1024,
        recursion: 200,
        toolCalls: 500,
        parallelToolCalls: 32,
        codeBytes: 256 * 1024,
        previewBytes: 16 * 1024,
        resultBytes: 256 * 1024,
        stdoutBytes: 64 * 1024,
      },
      poolSize: availableParallelism(),
      maxPrograms: 4 * availableParallelism(),
      maxWaitMs: 30_000,
      pythonSessions: 4,
      maxPythonSessions: 32,
      pythonSessionIdleMs: 900_000,
      tools: [],
      runtime: undefined,
      logLevel: "info",
      model: { apiKey: undefined, baseUrl: undefined, name: "gpt-5.4-mini", timeoutMs: 60_000 },
      ask: { attempts: 4, historyTokens: 16_000, sessionLog: undefined },
      exposure: { expose: undefined, stubTokens: 2000 },
      http: {
        enabled: false,
        host: "127.0.0.1",
        port: 3333,
        publicUrl: undefined,
        authToken: undefined,
        oauth: { issuer: undefined, audience: undefined, jwksUrl: undefined },
        maxSessions: 100,
        sessionIdleMs: 1_800_000,
        bodyBytes: 1024 * 1024,
        ratePerMinute: 600,
        shutdownGraceMs: 10_000,
      },
      tracing: false,
    });
  });

  it("reads every setting from its flag and from its variable", () => {
    for (const { name, range, choices, repeatable } of SETTINGS.filter(({ variable }) => !variable)) {
      const value = choices?.[1] ?? String(range?.[0] ?? "some/path");
      const fromFlag = readConfig({ [name]: repeatable ? [value] : value }, {});
      const fromVariable = readConfig({}, { [variableOf(name)]: value });
      expect(fromVariable).toEqual(fromFlag);
      expect(fromFlag).not.toEqual(readConfig({}, {}));
    }
  });

  it("takes a flag before the variable, and the variable before the default", () => {
    const env = { MONTY_CODE_MODE_TIMEOUT_MS: "2000" };
    expect(readConfig({ "timeout-ms": "1000" }, env).limits.timeoutMs).toBe(1000);
    expect(readConfig({}, env).limits.timeoutMs).toBe(2000);
  });

  it("takes an empty variable for one that is not set", () => {
    expect(readConfig({}, { MONTY_CODE_MODE_TIMEOUT_MS: "" }).limits.timeoutMs).toBe(30_000);
  });

  it("takes several folders of tools, from flags or separated as in PATH", () => {
    expect(readConfig({ tools: ["a", "b"] }, {}).tools).toEqual(["a", "b"]);
    expect(readConfig({}, { MONTY_CODE_MODE_TOOLS: ["a", "", "b"].join(delimiter) }).tools).toEqual([
      "a",
      "b",
    ]);
  });

  it("takes a flag without a value from the environment too", () => {
    for (const value of ["1", "true"])
      expect(readConfig({}, { MONTY_CODE_MODE_HTTP: value }).http.enabled).toBe(true);
    expect(readConfig({}, { MONTY_CODE_MODE_HTTP: "0" }).http.enabled).toBe(false);
    expect(() => readConfig({}, { MONTY_CODE_MODE_HTTP: "yes" })).toThrow(ConfigError);
  });

  it("takes the model's settings from the environment only", () => {
    const env = {
      OPENAI_API_KEY: " sk-key\n",
      OPENAI_BASE_URL: "http://localhost:11434/v1",
      OPENAI_MODEL: "qwen3",
    };
    const { model } = readConfig({}, env);
    expect(model).toMatchObject({ baseUrl: "http://localhost:11434/v1", name: "qwen3" });
    expect(model.apiKey?.reveal()).toBe("sk-key");
    const flags = { "openai-api-key": "sk-key", "openai-base-url": "http://h", "openai-model": "other" };
    expect(readConfig(flags, {})).toEqual(readConfig({}, {}));
  });

  it("shows keys in no text that is made of the settings", () => {
    const config = readConfig({}, { OPENAI_API_KEY: "sk-key", MONTY_CODE_MODE_AUTH_TOKEN: "sk-key-too" });
    const texts = [
      JSON.stringify(config),
      inspect(config, { depth: null, showHidden: true }),
      `${config.model.apiKey}`,
    ];
    for (const text of texts) {
      expect(text).toContain("[hidden]");
      expect(text).not.toContain("sk-key");
    }
  });

  it.each([
    ["OPENAI_API_KEY", "sk-\nkey"],
    ["OPENAI_API_KEY", "sk-kéy"],
    ["MONTY_CODE_MODE_AUTH_TOKEN", "my token"],
    ["OPENAI_BASE_URL", "my-host:8080"],
    ["OPENAI_BASE_URL", "ftp://host"],
    ["OPENAI_BASE_URL", "https://me:sk-key@host/v1"],
  ])("refuses a wrong %s without showing it", (variable, value) => {
    const read = () => readConfig({}, { [variable]: value });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(`${variable} must be `);
    expect(read).not.toThrow(value);
  });

  it("is frozen, the limits too", () => {
    const config = readConfig({ tools: ["a"] }, {});
    for (const part of [config, config.limits, config.tools]) expect(Object.isFrozen(part)).toBe(true);
  });

  it.each([
    ["timeout-ms", "0"],
    ["timeout-ms", "-1"],
    ["timeout-ms", "1.5"],
    ["timeout-ms", "1e3"],
    ["timeout-ms", " "],
    ["timeout-ms", "2147483648"],
    ["recursion", "1001"],
    ["log-level", "INFO"],
  ])("refuses --%s %j with the flag, the variable and what would be right", (name, value) => {
    const read = () => readConfig({ [name]: value }, {});
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(`--${name} (or ${variableOf(name)}) must be `);
    expect(read).toThrow(`got ${JSON.stringify(value)}`);
  });
});
