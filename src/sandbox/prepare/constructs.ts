/** One thing of Python that Monty does not run, as a program's author needs to know it. */
export interface Construct {
  /** A noun phrase: `Not supported: ${what}.` */
  readonly what: string;
  /** What to write instead, a sentence. */
  readonly instead: string;
  /** A program that has it. */
  readonly example: string;
}

/** What is refused before the run. The guide and the tests are made from this table too. */
export const REFUSED = {
  match: {
    what: "a `match` statement",
    instead: "Use if/elif/else.",
    example: "x = 1\nmatch x:\n    case 1:\n        x = 2\nx",
  },
  yield: {
    what: "`yield`",
    instead: "Append to a list and return it.",
    example: "def numbers():\n    yield 1\nlist(numbers())",
  },
  del: {
    what: "`del`",
    instead: "Use `d.pop(key)` or `xs.pop(index)`; a name can just stay.",
    example: "d = {'a': 1}\ndel d['a']\nd",
  },
  asyncWith: {
    what: "`async with`",
    instead: "Await the calls in sequence, or all at once with `asyncio.gather`.",
    example: "async def f(x):\n    async with x:\n        pass\n1",
  },
  asyncFor: {
    what: "`async for`",
    instead: "Use `for x in await ...:`, or `[await f(x) for x in xs]`.",
    example: "async def f(xs):\n    async for x in xs:\n        pass\n1",
  },
  inheritance: {
    what: "class inheritance or a metaclass",
    instead:
      "Write the class without bases (or with `@dataclass`); raise `ValueError` instead of an exception of your own.",
    example: "class A:\n    pass\nclass B(A):\n    pass\nB()",
  },
  methodDecorator: {
    what: "a decorator on a method (`@property`, `@staticmethod`, `@classmethod`)",
    instead: "Write a plain method, or a function outside the class.",
    example: "class A:\n    @property\n    def x(self):\n        return 1\nA().x",
  },
  classBody: {
    what: "a statement in a class body that is no method and no `name = value`",
    instead: "Do it outside the class, or in `__init__`.",
    example: "class A:\n    if True:\n        x = 1\nA.x",
  },
  complex: {
    what: "a complex number",
    instead: "Keep the two parts apart as floats.",
    example: "z = 1j\nz",
  },
  exceptStar: {
    what: "`except*`",
    instead: "Use a plain `except`.",
    example: "try:\n    x = 1\nexcept* ValueError:\n    x = 2\nx",
  },
  typeAlias: {
    what: "a `type` statement",
    instead: "Write the type out in each annotation.",
    example: "type Rows = list[int]\n1",
  },
  wildcardImport: {
    what: "`from ... import *`",
    instead: "Name what is imported.",
    example: "from math import *\npi",
  },
  relativeImport: {
    what: "a relative import",
    instead: "There are no files beside the program: write the code into it.",
    example: "from . import helpers\n1",
  },
  partTarget: {
    what: "unpacking into `x[i]` or `x.a`",
    instead: "Unpack into plain names, then assign each of them.",
    example: "x = [1, 2]\nx[0], x[1] = x[1], x[0]\nx",
  },
  sliceTarget: {
    what: "assignment to a slice",
    instead: "Build a new list: `xs = xs[:a] + new + xs[b:]`.",
    example: "xs = [1, 2, 3]\nxs[0:2] = [9]\nxs",
  },
  percentFormat: {
    what: "`%` formatting of text",
    instead: "Use an f-string: `f'{name}: {amount:.2f}'`.",
    example: "'%s: %.2f' % ('a', 1.5)",
  },
  dictUnion: {
    what: "`|` between dicts",
    instead: "Use `{**a, **b}`, or `a.update(b)`.",
    example: "a = {'x': 1}\na | {'y': 2}",
  },
  gatherKeyword: {
    what: "`asyncio.gather` with a keyword argument such as `return_exceptions=True`",
    instead:
      "Wrap each call in an `async def` that catches: `try: return await tool(x)`, `except Exception as error: return str(error)`.",
    example:
      "import asyncio\nasync def f():\n    return 1\nawait asyncio.gather(f(), return_exceptions=True)",
  },
  printFile: {
    what: "`print(..., file=...)`",
    instead: "Leave `file` out: what is printed comes back with the result.",
    example: "import sys\nprint('a', file=sys.stderr)",
  },
  jsonDefault: {
    what: "`json.dumps` with `default` or `cls`",
    instead:
      "Turn the values into text first; or give the value itself as the result, it becomes JSON anyway.",
    example: "import json\njson.dumps({'a': 1}, default=str)",
  },
  reFunction: {
    what: "`re.sub` with a function as the replacement",
    instead: "Use a replacement text with `\\1`, or loop over `re.finditer`.",
    example: "import re\nre.sub('a', lambda found: found.group().upper(), 'abc')",
  },
  isinstanceUnion: {
    what: "`isinstance(x, a | b)`",
    instead: "Use a tuple: `isinstance(x, (a, b))`.",
    example: "isinstance(1, int | str)",
  },
  keyMethod: {
    what: "a method of a builtin value as a `key` function",
    instead: "Write a lambda: `key=lambda k: d[k]`.",
    example: "d = {'a': 1, 'b': 2}\nsorted(['b', 'a'], key=d.get)",
  },
  typeMethod: {
    what: "a method taken from a builtin type",
    instead: "Call it on the value: `','.join(xs)`, `text.upper()`.",
    example: "str.join(',', ['a', 'b'])",
  },
} as const satisfies Record<string, Construct>;

