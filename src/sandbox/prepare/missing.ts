/** What Monty's modules hold, and what to write instead of what they lack. Held by test/sandbox/dialect.test.ts. */

/** The modules that can be imported, with every public name each of them has. */
export const MODULES: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries({
    asyncio: "gather run",
    base64:
      "MAXBINSIZE MAXLINESIZE a85decode a85encode b16decode b16encode b32decode b32encode b32hexdecode b32hexencode " +
      "b64decode b64encode b85decode b85encode decodebytes encodebytes standard_b64decode standard_b64encode " +
      "urlsafe_b64decode urlsafe_b64encode",
    collections: "Counter defaultdict deque namedtuple",
    dataclasses: "FrozenInstanceError dataclass is_dataclass",
    datetime: "date datetime time timedelta timezone",
    functools: "partial reduce",
    itertools:
      "accumulate batched chain compress count cycle dropwhile filterfalse islice pairwise repeat starmap takewhile " +
      "zip_longest",
    json: "JSONDecodeError dumps loads",
    math:
      "acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees e erf erfc exp exp2 expm1 " +
      "fabs factorial floor fmod frexp gamma gcd inf isclose isfinite isinf isnan isqrt lcm ldexp lgamma log log10 " +
      "log1p log2 modf nan nextafter perm pi pow radians remainder sin sinh sqrt tan tanh tau trunc ulp",
    os:
      "altsep curdir devnull environ extsep fspath getenv linesep listdir makedirs mkdir name pardir remove rename " +
      "replace rmdir sep stat unlink",
    pathlib: "Path",
    re:
      "A ASCII DOTALL I IGNORECASE M MULTILINE Match NOFLAG Pattern S compile error escape findall finditer " +
      "fullmatch match search split sub",
    sys: "platform stderr stdout version version_info",
    typing:
      "Annotated Any Callable ClassVar Dict Final FrozenSet Generator Generic Iterable Iterator List Literal Mapping " +
      "Never NoReturn Optional Protocol Self Sequence Set TYPE_CHECKING Tuple Type TypeVar Union",
    unicodedata: "category combining is_normalized lookup name normalize unidata_version",
  }).map(([name, members]) => [name, members.split(" ")]),
);

const CALL_TOOLS = "Programs reach no network: call the tools instead.";
const NO_FILES = "Programs reach no files: work on what the tools return.";
const IMPORT_DATETIME = "Import the class: `from datetime import datetime`.";
const NO_TASKS = "Await the calls themselves: `await asyncio.gather(*[tool(x) for x in xs])`.";

/** What to write instead of a module that cannot be imported. */
export const INSTEAD_OF_MODULE: Readonly<Record<string, string>> = {
  time: "There is no clock to wait on: just await the tool. For dates use `datetime`.",
  random: "There is no randomness.",
  statistics: "Write the mean as `sum(xs) / len(xs)`, the median by `sorted(xs)`.",
  decimal: "Use float with `round(x, 2)`, or count in whole cents.",
  fractions: "Use float.",
  operator: "Write a lambda: `key=lambda row: row['amount']`.",
  enum: "Use plain constants or `typing.Literal`.",
  abc: "Classes cannot inherit: write plain functions.",
  copy: "Use `list(xs)`, `dict(d)`, or `json.loads(json.dumps(value))` for a deep copy.",
  string: "Write the characters out as text.",
  heapq: "Use `sorted(xs, key=...)[:n]`.",
  bisect: "Use a loop or `sorted`.",
  textwrap: "Build the text with f-strings and `'\\n'.join(lines)`.",
  pprint: "Use `json.dumps(value, indent=2)`.",
  csv: "Use `line.split(',')` and `','.join(row)`.",
  io: "Build text with `'\\n'.join(lines)`.",
  contextlib: "Use try/finally.",
  logging: "Use `print`.",
  traceback: "Use `repr(error)`.",
  uuid: "Take ids from what the tools return.",
  hashlib: "There is no hashing.",
  secrets: "There is no randomness.",
  calendar: "Use `datetime.date` and its `weekday()` and `strftime`.",
  zoneinfo: "Use `datetime.timezone(datetime.timedelta(hours=...))`.",
  threading: NO_TASKS,
  concurrent: NO_TASKS,
  multiprocessing: NO_TASKS,
  types: "Leave the annotation out.",
  typing_extensions: "Import from `typing`, or leave the annotation out.",
  requests: CALL_TOOLS,
  httpx: CALL_TOOLS,
  aiohttp: CALL_TOOLS,
  urllib: CALL_TOOLS,
  http: CALL_TOOLS,
  socket: CALL_TOOLS,
  subprocess: "Programs reach no processes: call the tools instead.",
  shutil: NO_FILES,
  glob: NO_FILES,
  tempfile: NO_FILES,
  numpy: "Use lists, comprehensions, `sum` and `math`.",
  pandas: "Use lists of dicts with comprehensions, `sorted` and `collections.defaultdict`.",
};

