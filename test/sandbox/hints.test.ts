import { describe, expect, it } from "vitest";
import { hintFor } from "../../src/sandbox/hints.js";
import type { FailureKind } from "../../src/sandbox/program.js";

/** Messages as Monty 0.0.23 gives them. */
const MESSAGES: [kind: FailureKind, message: string, hint: string, source?: string][] = [
  ["runtime", "ModuleNotFoundError: No module named 'requests'", "call the tools"],
  ["type", "Cannot resolve imported module `statistics`", "sum(xs) / len(xs)"],
  ["runtime", "AttributeError: module 'asyncio' has no attribute 'sleep'", "leave it out"],
  ["type", "Module `asyncio` has no member `create_task`", "asyncio.gather"],
  ["runtime", "ImportError: cannot import name 'groupby' from 'itertools' (unknown location)", "defaultdict"],
  ["type", "Name `asyncio` used when not defined", "import asyncio"],
  ["type", "Name `open` used when not defined", "no files"],
  ["runtime", "NameError: name 'format' is not defined", "f-string"],
  [
    "syntax",
    "NotImplementedError: The monty syntax parser does not yet support pattern matching (match statements)",
    "if/elif/else",
  ],
  ["syntax", "NotImplementedError: Wildcard imports (`from ... import *`) are not supported", "Name what"],
  [
    "type",
    "Cannot subscript object of type `CoroutineType[Any, Any, Team]` with no `__getitem__` method",
    "awaited",
  ],
  ["type", "Object of type `CoroutineType[Any, Any, Team]` has no attribute `members`", "awaited"],
  [
    "type",
    "Cannot subscript object of type `_Future[tuple[int, int]]` with no `__getitem__` method",
    "awaited",
  ],
  ["runtime", "TypeError: 'coroutine' object is not iterable", "awaited"],
  ["runtime", "TypeError: cannot unpack non-iterable coroutine object", "awaited"],
  ["runtime", "AttributeError: 'coroutine' object has no attribute 'members'", "awaited"],
  ["type", "`int` is not awaitable", "take the `await` away"],
  ["type", "`return` statement outside of a function", "await main()"],
  ["type", "Object of type `Team` has no attribute `members`", "x['key']"],
  ["runtime", "AttributeError: 'dict' object has no attribute 'members'", "x['key']"],
  ["runtime", "AttributeError: 'dict' object has no attribute 'get'", "lambda"],
  ["runtime", "AttributeError: type object 'str' has no attribute 'lower'", "on the value"],
  ["runtime", "AttributeError: 'NoneType' object has no attribute 'group'", "is not None"],
  ["type", "Attribute `group` is not defined on `None` in union `Match[str] | None`", "is not None"],
  ["type", "No overload of function `sum` matches arguments", "list[dict[str, Any]]"],
  ["type", "Unary operator `-` is not supported for object of type `str | float`", "list[dict[str, Any]]"],
  [
    "type",
    "Attribute `append` is not defined on `int` in union `int | list[Unknown]`",
    "list[dict[str, Any]]",
  ],
  [
    "type",
    "Operator `+` is not supported between objects of type `int | None` and `Literal[1]`",
    "is not None",
  ],
  ["type", "No overload of function `max` matches arguments", "lambda", "max(d, key=d.get)"],
  ["runtime", "PermissionError: Permission denied: '/etc/passwd'", "tools"],
  ["runtime", "RuntimeError: 'os.environ' is not supported in this environment", "tools"],
  ["runtime", "TypeError: unsupported operand type(s) for +: 'int' and 'bool'", "int(flag)"],
  ["runtime", "TypeError: unsupported operand type(s) for %: 'str' and 'tuple'", "f-string"],
  ["runtime", "TypeError: unsupported operand type(s) for |: 'dict' and 'dict'", "{**a, **b}"],
  ["runtime", "TypeError: '<=' not supported between instances of 'set' and 'set'", "issubset"],
  ["runtime", "TypeError: 'list' object is not an iterator", "iter("],
  [
    "runtime",
    "NotImplementedError: filter(): external function 'num' is not yet supported in this context",
    "Await the calls first",
  ],
  ["runtime", "NotImplementedError: dataclass() does not yet support the order option", "frozen=True"],
  ["runtime", "KeyError: amount", "d.get(key)"],
  ["limit", "More than 200 nested calls: RecursionError: maximum recursion depth exceeded.", "loop"],
  ["limit", "The program needed more than 128 MiB of memory.", "Keep less"],
  ["limit", "The program took longer than 30 s. It waited for: get_expenses (for 29 s)", "gather"],
  ["limit", "The program made more than 500 tool calls.", "fewer calls"],
];

describe("a hint", () => {
  it.each(MESSAGES)("for %s: %s", (kind, message, hint, source) => {
    expect(hintFor(kind, message, source)).toContain(hint);
  });

  it.each([
    ["runtime", "ValueError: wrong department 'Sales': one of Engineering"],
    ["runtime", "ZeroDivisionError: division by zero"],
    ["type", 'Unknown key "member" for TypedDict `Team` - did you mean "members"?'],
    ["type", "No overload of function `max` matches arguments"],
    ["syntax", "SyntaxError: Expected an identifier"],
    ["type", "Name `toString` used when not defined"],
    ["crash", "The process ended with KeyError"],
    ["cancelled", "The program was cancelled."],
  ] as const)("is not given where the message says it all: %s: %s", (kind, message) => {
    expect(hintFor(kind, message, "max(xs)")).toBeUndefined();
  });

  it("is for the first of several errors", () => {
    expect(
      hintFor("type", "`int` is not awaitable\nline 3: Name `open` used when not defined", "x"),
    ).toContain("take the `await` away");
  });
});
