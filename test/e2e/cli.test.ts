import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { TypeChecker } from "../../src/sandbox/monty/checker.js";
import { fixture, ROOT, runCli } from "../support/cli.js";
import { EXECUTABLE } from "../support/monty.js";

const { version } = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8"));

describe("help and version", () => {
  it("--help shows the commands and examples of them", async () => {
    const { code, stdout, stderr } = await runCli(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const command of ["serve", "exec", "stubs", "demo"]) expect(stdout).toContain(`  ${command}`);
    expect(stdout).toMatch(/Examples:\n {2}monty-code-mode +serve MCP over stdio/);
    expect(stdout).toContain("echo '1 + 1' | monty-code-mode exec -");
    expect(stdout).toContain("MONTY_CODE_MODE_TIMEOUT_MS");
  });

  it("exec --help shows every setting with its default", async () => {
    const { stdout } = await runCli(["exec", "--help"]);
    expect(stdout.replace(/\s+/g, " ")).toContain(
      "--timeout-ms <N> Wall clock time of a program, milliseconds. (default: 30000)",
    );
  });

  it("--version prints that of the package", async () => {
    expect(await runCli(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("exec", () => {
  it("runs a file and prints its result as JSON", async () => {
    const { code, stdout, stderr } = await runCli(["exec", fixture("programs/flights.py")]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({ items: 15, total: 10510 });
  });

  it("runs stdin for -, and prints what the program prints before its result", async () => {
    const input = "print('hello')\n{'answer': 6 * 7}\n";
    expect(await runCli(["exec", "-"], { input })).toEqual({
      code: 0,
      stdout: 'hello\n{\n  "answer": 42\n}\n',
      stderr: "",
    });
  });

  it("tells on stderr what was mended", async () => {
    const { code, stdout, stderr } = await runCli(["exec", "-"], { input: "x = 1" });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "1\n" });
    expect(stderr).toMatch(/^monty-code-mode: .*`x`.*\n$/);
  });

  it("ends with code 1 and the error on stderr for a failed program", async () => {
    const { code, stdout, stderr } = await runCli(["exec", "-"], { input: "print('before')\n{}['key']" });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "before\n" });
    expect(stderr).toMatch(/^runtime error in line 2: KeyError: key\n {2}2 \| \{\}\['key'\]\nHint: .*\n$/);
  });

  it("calls the tools of the user's folders", async () => {
    const args = ["exec", "-", "--tools", fixture("tools/home"), "--tools", fixture("tools/broken")];
    const { code, stdout, stderr } = await runCli(args, { input: "[await lamp_on('hall'), await fine()]" });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(["hall: on, 9 W", "fine"]);
    expect(stderr).toMatch(/^monty-code-mode: .*broken\.mjs: line 1: the kettle is missing\n$/);
  });
});

describe("a tool of the user's folders", () => {
  it("refuses an argument with a ValueError that the program can catch", async () => {
    const input =
      "try:\n    await boil_water(-1)\nexcept ValueError as error:\n    refusal = str(error)\nrefusal";
    const { code, stdout, stderr } = await runCli(["exec", "-", "--tools", fixture("tools/home")], { input });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatch(/^boil_water: .*litres/);
  });
});

describe("a mistake of the user is one line and exit code 2:", () => {
  it.each([
    ["an unknown flag", ["--colour"], /unknown option '--colour'/],
    [
      "a mistyped flag",
      ["exec", "-", "--timeout-m", "5"],
      /unknown option '--timeout-m' \(Did you mean --timeout-ms\?\)/,
    ],
    ["a mistyped command", ["exce"], /unknown command 'exce' \(Did you mean exec\?\)/],
    ["a command that is nothing like one", ["frobnicate", "--now"], /unknown command 'frobnicate'/],
    ["a missing file name", ["exec"], /missing required argument 'file'/],
    ["two files", ["exec", "a.py", "b.py"], /too many arguments for 'exec'/],
    [
      "a value that is no number",
      ["exec", "-", "--timeout-ms", "1s"],
      /--timeout-ms .* whole number from 1 to \d+, got "1s"/,
    ],
    ["a value out of range", ["--memory-mib", "1"], /--memory-mib .* from 8 to 65536, got "1"/],
    [
      "a value that is no choice",
      ["--log-level", "loud"],
      /--log-level .* one of trace, debug, .*, got "loud"/,
    ],
    ["a flag without its value", ["--timeout-ms"], /'--timeout-ms <N>' argument missing/],
    [
      "a file that is not there",
      ["exec", "nowhere.py"],
      /Cannot read the program nowhere\.py: there is no such file/,
    ],
    ["a folder instead of a file", ["exec", fixture("tools")], /Cannot read the program .*tools: /],
    [
      "a tools folder that is not there",
      ["stubs", "--tools", "nowhere"],
      /tools folder nowhere: there is no such folder/,
    ],
    [
      "two tools of one name",
      ["stubs", "--tools", fixture("tools/home"), "--tools", fixture("tools/home")],
      /Two tools are named/,
    ],
    [
      "a runtime that is not there",
      ["exec", "-", "--runtime", "/nowhere"],
      /The Monty runtime \/nowhere is not an executable file/,
    ],
    [
      "a server's runtime that is not there",
      ["serve", "--runtime", "/nowhere"],
      /The Monty runtime \/nowhere is not/,
    ],
  ])("%s", async (_what, args, message) => {
    const { code, stdout, stderr } = await runCli(args, { input: "1" });
    expect(stderr).toMatch(/^monty-code-mode: [^\n]+\n$/);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});

describe("stubs", () => {
  it("prints what the type checker accepts, the user's own tools among it", async () => {
    const { code, stdout, stderr } = await runCli(["stubs", "--tools", fixture("tools/home")]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const checker = new TypeChecker({
      executable: EXECUTABLE,
      size: 1,
      memoryBytes: 128 * 1024 * 1024,
      timeoutMs: 10_000,
    });
    try {
      const program = "await get_team_members('Engineering')\n(await boil_water(litres=1))['seconds']";
      expect(await checker.check(program, stdout)).toEqual([]);
      expect(await checker.check("await boil_water(litres='one')", stdout)).toMatchObject([{ line: 1 }]);
    } finally {
      await checker.close();
    }
  });
});

describe("settings", () => {
  const spin = { input: "while True:\n    pass" };

  it("come from the environment", async () => {
    const { code, stderr } = await runCli(["exec", "-"], {
      ...spin,
      env: { MONTY_CODE_MODE_TIMEOUT_MS: "200" },
    });
    expect(code).toBe(1);
    expect(stderr).toContain("longer than 0.2 s");
  });

  it("from flags go before the environment", async () => {
    const { stderr } = await runCli(["exec", "-", "--timeout-ms", "100"], {
      ...spin,
      env: { MONTY_CODE_MODE_TIMEOUT_MS: "20000" },
    });
    expect(stderr).toContain("longer than 0.1 s");
  });

  it("that are wrong in the environment name the variable", async () => {
    const { code, stderr } = await runCli(["exec", "-"], { env: { MONTY_CODE_MODE_TOOL_CALLS: "many" } });
    expect(code).toBe(2);
    expect(stderr).toContain("MONTY_CODE_MODE_TOOL_CALLS");
  });
});