/** What to write instead of a member that a module or class lacks, by its full path. */
export const INSTEAD_OF_MEMBER: Readonly<Record<string, string>> = {
  "asyncio.sleep": "Nothing needs to be waited for: leave it out, or just await the tool.",
  "asyncio.create_task": NO_TASKS,
  "asyncio.ensure_future": NO_TASKS,
  "asyncio.TaskGroup": NO_TASKS,
  "asyncio.as_completed": NO_TASKS,
  "asyncio.wait": NO_TASKS,
  "asyncio.wait_for": "Leave the timeout to the server and await the call itself.",
  "asyncio.timeout": "Leave the timeout to the server and await the call itself.",
  "asyncio.Semaphore": "The server limits how many calls run at once: leave it out.",
  "asyncio.Lock": "Coroutines take turns only at an await: leave it out.",
  "asyncio.get_event_loop": "Use `await` at the top level.",
  "asyncio.get_running_loop": "Use `await` at the top level.",
  "asyncio.to_thread": "Call the function directly.",
  "asyncio.TimeoutError": "Catch the builtin `TimeoutError`.",
  "collections.abc": "Import the types of annotations from `typing`: `from typing import Iterable`.",
  "collections.OrderedDict": "A dict keeps its order.",
  "collections.ChainMap": "Use `{**defaults, **overrides}`.",
  "dataclasses.field": "Give None as the default and set the list where the object is made.",
  "dataclasses.asdict": "The result shows a dataclass as an object already; else write the dict out.",
  "dataclasses.replace": "Make a new object with the changed fields.",
  "datetime.now": IMPORT_DATETIME,
  "datetime.today": IMPORT_DATETIME,
  "datetime.strptime": IMPORT_DATETIME,
  "datetime.fromisoformat": IMPORT_DATETIME,
  "datetime.UTC": "Use `datetime.timezone.utc`.",
  "datetime.datetime.utcnow": "Use `datetime.now(timezone.utc)`.",
  "datetime.datetime.fromtimestamp": "Use `datetime(1970, 1, 1) + timedelta(seconds=timestamp)`.",
  "datetime.datetime.combine": "Use `datetime(day.year, day.month, day.day, time.hour, time.minute)`.",
  "datetime.datetime.today": "Use `datetime.now()`.",
  "datetime.datetime.min": "Write a date out, such as `datetime(1, 1, 1)`.",
  "datetime.datetime.max": "Write a date out, such as `datetime(9999, 12, 31)`.",
  "datetime.date.min": "Write a date out, such as `date(1, 1, 1)`.",
  "datetime.date.max": "Write a date out, such as `date(9999, 12, 31)`.",
  "functools.lru_cache": "Keep results in a dict.",
  "functools.cache": "Keep results in a dict.",
  "functools.wraps": "Leave it out.",
  "functools.cmp_to_key": "Sort by a key: `sorted(xs, key=lambda x: (x['a'], x['b']))`.",
  "itertools.groupby": "Use `groups = collections.defaultdict(list)` and `groups[key].append(item)`.",
  "itertools.product": "Use a comprehension: `[(a, b) for a in xs for b in ys]`.",
  "itertools.combinations": "Use `[(a, b) for i, a in enumerate(xs) for b in xs[i + 1:]]`.",
  "itertools.permutations": "Use `[(a, b) for a in xs for b in xs if a != b]`.",
  "itertools.tee": "Make a list and use it twice.",
  "itertools.chain.from_iterable": "Use `[x for xs in lists for x in xs]`.",
  "json.dump": "Use `json.dumps`.",
  "json.load": "Use `json.loads`.",
  "math.prod": "Use `functools.reduce(lambda a, b: a * b, xs, 1)`.",
  "math.fsum": "Use `sum`.",
  "math.hypot": "Use `math.sqrt(x * x + y * y)`.",
  "math.dist": "Use `math.sqrt(x * x + y * y)`.",
  "os.path": "Use `pathlib.Path`.",
  "re.VERBOSE": "Write the pattern on one line.",
  "re.X": "Write the pattern on one line.",
  "re.subn": "Use `re.sub`.",
  "sys.exit": "End with the result as the last expression, or raise an exception.",
  "sys.argv": "Write the values into the program.",
  "sys.maxsize": "Use `float('inf')` or `math.inf`.",
  "typing.TypedDict": "Leave the class out: dicts need none.",
  "typing.NamedTuple": "Use `collections.namedtuple` or a dataclass.",
};

