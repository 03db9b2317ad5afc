import { describe, expect, it } from "vitest";
import { MENDED, REFUSED, WORKS } from "../../src/sandbox/prepare/constructs.js";
import { type Prepared, prepare } from "../../src/sandbox/prepare.js";

function mended(source: string, functions: readonly string[] = []): Extract<Prepared, { ok: true }> {
  const prepared = prepare(source, functions);
  if (!prepared.ok) throw new Error(`refused: ${prepared.failure.message}`);
  return prepared;
}

function refused(source: string, functions: readonly string[] = []) {
  const prepared = prepare(source, functions);
  if (prepared.ok) throw new Error(`not refused: ${prepared.code}`);
  return prepared.failure;
}

const lastLine = (code: string) => code.split("\n").at(-1);

describe("a program that needs nothing", () => {
  it.each(WORKS)("stays as it is: $what", ({ example }) => {
    expect(mended(example, ["tool"])).toMatchObject({ code: example, notes: [] });
  });

  it.each([
    ["a def in a string", 'text = "def main(): pass"\ntext'],
    ["a fence in a string", 'text = """\n```python\nx\n```\n"""\ntext'],
    ["a walrus", "(x := 3)"],
    ["an expression before a comment", "x = 1\nx  # the result\n# done\n"],
    ["a statement that ends in a semicolon", "x = 1; x;"],
    ["an awaited main", "async def main():\n    return 1\nawait main()"],
    ["an asyncio.run", "import asyncio\nasync def main():\n    return 1\nasyncio.run(main())"],
  ])("stays as it is: %s", (_, source) => {
    expect(mended(source)).toMatchObject({ code: source, notes: [] });
  });
});

describe("fenced blocks", () => {
  it.each([
    ["alone", "```python\nx\n```", "x\n", 2],
    ["with text around it", "Here's the program:\n\n```py\nx\n```\nIt's short.", "x\n", 4],
    ["without a tag", "```\nx\n```", "x\n", 2],
    ["without an end", "```python\nx", "x", 2],
    ["that holds a fence in a string", '```python\ns = """\n```\n"""\ns\n```', 's = """\n```\n"""\ns\n', 2],
    ["beside a block of another language", "```json\n{}\n```\n```python\nx\n```", "x\n", 5],
    ["with CRLF", "```python\r\nx\r\n```\r\n", "x\n", 2],
    ["indented in a list", "- so:\n  ```python\n  x\n  ```", "x\n  ", 3],
  ])("is unwrapped %s", (_, source, code, line) => {
    const prepared = mended(source);
    expect(prepared.code.trimEnd()).toBe(code.trimEnd());
    expect(prepared.lineOf(1)).toBe(line);
    expect(prepared.notes.join()).toContain("fenced block");
  });

  it("only takes off a fence that stands alone at the end", () => {
    expect(mended("x = 1\nx\n```").code).toBe("x = 1\nx\n");
  });

  it("asks which one, when there are several", () => {
    const failure = refused("```python\nx\n```\nor\n```python\ny\n```");
    expect(failure).toMatchObject({ kind: "syntax", line: 5, source: "```python" });
  });

  it("leaves a fence in a string alone although the program has a syntax error", () => {
    const source = 's = """\n```python\nimport os\n```\n"""\nx = = 1';
    expect(mended(source).code).toBe(source);
  });
});

describe("indentation", () => {
  it("is taken off when the whole program has it", () => {
    expect(mended("    if x:\n        y\n\n    z").code).toBe("if x:\n    y\n\nz");
  });

  it("stays inside strings", () => {
    expect(mended('  s = """\n  a\nb"""\n  s').code).toBe('s = """\n  a\nb"""\ns');
  });

  it("stays when a line has less of it", () => {
    expect(mended("    x = 1\ny").code).toBe("    x = 1\ny");
  });
});

