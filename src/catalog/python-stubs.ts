import { Declarations, pythonLiteral } from "./python-declarations.js";
import { functionNames, parameterNames, TYPE_NAMES } from "./python-names.js";
import { isSchema, oneLine } from "./python-schema.js";
import { type PythonParameterType, type PythonType, readParameters, readResult } from "./python-types.js";
import { patternsFor } from "./text-patterns.js";
import type { Tool } from "./tool.js";

/** The tools as Python declarations. The same tools give the same text. */
export interface PythonStubs {
  /** The stub module: what the type checker reads and a model is shown. */
  readonly text: string;
  /** In the order of the tools. */
  readonly functions: readonly PythonFunction[];
}

/** One tool as a Python function. */
export interface PythonFunction {
  readonly tool: Tool;
  /** A Python identifier, unique in the stubs. */
  readonly name: string;
  /** In the order in which positional arguments bind: required ones first. */
  readonly parameters: readonly PythonParameter[];
  /** `async def name(parameters) -> result`, without the colon. */
  readonly signature: string;
  /** The signature with docstring and `...` as its body. */
  readonly stub: string;
  /** The declarations that the signature needs, in the order of the module. */
  readonly types: readonly string[];
}

export interface PythonParameter {
  /** A Python identifier, unique in the function. */
  readonly name: string;
  /** The property of the tool's arguments that it stands for. */
  readonly property: string;
  readonly required: boolean;
}

/** Declares the tools in Python, for the type checker and for models. */
export function pythonStubs(tools: readonly Tool[]): PythonStubs {
  const names = functionNames(tools.map((tool) => tool.name));
  const read = tools.map((tool) => ({
    tool,
    result: readResult(tool.outputSchema, tool.name),
    parameters: readParameters(tool.inputSchema, tool.name),
  }));
  const inOrder = read.flatMap(({ result, parameters }) => [result, ...parameters.map(({ type }) => type)]);
  const declarations = new Declarations(inOrder, names);

  const functions = read.map(({ tool, result, parameters }, index): PythonFunction => {
    const types = new Map<string, string>();
    for (const { type } of parameters) declarations.collect(type, "parameter", types);
    declarations.collect(result, "result", types);
    const written = writeFunction(names[index] ?? "", tool, parameters, result, declarations);
    return { tool, ...written, types: [...types.values()] };
  });
  return { text: stubModule(functions), functions };
}

/** Some of the functions of a catalog as a module of their own: with the types that they need, and the imports. */
export function stubModule(functions: readonly PythonFunction[]): string {
  const blocks = new Set(functions.flatMap(({ types, stub }) => [...types, stub]));
  const hasTypes = functions.some(({ types }) => types.length > 0);
  const head = [...(hasTypes ? [ABOUT_TYPES] : []), ...imports(functions)];
  return [...(head.length > 0 ? [head.join("\n")] : []), ...blocks].map((block) => `${block}\n`).join("\n");
}

const ABOUT_TYPES =
  "# The types serve annotations only (`rows: list[Row] = []`): they do not exist at run time.";
const LONGEST_LINE = 100;
const LONGEST_DEFAULT = 60;

function imports(functions: readonly PythonFunction[]): string[] {
  const source = functions.flatMap(({ types, signature }) => [...types, signature]).join("\n");
  const used = TYPE_NAMES.filter((name) => /^[A-Z]/.test(name) && new RegExp(`\\b${name}\\b`).test(source));
  return used.length > 0 ? [`from typing import ${used.join(", ")}`] : [];
}