export type RefusedId = keyof typeof REFUSED;

/** What is mended before the run, so that it works: programs and what they give. */
export const MENDED: readonly { readonly what: string; readonly example: string; readonly gives: unknown }[] =
  [
    { what: "a fenced block", example: "```python\nx = 1\nx + 1\n```", gives: 2 },
    { what: "a program that is indented as a whole", example: "    x = 1\n    x + 1", gives: 2 },
    { what: "an assignment at the end: the result is its target", example: "x = 1 + 1", gives: 2 },
    { what: "`return x` at the end of the top level", example: "x = 2\nreturn x", gives: 2 },
    {
      what: "`main()` that is defined last and never called",
      example: "async def main():\n    return 2",
      gives: 2,
    },
    {
      what: '`if __name__ == "__main__":` at the end',
      example: 'def run():\n    return 2\n\nif __name__ == "__main__":\n    run()',
      gives: 2,
    },
    { what: "a forgotten `await` at the end", example: "async def run():\n    return 2\nrun()", gives: 2 },
    { what: "a forgotten `import` of a module that exists", example: "math.floor(2.5)", gives: 2 },
    {
      what: "`from __future__ import annotations`",
      example: "from __future__ import annotations\n2",
      gives: 2,
    },
    {
      what: "`next` of a generator expression",
      example: "next((x for x in [1, 2] if x > 1), None)",
      gives: 2,
    },
    { what: "`sum` of comparisons", example: "sum(x > 1 for x in [1, 2, 3])", gives: 2 },
    { what: "`map` with one iterable", example: "sum(map(lambda x: x * 2, [0, 1]))", gives: 2 },
    {
      what: "`str.lower` and the like as a function",
      example: "sorted(['b', 'A'], key=str.lower)",
      gives: ["A", "b"],
    },
    {
      what: "`key=d.get` over the same dict",
      example: "d = {'a': 1, 'b': 2}\nmax(d, key=d.get)",
      gives: "b",
    },
  ];

/** What fails only when it runs, or only in the type check. */
export const FAILS_LATER: readonly Construct[] = [
  {
    what: "arithmetic with bools",
    instead: "Use `int(flag)`.",
    example: "flag = 2 > 1\n1 + flag",
  },
  {
    what: "a method of a builtin value as a value of its own",
    instead: "Call it, or write a lambda.",
    example: "xs = []\nadd = xs.append\nadd(1)",
  },
  {
    what: "`<=` between sets",
    instead: "Use `a.issubset(b)`.",
    example: "a = {1}\na <= {1, 2}",
  },
  {
    what: "operators of a class of your own (`__lt__`, `__add__`, `__len__`, `__getitem__`, `__call__`)",
    instead: "Write methods and call them by name.",
    example: "class A:\n    def __len__(self):\n        return 1\nlen(A())",
  },
  {
    what: "`@dataclass(order=True)`, `kw_only`, `__post_init__`",
    instead: "Use a plain `@dataclass` (`frozen=True` works) and sort with `key=lambda x: x.field`.",
    example: "from dataclasses import dataclass\n@dataclass(order=True)\nclass A:\n    x: int\nA(1) < A(2)",
  },
  {
    what: "a tool called inside `sorted`, `filter` or `functools.reduce`",
    instead: "Await the calls first, in a comprehension or a loop.",
    example: "async def f():\n    return list(filter(lambda x: tool(x), [1]))\nawait f()",
  },
  {
    what: "`open` and every other way to files, network, processes and the environment",
    instead: "Call the tools.",
    example: "open('/etc/passwd').read()",
  },
];

