import { type Construct, FAILS_LATER, REFUSED } from "./prepare/constructs.js";
import {
  INSTEAD_OF_BUILTIN,
  INSTEAD_OF_METHOD,
  insteadOfMember,
  insteadOfModule,
  MODULES,
} from "./prepare/missing.js";
import type { FailureKind } from "./program.js";

const AWAIT =
  "A call of an async function gives its result only when it is awaited: `await tool(...)`, or several at once with `await asyncio.gather(...)`.";
const MAYBE_NONE = "The value can be None: check it first, `if x is not None:`.";
const IS_DICT = "Results of tools are dicts: write `x['key']`, not `x.key`.";
const ANNOTATE =
  "Is the code right? The checker gives all values of a dict literal one type: annotate, `rows: list[dict[str, Any]] = [...]`, after `from typing import Any`.";
const CALLED_ONLY =
  "Methods of builtin values can only be called on the spot: use a lambda, `lambda k: d.get(k)`.";

type Hint = string | ((found: readonly string[], source: string) => string | undefined);

const UNDEFINED_NAME = /^NameError: name '(\w+)' is not|^Name `(\w+)` used when not/;

/** What the runtime and the type checker say, and what helps. The first that fits is taken. */
const HINTS: readonly (readonly [RegExp, Hint])[] = [
  [
    /No module named '([\w.]+)'|Cannot resolve imported module `([\w.]+)`/,
    ([, a, b]) => insteadOfModule(a ?? b ?? ""),
  ],
  [/cannot import name '(\w+)' from '([\w.]+)'/, ([, name, module]) => insteadOfMember(`${module}.${name}`)],
  [
    /[Mm]odule ['`]([\w.]+)['`] has no (?:attribute|member) ['`](\w+)['`]/,
    ([, m, name]) => insteadOfMember(`${m}.${name}`),
  ],
  [UNDEFINED_NAME, ([, a, b]) => hintForName(a ?? b ?? "")],
  [/is not awaitable|can't be awaited/, "It is a value already: take the `await` away."],
  [/CoroutineType\[|_Future\[|'coroutine'|non-iterable coroutine/, AWAIT],
  [
    /`return` statement outside of a function/,
    "Put the code into `async def main():` and end with `await main()`; or use if/else and end with the value.",
  ],
  [/unsupported operand type\(s\) for [+-]: .*'bool'/, later("arithmetic with bools").instead],
  [/unsupported operand type\(s\) for %: 'str'/, REFUSED.percentFormat.instead],
  [/unsupported operand type\(s\) for \|=?: 'dict' and 'dict'/, REFUSED.dictUnion.instead],
  [/unsupported operand type\(s\) for \|: 'type' and/, REFUSED.isinstanceUnion.instead],
  [/'[<>]=?' not supported between instances of 'set' and 'set'/, later("`<=` between sets").instead],
  [/'list' object is not an iterator/, "Put `iter(...)` around it: `next(iter(xs), None)`."],
  [/external function '\w+' is not yet supported in this context/, later("a tool called inside").instead],
  [/dataclass\(\) does not yet support/, later("`@dataclass(order=True)`").instead],
  [/unexpected keyword argument 'default'/, REFUSED.jsonDefault.instead],
  [/callable replacement is not yet supported/, REFUSED.reFunction.instead],
  [/print\(\) 'file' argument/, REFUSED.printFile.instead],
  [/gather\(\) does not yet support keyword/, REFUSED.gatherKeyword.instead],
  [/invalid unpacking target/, REFUSED.partTarget.instead],
  [/list indices must be integers or slices, not slice/, REFUSED.sliceTarget.instead],
  [/type object '(?:str|list|dict|int|float|set|tuple|bytes)' has no attribute/, REFUSED.typeMethod.instead],
  [/'NoneType' object|on `None` in union|object of type `None`/, MAYBE_NONE],
  [/object has no attribute '(\w+)'/, hintForAttribute],
  [/Object of type `[A-Z]\w*` has no attribute `\w+`/, IS_DICT],
  [
    /No overload of function `(?:max|min|sorted)`/,
    (_found, source) => (source.includes(".get") ? REFUSED.keyMethod.instead : undefined),
  ],
  [/ type `(?:[^`]* \| None|None \| [^`]*)`/, MAYBE_NONE],
  [/ in union | type `[^`]* \| [^`]*`|No overload of function `sum`/, ANNOTATE],
  [
    /is not assignable to `def (\w+)/,
    ([, name]) => `\`${name}\` is a tool: choose another name for the variable.`,
  ],
  [
    /^PermissionError: Permission denied|os\.\w+' is not supported/,
    "Programs reach no files and no environment: call the tools instead.",
  ],
  [/^KeyError/, "The key is not there: use `d.get(key)`, or look at `list(d)`."],
  [/^StopIteration/, "Give a default: `next(iter(xs), None)`."],
  [/nested calls/, "Use a loop instead of recursion."],
  [/It waited for/, "Make independent calls at once with `await asyncio.gather(...)`, and fewer of them."],
  [
    /computed for more than|took longer than [\d.]+ s\.$/,
    "Compute less: filter early, look things up in a dict instead of searching a list.",
  ],
  [/of memory\.$/, "Keep less at a time: build sums while looping instead of large lists or texts."],
  [/tool calls\.$/, "Make fewer calls: let the tools filter through their arguments."],
  [/ printed more than /, "Print less; give the value as the last expression."],
];

/** Words in what Monty's parser says about syntax it does not have. */
const UNSUPPORTED_SYNTAX: readonly (readonly [string, Construct])[] = [
  ["match statements", REFUSED.match],
  ["yield", REFUSED.yield],
  ["'del'", REFUSED.del],
  ["async with", REFUSED.asyncWith],
  ["async for", REFUSED.asyncFor],
  ["async comprehensions", REFUSED.asyncFor],
  ["class inheritance", REFUSED.inheritance],
  ["method decorators", REFUSED.methodDecorator],
  ["class bodies", REFUSED.classBody],
  ["class variable targets", REFUSED.classBody],
  ["complex constants", REFUSED.complex],
  ["except*", REFUSED.exceptStar],
  ["type aliases", REFUSED.typeAlias],
  ["Wildcard imports", REFUSED.wildcardImport],
];

/**
 * What to write instead, for a failure whose cause is a known one; undefined where nothing is known
 * that the message does not say itself. `message` starts with the exception's type, where there is one.
 */
export function hintFor(kind: FailureKind, message: string, source: string | undefined): string | undefined {
  if (kind === "cancelled" || kind === "crash") return undefined;
  const [first = ""] = message.split("\n");
  if (first.includes("monty syntax parser") || first.includes("Wildcard imports")) {
    return UNSUPPORTED_SYNTAX.find(([words]) => first.includes(words))?.[1].instead;
  }
  for (const [pattern, hint] of HINTS) {
    const found = pattern.exec(first);
    if (found) return typeof hint === "string" ? hint : hint(found, source ?? "");
  }
  return undefined;
}

/** The name that a message says nothing defines. */
export function undefinedName(message: string): string | undefined {
  const [, a, b] = UNDEFINED_NAME.exec(message) ?? [];
  return a ?? b;
}

function hintForName(name: string): string | undefined {
  if (Object.hasOwn(INSTEAD_OF_BUILTIN, name)) return INSTEAD_OF_BUILTIN[name];
  return Object.hasOwn(MODULES, name) ? `Add \`import ${name}\`.` : undefined;
}

function hintForAttribute(found: readonly string[]): string | undefined {
  const [text = "", name = ""] = found;
  if (Object.hasOwn(INSTEAD_OF_METHOD, name)) return INSTEAD_OF_METHOD[name];
  if (BUILTIN_METHODS.has(name)) return CALLED_ONLY;
  return text.length > 0 && !name.startsWith("__") ? IS_DICT : undefined;
}

/** Methods that exist when they are called, and not when they are only named. */
const BUILTIN_METHODS = new Set(
  (
    "get keys values items pop update setdefault append extend insert remove index count sort reverse copy clear add " +
    "discard lower upper strip split join replace startswith endswith title format find"
  ).split(" "),
);

function later(beginning: string): Construct {
  const construct = FAILS_LATER.find(({ what }) => what.startsWith(beginning));
  if (!construct) throw new Error(`No construct starts with ${beginning}`);
  return construct;
}