describe("a last assignment", () => {
  it.each([
    ["x = 1", "x"],
    ["x: int = 1", "x"],
    ["x += 1", "x"],
    ["a, b = 1, 2", "a, b"],
    ["a, *b = 1, 2", "a, *b"],
    ["a = b = 3", "a"],
    ['d["k"] = 1', 'd["k"]'],
    ["d[i][j] = 1", "d[i][j]"],
    ["a.b = 1", "a.b"],
    ["x = 1; y = x", "y"],
    ["x = 1;", "x"],
    ["x = 1  # why", "x"],
    ["x = 1\n\n# end\n", "x"],
    ["x = 1 + \\\n  2", "x"],
    ["x = (\n  1,\n)", "x"],
    ['x = """\ny = 1\n"""', "x"],
  ])("%j gives its target", (source, target) => {
    const prepared = mended(source);
    expect(prepared.code).toBe(`${source}\n${target}`);
    expect(prepared.notes).toEqual([`The last statement is an assignment: the result is \`${target}\`.`]);
  });

  it.each(["d[f()] = 1", "d[await f()] = 1", "f().x = 1", "d[(n := 1)] = 1", "x: int"])(
    "%j stays, and the answer says that there is no result",
    (source) => {
      const prepared = mended(source);
      expect(prepared.code).toBe(source);
      expect(prepared.noValue).toContain("the result is null");
    },
  );

  it("counts the line that was added as the statement's", () => {
    const prepared = mended("\n\nx = 1\n# end\n");
    expect([3, 4, 5, 6].map(prepared.lineOf)).toEqual([3, 4, 5, 3]);
  });
});

describe("a return at the end", () => {
  it.each([
    ["return x", "(x)"],
    ["return x, y", "(x, y)"],
    ["return {\n  'a': 1,\n}", "({\n  'a': 1,\n})"],
    ["return", "None"],
    ["x = 1; return x  # c", "x = 1; (x)  # c"],
  ])("%j gives its value", (source, code) => {
    expect(mended(source).code.replace("( ", "(")).toBe(code);
  });
});

describe("a function that is never called", () => {
  it.each([
    ["async def main():\n    return 1", "await main()"],
    ["def main():\n    return 1", "main()"],
    ["def main(x=1, *args, y: int = 2, **kwargs):\n    return x", "main()"],
    ["x = f()\ndef helper(): pass\ndef main():\n    return helper()", "main()"],
    [
      'import asyncio\n"""doc"""\nLIMIT = 3\nasync def get_flights():\n    return LIMIT',
      "await get_flights()",
    ],
  ])("%j is called", (source, call) => {
    expect(lastLine(mended(source).code)).toBe(call);
  });

  it.each([
    ["it needs arguments", "def main(x):\n    return x"],
    ["it is called already", "main = 1\nprint(main)\ndef main():\n    return 1"],
    ["it has another name beside other work", "print(1)\ndef cleanup():\n    return 1"],
    ["it is not last", "def main():\n    return 1\nx"],
    ["it is a method", "class A:\n    def main():\n        return print(1)"],
  ])("is not called when %s", (_, source) => {
    expect(mended(source).code).toBe(source);
  });

  it("returns its last expression when it returns nothing", () => {
    expect(mended("def main():\n    x = 1\n    x").code).toBe("def main():\n    x = 1\n    return x\nmain()");
    expect(mended("def main():\n    x = 1  # c").code).toBe("def main():\n    x = 1; return x  # c\nmain()");
    expect(mended("def main():\n    print(1)").code).toBe("def main():\n    print(1)\nmain()");
  });

  it("counts the line that was added as the function's", () => {
    expect(mended("async def main():\n    return 1\n").lineOf(4)).toBe(2);
  });
});

describe("the block of a script", () => {
  const script = (body: string) =>
    `async def main():\n    return 1\n\nif __name__ == "__main__":\n    ${body}`;

  it.each([
    ["asyncio.run(main())", "_result = asyncio.run(main())"],
    ["main()", "_result = await main()"],
    ["await main(\n    )", "_result = await main(\n    )"],
  ])("gives the value of %j", (body, expected) => {
    const { code } = mended(`import asyncio\n${script(body)}`);
    expect(code).toBe(`import asyncio\n${script(expected)}\n_result`);
  });

  it("gives the target of an assignment", () => {
    expect(lastLine(mended(script("x = await main()")).code)).toBe("x");
  });

  it("stays when it prints", () => {
    const source = script("print(await main())");
    expect(mended(source).code).toBe(source);
  });
});