/** What to write instead of a builtin that is missing, or that programs may not use. */
export const INSTEAD_OF_BUILTIN: Readonly<Record<string, string>> = {
  open: NO_FILES,
  input: "Nobody can answer: write the values into the program.",
  exec: "Write the code itself.",
  eval: "Use `json.loads` or `int` to read a value.",
  compile: "Write the code itself.",
  globals: "Use a dict of your own.",
  locals: "Use a dict of your own.",
  vars: "Read the attributes by name.",
  dir: "The stubs of the tools show what there is.",
  delattr: "Set the attribute to None.",
  callable: "Leave the check out.",
  format: "Use an f-string: `f'{value:,.2f}'`.",
  issubclass: "Use `isinstance`.",
  super: "Classes cannot inherit: write plain functions.",
  staticmethod: "Write a function outside the class.",
  classmethod: "Write a function outside the class.",
  bytearray: "Use `bytes` and `+`.",
  memoryview: "Use `bytes`.",
  ascii: "Use `repr`.",
  complex: "Complex numbers do not work: keep the parts apart.",
  exit: "End with the result as the last expression, or raise an exception.",
  quit: "End with the result as the last expression, or raise an exception.",
  help: "The stubs of the tools show what there is.",
  ConnectionError: "Catch `RuntimeError` or `Exception`: a failed tool raises one of these.",
  ExceptionGroup: "Raise a single exception.",
  IOError: "Use `OSError`.",
  EOFError: "Use `ValueError`.",
  Warning: "Use `Exception`.",
  UserWarning: "Use `Exception`.",
};

/** Methods that no value has, although Python's builtin types do, and what to write instead. */
export const INSTEAD_OF_METHOD: Readonly<Record<string, string>> = {
  isocalendar: "Take the ISO week from `strftime('%V')`, the ISO year from `strftime('%G')`.",
  format_map: "Use `.format(**mapping)`.",
  is_integer: "Use `x == int(x)`.",
  bit_length: "Use `len(bin(n)) - 2`.",
  astimezone: "Add the difference as a `timedelta`.",
  with_traceback: "Leave it out.",
};

/** The sentence for a module, by the module's first part where the whole has none. */
export function insteadOfModule(name: string): string {
  const known =
    INSTEAD_OF_MEMBER[name] ?? INSTEAD_OF_MODULE[name] ?? INSTEAD_OF_MODULE[name.split(".")[0] ?? ""];
  return known ?? `Only these can be imported: ${Object.keys(MODULES).join(", ")}.`;
}

/** The sentence for a member of a module that exists. */
export function insteadOfMember(path: string): string {
  const known = INSTEAD_OF_MEMBER[path];
  if (known !== undefined) return known;
  const module = path.split(".")[0] ?? "";
  if (module === "typing") return "Leave the annotation out, or use Any.";
  const names = MODULES[module] ?? [];
  return `\`${module}\` has only ${names.join(", ")}.`;
}