/** What works and could be doubted: programs and what they give. `tool(x)` gives x. */
export const WORKS: readonly { readonly what: string; readonly example: string; readonly gives: unknown }[] =
  [
    { what: "`await` anywhere, at the top level too", example: "(await tool(1)) + 1", gives: 2 },
    {
      what: "`asyncio.gather`, also inside helpers",
      example:
        "import asyncio\nasync def both(a, b):\n    return await asyncio.gather(tool(a), tool(b))\nawait both(1, 2)",
      gives: [1, 2],
    },
    { what: "`await` in comprehensions", example: "[await tool(x) for x in [1, 2]]", gives: [1, 2] },
    {
      what: "`asyncio.run(main())`",
      example: "import asyncio\nasync def main():\n    return await tool(3)\nasyncio.run(main())",
      gives: 3,
    },
    {
      what: "functions: defaults, `*args`, `**kwargs`, keyword-only, lambdas, closures, recursion, decorators",
      example:
        "def twice(f):\n    return lambda *args, **kwargs: 2 * f(*args, **kwargs)\n@twice\ndef add(a, b=1, *, c=0):\n    return a + b + c\nadd(1, c=2)",
      gives: 8,
    },
    {
      what: "classes without bases, with methods, `__init__`, `__str__`, `__repr__`, `__eq__`, `__iter__`, `__contains__`",
      example:
        "class Bag:\n    kind = 'bag'\n    def __init__(self, xs):\n        self.xs = xs\n    def __str__(self):\n        return f'Bag of {len(self.xs)}'\n    def __repr__(self):\n        return 'Bag!'\n    def __eq__(self, other):\n        return self.xs == other.xs\n    def __iter__(self):\n        return iter(self.xs)\n    def __contains__(self, x):\n        return x == 'any'\n[str(Bag([1])), repr(Bag([])), Bag([1]) == Bag([1]), [x for x in Bag([2])], 'any' in Bag([]), Bag.kind]",
      gives: ["Bag of 1", "Bag!", true, [2], true, "bag"],
    },
    {
      what: "`@dataclass`",
      example:
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Row:\n    name: str\n    amount: float = 0.5\nRow('a')",
      gives: { name: "a", amount: 0.5 },
    },
    {
      what: "try/except/else/finally, `raise ... from`, `assert`",
      example:
        "try:\n    raise ValueError('bad') from None\nexcept (KeyError, ValueError) as error:\n    text = str(error)\nfinally:\n    done = True\n[text, done]",
      gives: ["bad", true],
    },
    {
      what: "`with` and classes that have `__enter__` and `__exit__`",
      example:
        "class Scope:\n    def __enter__(self):\n        return 1\n    def __exit__(self, *args):\n        return False\nwith Scope() as value:\n    x = value\nx",
      gives: 1,
    },
    {
      what: "comprehensions, unpacking with `*` and `**`, walrus, chained comparison",
      example:
        "first, *rest = [n for x in range(5) if 0 < (n := x * 2) < 8]\n{'first': first, 'rest': [*rest, 9], **{'square': {k: v for k, v in [(1, 2)] if v}}}",
      gives: { first: 2, rest: [4, 6, 9], square: { "1": 2 } },
    },
    {
      what: "`global` and `nonlocal`, for/else, while/else",
      example:
        "total = 0\ndef outer():\n    count = 0\n    def inner():\n        global total\n        nonlocal count\n        total += 1\n        count += 1\n    inner()\n    return count\nfor x in [1]:\n    pass\nelse:\n    a = outer()\nwhile False:\n    pass\nelse:\n    b = total\n[a, b]",
      gives: [1, 1],
    },
    {
      what: "f-strings with `=`, `!r`, nested quotes and number formats; `str.format`",
      example:
        "d = {'a': 1234.5}\nx = 'é'\n[f'{d['a']:,.2f}', f'{0.256:.1%}', f'{7:03d}', f'{x!r}', f'{x=}', '{0:>4}'.format('a')]",
      gives: ["1,234.50", "25.6%", "007", "'é'", "x='é'", "   a"],
    },
    {
      what: "`sorted`, `min`, `max` with `key`; `sum` with `start`; `zip(strict=True)`, `enumerate`, `reversed`, `any`, `all`, `round`, `divmod`",
      example:
        "rows = [('b', 1), ('a', 1)]\nbest = min(rows, key=lambda r: r[0])\n[[name for name, v in sorted(rows, key=lambda r: (-r[1], r[0]))], best, max([], default=0), sum([1], 10), list(zip([1], [2], strict=True)), list(enumerate(reversed([3]), 1)), any([0, 1]), all([]), round(2.567, 2), divmod(7, 3)]",
      gives: [["a", "b"], ["a", 1], 0, 11, [[1, 2]], [[1, 3]], true, true, 2.57, [2, 1]],
    },
    {
      what: "`filter`, `getattr`, `hasattr`, `setattr`, `isinstance(x, (a, b))`",
      example:
        "class A:\n    pass\na = A()\nsetattr(a, 'x', 1)\n[list(filter(lambda x: isinstance(x, (int, float)), [1, 'a', 2.5])), hasattr(a, 'y'), getattr(a, 'x')]",
      gives: [[1, 2.5], false, 1],
    },
    {
      what: "`collections`: Counter, defaultdict, deque, namedtuple",
      example:
        "from collections import Counter, defaultdict, deque, namedtuple\ngroups = defaultdict(list)\nfor word in ['ab', 'ac', 'b']:\n    groups[word[0]].append(word)\nPoint = namedtuple('Point', 'x y')\n[groups, Counter('aab').most_common(1), list(deque([1, 2], maxlen=1)), Point(1, 2)]",
      gives: [{ a: ["ab", "ac"], b: ["b"] }, [["a", 2]], [2], { x: 1, y: 2 }],
    },
    {
      what: "`json.dumps` (`indent`, `sort_keys`, `separators`, `ensure_ascii`) and `json.loads`",
      example:
        "import json\ntext = json.dumps({'b': [1, None], 'a': 'é'}, sort_keys=True, separators=(',', ':'), ensure_ascii=False)\n[text, json.loads(json.dumps({'a': 1}, indent=2))]",
      gives: ['{"a":"é","b":[1,null]}', { a: 1 }],
    },
    {
      what: "`re`: search, match, findall, finditer, split, sub with text, named groups",
      example:
        "import re\nfound = re.search(r'\\d', 'a1')\n[[m.group('n') for m in re.finditer(r'(?P<n>\\d+)', 'a1b22')], found.group() if found else None, re.match('b', 'a'), re.findall('a', 'Aa', re.I), re.split('[,;]', 'a,b;c'), re.sub('(a)', r'<\\1>', 'ab')]",
      gives: [["1", "22"], "1", null, ["A", "a"], ["a", "b", "c"], "<a>b"],
    },
    {
      what: "`datetime`: strptime, strftime, fromisoformat, arithmetic, comparison",
      example:
        "from datetime import date, datetime, timedelta\nday = datetime.strptime('2024-02-28', '%Y-%m-%d') + timedelta(days=2)\n[day.strftime('%d %B %Y'), (date.fromisoformat('2024-03-01') - date(2024, 2, 1)).days, date(2024, 1, 1) < date(2024, 1, 2)]",
      gives: ["01 March 2024", 29, true],
    },
    {
      what: "annotations of all kinds (they are checked before the run, not evaluated)",
      example:
        "def total(rows: list[dict[str, float]], start: float | None = None) -> float:\n    return sum(r['v'] for r in rows) + (start or 0)\ntotal([{'v': 1.5}])",
      gives: 1.5,
    },
  ];