describe("programs that once went wrong", () => {
  it("gives the value that a last assignment names", () => {
    const source = [
      "import asyncio",
      "",
      "members_data = await get_team_members('Engineering')",
      "members = members_data['members']",
      "",
      "bob_id = None",
      "for member in members:",
      "    if 'bob smith' in member['name'].lower():",
      "        bob_id = member['id']",
      "        break",
      "",
      "expenses_data = await get_expenses(bob_id, 'Q3', 'travel')",
      "expenses = expenses_data['expenses']",
      "",
      "first_expense = expenses[0] if expenses else None",
      "",
      "result = first_expense   # ← assignment, not a bare expression",
    ].join("\n");
    expect(mended(source).code).toBe(`${source}\nresult`);
  });

  it("gives what was fetched for all combinations", () => {
    const source = [
      "import asyncio",
      "",
      "quarters = ['Q1', 'Q2', 'Q3', 'Q4']",
      "categories = ['travel', 'meals', 'accommodation']",
      "",
      "tasks = []",
      "for quarter in quarters:",
      "    for category in categories:",
      "        tasks.append(get_expenses(2, quarter, category))",
      "",
      "results = await asyncio.gather(*tasks)",
    ].join("\n");
    expect(mended(source).code).toBe(`${source}\nresults`);
  });

  it("calls the main that holds the whole program, and returns its last expression", () => {
    const source = [
      "import asyncio",
      "",
      "async def main():",
      "    user_ids = [1, 2, 3, 4, 5]",
      "    expenses_results = await asyncio.gather(",
      "        *[get_expenses(user_id, 'Q3', 'travel') for user_id in user_ids]",
      "    )",
      "    flight_expenses = []",
      "    for result in expenses_results:",
      "        for expense in result['expenses']:",
      "            if 'flight' in expense['description'].lower():",
      "                flight_expenses.append({...})",
      "    flight_expenses  # ← inside the function body, never reached",
    ].join("\n");
    const { code, notes } = mended(source);
    expect(code).toBe(
      `${source.replace("    flight_expenses  #", "    return flight_expenses  #")}\nawait main()`,
    );
    expect(notes).toHaveLength(2);
  });
});

describe("forgotten words", () => {
  it.each([
    ["async def run():\n    return 1\nrun()", "async def run():\n    return 1\nawait run()"],
    ["get_expenses(2)", "await get_expenses(2)"],
    ["import asyncio\nasyncio.gather(f(1))", "import asyncio\nawait asyncio.gather(f(1))"],
  ])("awaits %j", (source, code) => {
    expect(mended(source, ["get_expenses"]).code).toBe(code);
  });

  it("awaits nothing that may not be async", () => {
    expect(mended("f(1)").code).toBe("f(1)");
    expect(mended("def get(x): return x\nget(1)", ["get"]).code).toBe("def get(x): return x\nget(1)");
  });

  it("imports modules without shifting lines", () => {
    const prepared = mended("\nawait asyncio.gather(f(1))\njson.dumps(1)");
    expect(prepared.code).toBe("import asyncio, json\n\nawait asyncio.gather(f(1))\njson.dumps(1)");
    expect([1, 2, 3, 4].map(prepared.lineOf)).toEqual([1, 1, 2, 3]);
    expect(prepared.notes).toEqual(["`import asyncio` was added.", "`import json` was added."]);
  });

  it("imports nothing over a name of the program's own", () => {
    expect(mended("asyncio = f()\nasyncio.gather").code).toBe("asyncio = f()\nasyncio.gather");
    expect(mended("def f(re):\n    return re.sub\nf(1)").code).toBe("def f(re):\n    return re.sub\nf(1)");
    expect(mended("json.dumps(1)", ["json"]).code).toBe("json.dumps(1)");
  });
});

