import { patternsFor } from "./text-patterns.js";

/** Never a name of a parameter. */
const KEYWORDS = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from global " +
    "if import in is lambda nonlocal not or pass raise return try while with yield __debug__"
  ).split(" "),
);

/** What the annotations of the stubs are made of: a class must not have a field of such a name. */
export const TYPE_NAMES =
  "Any Literal Mapping Never NotRequired Sequence TypedDict bool dict float int list str".split(" ");

const BUILTINS =
  "abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex " +
  "copyright credits delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals " +
  "hasattr hash help hex id input int isinstance issubclass iter len license list locals map max memoryview min next " +
  "object oct open ord pow print property quit range repr reversed round set setattr slice sorted staticmethod str " +
  "sum super tuple type vars zip Ellipsis NotImplemented " +
  "ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError BrokenPipeError " +
  "BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError ConnectionRefusedError " +
  "ConnectionResetError DeprecationWarning EOFError EncodingWarning EnvironmentError Exception ExceptionGroup " +
  "FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError ImportError ImportWarning " +
  "IndentationError IndexError InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError " +
  "ModuleNotFoundError NameError NotADirectoryError NotImplementedError OSError OverflowError " +
  "PendingDeprecationWarning PermissionError ProcessLookupError PythonFinalizationError RecursionError ReferenceError " +
  "ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError " +
  "SystemExit TabError TimeoutError TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError " +
  "UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning ZeroDivisionError";

/** What programs import. */
const MODULES =
  "asyncio base64 collections dataclasses datetime functools itertools json math os pathlib re sys typing";

/** Functions of the server's own that programs call. */
export const OWN_FUNCTIONS: readonly string[] = ["search_tools", "load_bytes", "load_result"];

/** What the server itself offers to clients and programs: no tool may take these names. */
export const OWN_NAMES: readonly string[] = ["execute_python", "ask", ...OWN_FUNCTIONS];

/** Never a name of a function or a type: it would shadow what programs need. */
export const RESERVED: ReadonlySet<string> = new Set([
  ...KEYWORDS,
  ...TYPE_NAMES,
  ...OWN_FUNCTIONS,
  ...`${BUILTINS} ${MODULES} match case reveal_type`.split(" "),
]);

/**
 * A Python name for each of `names`, in their order: itself where it is one, else made from it, unique.
 *
 * Names with leading underscores are made anew for functions: they are not visible to the program.
 */
export function functionNames(names: readonly string[]): string[] {
  return distinct(names, (name) => {
    const word = toIdentifier(name, "tool").replace(/^_+/, "");
    return avoid(toIdentifier(word, "tool"), RESERVED);
  });
}

/** As `functionNames`, for the parameters of one function. */
export function parameterNames(properties: readonly string[]): string[] {
  return distinct(properties, (property) => {
    // Two leading underscores alone would make a parameter positional-only.
    return avoid(toIdentifier(property, "arg").replace(/^_{2,}(?!.*__$)/, "_"), KEYWORDS);
  });
}

/** Whether `name` can be written as a field of a class: no keyword, nothing that Python mangles. */
export function isFieldName(name: string): boolean {
  return toIdentifier(name, "") === name && name !== "" && !KEYWORDS.has(name) && !name.startsWith("__");
}

/** `CamelCase` of any text; empty when no letter or digit is in it. */
export function typeName(text: string): string {
  const name = words(text)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("")
    .normalize("NFKC");
  return name === "" || patternsFor(name).identifierStart.test(name) ? name : `T${name}`;
}

/** What a tool returns: `get_expenses` gives `Expenses`, `sum_amounts` gives `SumAmountsResult`. */
export function resultName(tool: string): string {
  const [verb = "", ...rest] = words(tool);
  if (READING.has(verb.toLowerCase()) && rest.length > 0) return typeName(rest.join(" "));
  return `${typeName(tool)}Result`;
}

/** `Expense` for `Expenses`, `Category` for `Categories`; what is no plural stays. */
export function singular(plural: string): string {
  const lower = plural.toLowerCase();
  for (const [many, one] of IRREGULAR) {
    if (lower.endsWith(many)) return plural.slice(0, plural.length - many.length + 1) + one.slice(1);
  }
  for (const [ending, replacement] of ENDINGS) {
    if (ending.test(plural)) return plural.replace(ending, replacement);
  }
  return plural;
}

/** The first of `candidates` that is not in `taken`, or the first of them with a number; adds it to `taken`. */
export function unique(taken: Set<string>, candidates: readonly string[], separator = ""): string {
  let name = candidates.find((candidate) => !taken.has(candidate));
  for (let n = 2; name === undefined; n++) {
    const numbered = `${candidates[0]}${separator}${n}`;
    if (!taken.has(numbered)) name = numbered;
  }
  taken.add(name);
  return name;
}

const READING = new Set(
  "get list fetch read load find search query lookup retrieve show describe".split(" "),
);

const IRREGULAR = [
  ["people", "person"],
  ["children", "child"],
  ["movies", "movie"],
  ["series", "series"],
  ["news", "news"],
] as const;

const ENDINGS: readonly (readonly [RegExp, string])[] = [
  [/(?<=[^aeiou])ies$/i, "y"],
  [/(?<=ss|status|bus|virus|x|[st]ch|sh)es$/i, ""],
  [/(?<=[^s])ses$/i, "se"],
  [/(?<=ss|us|is)$/i, ""],
  [/(?<=.)s$/i, ""],
];

function distinct(names: readonly string[], toName: (name: string) => string): string[] {
  const made = names.map(toName);
  const taken = new Set(made.filter((name, index) => name === names[index]));
  return made.map((name, index) => (name === names[index] ? name : unique(taken, [name], "_")));
}

/** `fallback` starts the name where the text cannot. */
function toIdentifier(text: string, fallback: string): string {
  const normal = text.normalize("NFKC");
  const patterns = patternsFor(normal);
  const word = normal.replace(patterns.outsideIdentifier, "_");
  if (/^_*$/.test(word)) return fallback;
  return patterns.identifierStart.test(word) ? word : `${fallback}_${word}`;
}

function avoid(name: string, reserved: ReadonlySet<string>): string {
  return reserved.has(name) ? `${name}_` : name;
}

/** The words of a text, also those of a name in snake_case or camelCase. */
export function words(text: string): string[] {
  const normal = text.normalize("NFKC");
  const { humps, outsideIdentifier } = patternsFor(normal);
  const separated = normal.replace(humps, " ").replace(outsideIdentifier, " ");
  return separated.split(/[ _]+/).filter((word) => word !== "");
}
