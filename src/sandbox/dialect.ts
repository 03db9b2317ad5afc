import { FAILS_LATER, MENDED, REFUSED, WORKS } from "./prepare/constructs.js";
import { INSTEAD_OF_BUILTIN, INSTEAD_OF_MEMBER, INSTEAD_OF_MODULE, MODULES } from "./prepare/missing.js";

/** The rules of the dialect, for a model that knows Python and writes its first program. */
export const dialectRules = `The program is Python with top-level \`await\`. Functions below are async: \`await\` each call, and run independent
calls at once with \`await asyncio.gather(*[f(x) for x in xs])\`. The value of the last expression is the result (no
\`return\`, no \`print\` needed); give only what answers the question. Results are dicts: \`row["key"]\`. Types are checked
before anything runs. A failed call raises an exception; \`try\` catches it, also in the tasks of a gather.

Import only: ${Object.keys(MODULES).join(", ")}.
Not there: match, yield, del, \`async for\`, \`async with\`, class inheritance, \`@property\`, \`%\` formatting, \`a | b\` of dicts,
slice assignment, \`asyncio.sleep\`/\`create_task\`, \`gather(return_exceptions=True)\`, \`itertools.groupby\`/\`product\`,
\`json.dumps(default=...)\`, \`open\`, \`time\`, \`random\`, \`statistics\`, \`key=d.get\` (use a lambda), adding bools.`;

/**
 * Python declarations for the type checker of what the runtime has and the checker does not know.
 * They stand before the stubs of the tools.
 */
export const builtinStubs = `from typing import Any
map: Any
filter: Any
def getattr(object: Any, name: str, default: Any = ...) -> Any: ...
def hasattr(object: Any, name: str) -> bool: ...
def setattr(object: Any, name: str, value: Any) -> None: ...
class FileNotFoundError(OSError): ...
class FileExistsError(OSError): ...
class IsADirectoryError(OSError): ...
class NotADirectoryError(OSError): ...
class PermissionError(OSError): ...
class ImportError(Exception): ...
class ModuleNotFoundError(ImportError): ...
class UnboundLocalError(NameError): ...
class UnicodeDecodeError(ValueError): ...
class UnicodeEncodeError(ValueError): ...
`;

/** A one-page guide to the dialect, Markdown. */
export const dialectGuide = `# Python in \`execute_python\`

Programs run in Monty, a sandboxed Python that reaches nothing but the tools. Every tool is an \`async def\` bound by name.

## How a program runs

1. What can only be meant in one way is mended, and the answer says so.
2. What is certain not to work is refused before anything runs, with what to write instead.
3. Types are checked against the stubs of the tools: a wrong key of a result, a wrong argument, a missing \`await\`.
4. The program runs. The value of its last expression is the result; what it prints comes back as \`stdout\`.

\`\`\`python
import asyncio

async def fetch(x):
    try:
        return await tool(x)
    except Exception as error:
        return {"x": x, "error": str(error)}

rows = await asyncio.gather(*[fetch(x) for x in [1, 2, 3]])
{"rows": rows, "count": len(rows)}
\`\`\`

## What is mended

${MENDED.map(({ what }) => `- ${what}`).join("\n")}

## What works

${WORKS.map(({ what }) => `- ${what}`).join("\n")}

## What does not work, and what to write instead

| not there | instead |
|---|---|
${[...Object.values(REFUSED), ...FAILS_LATER].map(({ what, instead }) => `| ${cell(what)} | ${cell(instead)} |`).join("\n")}

Generator expressions, \`map\`, \`zip\` and the like give lists at once: one over \`itertools.count()\` never ends.

## Modules

${Object.entries(MODULES)
  .map(([name, members]) => `- \`${name}\`: ${members.join(", ")}`)
  .join("\n")}

| missing | instead |
|---|---|
${[INSTEAD_OF_MODULE, INSTEAD_OF_MEMBER, INSTEAD_OF_BUILTIN]
  .flatMap((table) => Object.entries(table))
  .map(([name, instead]) => `| \`${name}\` | ${cell(instead)} |`)
  .join("\n")}

## How values become JSON

None, bool, int, float, str, list and dict as in JSON. Tuples, sets and deques become arrays; dataclasses, instances and
named tuples become objects; dates and times become ISO 8601 text; bytes become base64 text. Ints beyond 2^53 become
text; NaN and the infinities too. Dict keys become text.

## Errors and limits

A failed tool or a refused argument is an exception that \`except Exception as error\` catches, also in the tasks of an
\`asyncio.gather\`; one that no task catches ends the gather. A failed program comes back with its kind (\`syntax\`, \`type\`, \`runtime\`, \`limit\`, \`crash\`, \`cancelled\`), the line as it was
sent, and a hint. The calls that it made stay done: with the argument
\`resume_from\`, the mended program goes on from there.

There are limits on time, memory, recursion, tool calls, and the length of the result and of what is printed: compute
totals in the program and return only what the answer needs.
`;

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