describe("expressions that mean one thing", () => {
  it.each([
    ["next((x for x in xs), None)", "next(iter((x for x in xs)), None)"],
    ["next(x for x in xs)", "next(iter(x for x in xs))"],
    ["next(zip(a, b))", "next(iter(zip(a, b)))"],
    ["sum(x > 1 for x in xs)", "sum(int(x > 1) for x in xs)"],
    ["sum([x in ys and not y for x in xs])", "sum([int(x in ys and not y) for x in xs])"],
    ["list(map(str, xs))", "list([(str)(_item) for _item in (xs)])"],
    ["map(lambda m: f(m, 1), xs)", "[(lambda m: f(m, 1))(_item) for _item in (xs)]"],
    ["map(a, map(b, xs))", "[(a)(_item) for _item in ([(b)(_item) for _item in (xs)])]"],
    ["map(\n  f,\n  xs,\n)", "[(\nf)(_item) for _item in (\nxs)]\n"],
    ["sorted(xs, key=str.lower)", "sorted(xs, key=(lambda text: text.lower()))"],
    ["d = {}\nmax(d, key=d.get)", "d = {}\nmax(d, key=lambda _key: d[_key])"],
    ["from __future__ import (\n annotations\n)\n1", "pass\n\n\n1"],
  ])("%j is mended", (source, code) => {
    const prepared = mended(source);
    expect(prepared.code).toBe(code);
    expect(prepared.notes).not.toEqual([]);
  });

  it.each([
    ["next(it)", []],
    ["def next(x): return x\nnext(x for x in xs)", []],
    ["[next(x for x in xs)]", ["next"]],
    ["sum(x for x in xs)", []],
    ["map(f, xs, ys)", []],
    ["map(*args)", []],
    ["for map in xs:\n    map(f, xs)\nprint()", []],
    ["str.lower", ["str"]],
  ] as const)("%j stays with the functions %j", (source, functions) => {
    expect(mended(source, functions).code).toBe(source);
  });
});

describe("refusals", () => {
  it.each(Object.entries(REFUSED))("name what to write instead: %s", (_, { what, instead, example }) => {
    const failure = refused(example);
    expect(failure).toMatchObject({ kind: "syntax", message: `Not supported: ${what}.`, hint: instead });
    expect(example.split("\n")[(failure.line ?? 0) - 1]).toBe(failure.source);
  });

  it.each([
    ["import numpy as np\n1", "numpy", "lists"],
    ["import os.path\n1", "os.path", "pathlib"],
    ["from collections.abc import Iterable\n1", "collections.abc", "typing"],
    ["import urllib.request\n1", "urllib.request", "tools"],
    ["import foo\n1", "foo", "asyncio, base64"],
    ["from itertools import groupby\n1", "itertools.groupby", "defaultdict"],
    ["from asyncio import gather, sleep\n1", "asyncio.sleep", "leave it out"],
    ["import asyncio as aio\nawait aio.create_task(f())", "asyncio.create_task", "gather"],
    ["import datetime as dt\ndt.datetime.utcnow()", "datetime.datetime.utcnow", "timezone.utc"],
    ["from datetime import datetime\ndatetime.combine(a, b)", "datetime.datetime.combine", "datetime("],
    ["datetime.now()", "datetime.now", "from datetime import datetime"],
    ["day.isocalendar()", ".isocalendar", "%V"],
    ["import math\nmath.prod(xs)", "math.prod", "reduce"],
  ])("%j says what is missing", (source, what, hint) => {
    const failure = refused(source);
    expect(failure.message).toContain(`\`${what}\``);
    expect(failure.hint).toContain(hint);
  });

  it.each([
    ["a module that a try may miss", "try:\n    import numpy\nexcept ImportError:\n    pass\nprint()"],
    ["a local that is called asyncio", "asyncio = f()\nasyncio.sleep(1)"],
    ["a function that is called print", "def print(a, file): return a\nprint(1, file=2)"],
    ["a parameter that is called json", "def f(json):\n    return json.dumps(1, default=str)\nf(1)"],
    [
      "a method of the program's own",
      "class Day:\n    def isocalendar(self):\n        return 1\nDay().isocalendar()",
    ],
    ["match as a name", "match = 1\ncase = match\ncase"],
    ["% between numbers", "x = 5\nx % 3"],
    ["| between sets", "{1} | {2}"],
    ["dict.fromkeys", "dict.fromkeys([1])"],
    ["yield in a string", "'yield del match'"],
    [
      "a module that the program may have two of",
      "if f():\n    import json\nelse:\n    json = None\njson.load",
    ],
  ])("leave alone %s", (_, source) => {
    expect(mended(source).code).toBe(source);
  });

  it("leave a tool alone that has the name of a builtin", () => {
    expect(mended("await print(1, file=2)", ["print"]).ok).toBe(true);
  });

  it("name everything at once, with lines of the code as it was sent", () => {
    const failure = refused("Try this:\r\n```python\r\nimport numpy\r\nx = 1\r\ndel x\r\n```");
    expect(failure).toMatchObject({ line: 3, source: "import numpy" });
    expect(failure.message).toContain("Line 5 too: `del`");
  });

  it("leave a program with a syntax error to the runtime", () => {
    expect(mended("import numpy\nx = = 1").code).toBe("import numpy\nx = = 1");
  });
});

