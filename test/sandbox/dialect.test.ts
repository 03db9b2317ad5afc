import { afterAll, describe, expect, it } from "vitest";
import { builtinStubs, dialectGuide, dialectRules } from "../../src/sandbox/dialect.js";
import { FAILS_LATER, MENDED, REFUSED, WORKS } from "../../src/sandbox/prepare/constructs.js";
import {
  INSTEAD_OF_BUILTIN,
  INSTEAD_OF_MEMBER,
  INSTEAD_OF_METHOD,
  INSTEAD_OF_MODULE,
  MODULES,
} from "../../src/sandbox/prepare/missing.js";
import { prepare } from "../../src/sandbox/prepare.js";
import { Sandbox } from "../../src/sandbox/sandbox.js";
import { TestSession } from "../support/monty.js";

const sandbox = new Sandbox({
  limits: {
    timeoutMs: 10_000,
    interpreterMs: 5_000,
    memoryBytes: 64 * 1024 * 1024,
    recursion: 200,
    toolCalls: 100,
    parallelToolCalls: 10,
    codeBytes: 256 * 1024,
    previewBytes: 1024 * 1024,
    resultBytes: 256 * 1024,
    stdoutBytes: 64 * 1024,
  },
  poolSize: 1,
  maxPrograms: 2,
});
afterAll(() => sandbox.close());

/** Runs a program on the whole way: prepared, type-checked, run. */
function execute(code: string) {
  return sandbox.execute({
    code,
    stubs: `${builtinStubs}async def tool(x: Any) -> Any: ...\n`,
    functions: [{ name: "tool", parameters: ["x"], call: async ({ x }) => x }],
    owner: sandbox,
  });
}

/** Runs code as it is, without preparation and type check. */
async function run(code: string): Promise<unknown> {
  await using test = await TestSession.start();
  return (await test.json(code)).value;
}

describe("what the guide says works", () => {
  it.each(WORKS)("works: $what", async ({ example, gives }) => {
    expect(await execute(example)).toMatchObject({ ok: true, result: gives, notes: [] });
  });
});

describe("what the guide says is mended", () => {
  it.each(MENDED)("works then: $what", async ({ example, gives }) => {
    const execution = await execute(example);
    expect(execution).toMatchObject({ ok: true, result: gives });
    expect(execution.notes.length).toBeGreaterThan(0);
  });
});

describe("what the guide says does not work", () => {
  it.each(Object.values(REFUSED))("fails in the runtime, so it is refused: $what", async ({ example }) => {
    await expect(run(example)).rejects.toThrow();
  });

  it.each(FAILS_LATER)("fails: $what", async ({ example }) => {
    expect(prepare(example, ["tool"]).ok).toBe(true);
    expect(await execute(example)).toMatchObject({ ok: false });
  });
});

const OPERATORS = [
  ["__lt__(self, other)", "A() < A()"],
  ["__add__(self, other)", "A() + A()"],
  ["__getitem__(self, key)", "A()[0]"],
  ["__call__(self)", "A()()"],
];
const DATACLASSES = [
  "from dataclasses import dataclass\n@dataclass(kw_only=True)\nclass A:\n    x: int\nA(x=1)",
  "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\n    def __post_init__(self):\n        pass\nA(1)",
];
const CALLBACKS = [
  "sorted([1, 2], key=lambda x: tool(x))",
  "import functools\nfunctools.reduce(lambda a, x: tool(x), [1, 2], 0)",
];

describe("what the guide names beside its examples", () => {
  it.each(OPERATORS)("fails in the runtime: %s", async (method, use) => {
    await expect(run(`class A:\n    def ${method}:\n        return 1\n${use}`)).rejects.toThrow();
  });

  it.each(DATACLASSES)("fails in the runtime: %j", async (code) => {
    await expect(run(code)).rejects.toThrow("does not yet support");
  });

  it.each(CALLBACKS)("fails: %j", async (code) => {
    expect(await execute(code)).toMatchObject({ ok: false });
  });
});

describe("the tables of modules", () => {
  it.each(Object.entries(MODULES))("%s has what is listed", async (module, members) => {
    await expect(
      run(`from ${module} import ${members.filter((name) => name !== "environ").join(", ")}\n1`),
    ).resolves.toBe(1);
  });

  it.each(Object.keys(INSTEAD_OF_MODULE))("%s cannot be imported", async (module) => {
    await expect(run(`import ${module}`)).rejects.toThrow("No module named");
  });

  it.each(Object.keys(INSTEAD_OF_MEMBER))("%s is missing", async (path) => {
    const [module] = path.split(".");
    await expect(run(`import ${module}\n${path}`)).rejects.toThrow("has no attribute");
  });

  it.each(Object.keys(INSTEAD_OF_BUILTIN).filter((name) => name !== "open"))(
    "%s is missing",
    async (name) => {
      await expect(run(name)).rejects.toThrow("is not defined");
    },
  );

  it.each(Object.keys(INSTEAD_OF_METHOD))("no value has .%s", async (method) => {
    const values = "[1, 1.5, 'a', datetime.datetime(2024, 1, 2), datetime.date(2024, 1, 2), ValueError('x')]";
    const code = `import datetime\n[hasattr(value, '${method}') for value in ${values}]`;
    await expect(run(code)).resolves.toEqual(Array(6).fill(false));
  });

  it("do not stand in the way of an import in a try", async () => {
    const code = "try:\n    import json as reader\nexcept ImportError:\n    reader = None\nreader is None";
    expect(await execute(code)).toMatchObject({ ok: true, result: false });
  });
});

describe("the declarations for the type checker", () => {
  it.each([
    "try:\n    await tool(1)\nexcept (PermissionError, FileNotFoundError) as error:\n    print(error)\n1",
    "list(map(lambda a, b: a + b, [1], [2]))",
    "filter = [1]\nfilter.append(2)\nfilter",
    "def map(x):\n    return x\nmap(1)",
  ])("accept %j", async (code) => {
    expect(await execute(code)).toMatchObject({ ok: true });
  });

  it.each([
    "FileExistsError",
    "IsADirectoryError",
    "NotADirectoryError",
    "UnboundLocalError",
    "UnicodeEncodeError",
  ])("name an exception that the runtime has: %s", async (name) => {
    await expect(run(`${name}\n1`)).resolves.toBe(1);
  });
});

describe("the texts", () => {
  it("are short", () => {
    expect(dialectRules.split(/\s+/).length).toBeLessThan(150);
    expect(dialectGuide.length).toBeLessThan(20_000);
  });

  it("show a program that runs", async () => {
    const [, program = ""] = /```python\n([\s\S]*?)```/.exec(dialectGuide) ?? [];
    expect(await execute(program)).toMatchObject({
      ok: true,
      result: { rows: [1, 2, 3], count: 3 },
      notes: [],
    });
  });
});