function writeFunction(
  name: string,
  tool: Tool,
  inSchemaOrder: readonly PythonParameterType[],
  result: PythonType,
  declarations: Declarations,
): Pick<PythonFunction, "name" | "parameters" | "signature" | "stub"> {
  const types = [...inSchemaOrder.filter((p) => p.required), ...inSchemaOrder.filter((p) => !p.required)];
  const identifiers = parameterNames(types.map(({ property }) => property));
  const parameters = types.map(({ property, required }, index) => ({
    name: identifiers[index] ?? "",
    property,
    required,
  }));
  const written = types.map((parameter, index) => {
    const declared = `${identifiers[index]}: ${declarations.write(parameter.type, "parameter")}`;
    return parameter.required ? declared : `${declared} = ${writeDefault(parameter)}`;
  });
  const returned = declarations.write(result, "result");
  let signature = `async def ${name}(${written.join(", ")}) -> ${returned}`;
  if (signature.length >= LONGEST_LINE && written.length > 0) {
    signature = [`async def ${name}(`, ...written.map((line) => `    ${line},`), `) -> ${returned}`].join(
      "\n",
    );
  }
  const docstring = writeDocstring(tool, types, identifiers);
  const body = [...(docstring === "" ? [] : [docstring]), ...observed(tool)];
  const stub = body.length === 0 ? `${signature}: ...` : [`${signature}:`, ...body, "    ..."].join("\n");
  return { name, parameters, signature, stub };
}

/** `...` stands for "left out" where the schema names no default, or one too long or not of its own type. */
function writeDefault({ type, default: value }: PythonParameterType): string {
  if (value === undefined || !accepts(type, value)) return "...";
  const written = pythonValue(value);
  return written.length > LONGEST_DEFAULT ? "..." : written;
}

function accepts(type: PythonType, value: unknown): boolean {
  switch (type.kind) {
    case "plain":
      if (type.name === "int") return Number.isSafeInteger(value);
      if (type.name === "None") return value === null;
      return type.name === "Any" || typeof value === TYPE_OF[type.name];
    case "literal":
      return (type.values as readonly unknown[]).includes(value);
    case "list":
      return Array.isArray(value) && value.every((item) => accepts(type.item, item));
    case "dict":
      return isSchema(value) && Object.values(value).every((item) => accepts(type.value, item));
    case "object":
      return isSchema(value);
    case "union":
      return type.members.some((member) => accepts(member, value));
    case "recursion":
      return accepts(type.type, value);
  }
}

const TYPE_OF = { bool: "boolean", float: "number", str: "string", Never: undefined } as const;

/** JSON as Python source. */
export function pythonValue(value: unknown): string {
  if (value === null) return "None";
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(", ")}]`;
  if (isSchema(value)) {
    const items = Object.entries(value).map(([key, item]) => `${pythonLiteral(key)}: ${pythonValue(item)}`);
    return `{${items.join(", ")}}`;
  }
  return pythonLiteral(value as string | number | boolean);
}

/** For the model: to the type checker the result stays what the tool says of it. */
function observed({ observedResult }: Tool): string[] {
  return observedResult === undefined ? [] : [`    # Results so far: ${oneLine(observedResult)}`];
}

function writeDocstring(
  tool: Tool,
  types: readonly PythonParameterType[],
  identifiers: readonly string[],
): string {
  const described = types.flatMap(({ description }, index) =>
    description === "" ? [] : [`    ${identifiers[index]}: ${description}`],
  );
  const returned = oneLine(
    typeof tool.outputSchema?.description === "string" ? tool.outputSchema.description : "",
  );
  const sections = [
    tool.description
      .split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/)
      .map(cleanLine)
      .join("\n")
      .trim(),
    described.length > 0 ? ["Args:", ...described].join("\n") : "",
    returned === "" ? "" : `Returns:\n    ${returned}`,
  ].filter((section) => section !== "");
  if (sections.length === 0) return "";
  const text = escapeDocstring(sections.join("\n\n"));
  const lines = text.split("\n").map((line) => (line === "" ? "" : `    ${line}`));
  const closing = lines.length > 1 ? '\n    """' : '"""';
  return `    """${lines.join("\n").trimStart()}${closing}`;
}

/** Keeps the indentation; control characters and lone surrogates have no place in source text. */
function cleanLine(line: string): string {
  return line.replaceAll("\t", "    ").replace(patternsFor(line).control, "").trimEnd();
}

function escapeDocstring(text: string): string {
  return text.replaceAll("\\", "\\\\").replace(/"""|"$/g, (quotes) => quotes.replaceAll('"', '\\"'));
}