describe("line numbers", () => {
  it("are those of the code as it was sent", () => {
    const prepared = mended("Sure:\r\n\r\n```python\r\n\r\nx = 1\r\ny = json.dumps(x)\r\n```");
    const lines = prepared.code.split("\n");
    expect(prepared.lineOf(lines.indexOf("x = 1") + 1)).toBe(5);
    expect(prepared.lineOf(lines.indexOf("y = json.dumps(x)") + 1)).toBe(6);
    expect(prepared.lineOf(lines.length)).toBe(6);
  });

  it("do not mind a byte order mark", () => {
    expect(mended("\uFEFFx").code).toBe("x");
  });

  it("count a lone carriage return as a line end, as Python does", () => {
    expect(mended("x = 1\ry").code).toBe("x = 1\ny");
  });
});

describe("every mend of the table", () => {
  it.each(MENDED)("says what it did: $what", ({ example }) => {
    const prepared = mended(example);
    expect(prepared.notes.length).toBeGreaterThan(0);
    expect(prepared.code).not.toBe(example);
  });
});

describe("hostile sources", () => {
  const size = 250 * 1024;
  it.each([
    ["lines", "x = foo(1, 'a')[2]\n".repeat(size / 19)],
    ["lines below the limit", "x = foo(1, 'a')[2]\n".repeat(3400)],
    ["open and closed brackets", "[".repeat(20_000) + "]".repeat(20_000)],
    ["open brackets", "(".repeat(60_000)],
    ["closed brackets", ")".repeat(60_000)],
    ["short garbage", ")".repeat(5_000)],
    ["fences", "```\n".repeat(20_000)],
    ["fences with prose", "it's\n```python\nx = = 1\n".repeat(4_000)],
    ["not", `${"not ".repeat(16_000)}x`],
    ["sums", `x${" + x".repeat(16_000)}`],
    ["attributes", `x${".a".repeat(30_000)}`],
    ["calls", `x${"()".repeat(30_000)}`],
    ["nested maps", `${"map(f, ".repeat(500)}x${")".repeat(500)}`],
    ["elif", `if x:\n  y\n${"elif x:\n  y\n".repeat(5_000)}`],
    ["imports", "import numpy\n".repeat(4_500)],
    ["line ends", "\n".repeat(size)],
    ["zeros", "\0".repeat(5_000)],
    ["quotes", '"'.repeat(60_000)],
  ])("are prepared in time: %s", (_, source) => {
    const before = process.cpuUsage();
    prepare(source);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(2000);
  });

  it("are not mended beyond the limit, and the answer says so", () => {
    const source = `${"x = 1\n".repeat(20_000)}`;
    expect(mended(source)).toMatchObject({ code: source, notes: [expect.stringContaining("not mended")] });
  });
});

it("operators that look like a fence of tildes are left alone", () => {
  const source = `${"~".repeat(20)}1`;
  expect(prepare(source)).toMatchObject({ ok: true, code: source, notes: [] });
});
