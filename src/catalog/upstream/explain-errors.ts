import type { ErrorObject } from "ajv";
import { isObject } from "../../is-object.js";
import { joinPath, received } from "../explain.js";

const MAX_LINES = 5;
/** More are not looked at: a long list may have a mistake in each item. */
const MAX_ERRORS = 200;

/** Ajv's errors as `explain` writes those of local tools: one line a mistake says where, what is expected, what came. */
export function explainErrors(errors: readonly ErrorObject[], value: unknown, root: string): string {
  const lines = [
    ...new Set(
      withoutBranches(errors.slice(0, MAX_ERRORS)).flatMap((error) => explainError(error, value, root)),
    ),
  ];
  const more = lines.length - MAX_LINES;
  return [...lines.slice(0, MAX_LINES), ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}

/** Of an `anyOf` only itself, or only the mistakes of the one branch that is about something inside the value. */
function withoutBranches(errors: readonly ErrorObject[]): ErrorObject[] {
  const unions = errors.filter(({ keyword }) => keyword === "anyOf" || keyword === "oneOf");
  let left = [...errors];
  for (const union of unions) {
    if (!left.includes(union)) continue;
    const isInside = (error: ErrorObject) =>
      error !== union && error.schemaPath.startsWith(`${union.schemaPath}/`);
    const branches = new Map<string, ErrorObject[]>();
    for (const error of left.filter(isInside)) {
      const branch = error.schemaPath.slice(union.schemaPath.length + 1).split("/")[0] ?? "";
      branches.set(branch, [...(branches.get(branch) ?? []), error]);
    }
    const deep = [...branches.values()].filter((branch) =>
      branch.every((error) => !isAboutTheWhole(error, union)),
    );
    const kept = deep.length === 1 ? deep[0] : undefined;
    left = left.filter((error) =>
      kept === undefined ? !isInside(error) : error !== union && (!isInside(error) || kept.includes(error)),
    );
  }
  return left;
}

function isAboutTheWhole({ instancePath, keyword }: ErrorObject, union: ErrorObject): boolean {
  return instancePath === union.instancePath && !["required", "additionalProperties"].includes(keyword);
}

function explainError(error: ErrorObject, value: unknown, root: string): string[] {
  const { instancePath, keyword, params, parentSchema = {}, data } = error;
  const path = readPath(instancePath, value);
  const where = (keys: readonly PropertyKey[]) =>
    keys.reduce<string>(joinPath, root === "arguments" && keys.length > 0 ? "" : root);
  const line = (expected: string) => [`${where(path)}: expected ${expected}, got ${received(data)}`];
  switch (keyword) {
    case "required": {
      const missing = params.missingProperty as string;
      const type = typesOf(properties(parentSchema)[missing]);
      return [`${where([...path, missing])}: expected ${type === "" ? "a value" : type}, got nothing`];
    }
    case "additionalProperties":
    case "unevaluatedProperties": {
      const unknown = (params.additionalProperty ?? params.unevaluatedProperty) as string;
      const noun = path.length === 0 && root === "arguments" ? "argument" : "key";
      const known = Object.keys(properties(parentSchema));
      const rest = known.length > 0 ? `the ${noun}s are ${known.join(", ")}` : `there are no ${noun}s`;
      return [`${where(path)}: unknown ${noun} ${JSON.stringify(unknown)}; ${rest}`];
    }
    case "type":
      return line([params.type].flat().join(" or "));
    case "enum":
      return line(choices(params.allowedValues as unknown[]));
    case "const":
      return line(choices([params.allowedValue]));
    case "anyOf":
    case "oneOf": {
      if (params.passingSchemas) return line("what only one of the alternatives allows");
      const types = typesOf(parentSchema);
      return types === "" ? line("something else") : line(types);
    }
    case "if":
      return [];
    default:
      return [`${where(path)}: ${error.message ?? "does not fit"}, got ${received(data)}`];
  }
}

/** The keys of a JSON pointer; numbers where they are indices of an array. */
function readPath(pointer: string, value: unknown): PropertyKey[] {
  let at = value;
  return pointer
    .split("/")
    .slice(1)
    .map((step) => {
      const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
      const isIndex = Array.isArray(at);
      at = typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined;
      return isIndex ? Number(key) : key;
    });
}

const MAX_CHOICES = 20;

function choices(values: readonly unknown[]): string {
  const shown = values.slice(0, MAX_CHOICES).map((value) => JSON.stringify(value));
  return [...shown, ...(values.length > MAX_CHOICES ? ["…"] : [])].join(" or ");
}

/** `string or null`; empty where the schema says nothing about it. */
function typesOf(schema: unknown): string {
  if (!isObject(schema)) return "";
  const own = [schema.type].flat().filter((type) => typeof type === "string");
  const branches = [schema.anyOf, schema.oneOf].flatMap((list) => (Array.isArray(list) ? list : []));
  const constants = [
    ...(Array.isArray(schema.enum) ? schema.enum : []),
    ...("const" in schema ? [schema.const] : []),
  ];
  if (constants.length > 0) return choices(constants);
  const types = branches.map(typesOf);
  if (types.includes("")) return "";
  return [...new Set([...own, ...types])].join(" or ");
}

function properties(schema: object): Readonly<Record<string, unknown>> {
  const found: unknown = Reflect.get(schema, "properties");
  return isObject(found) ? found : {};
}
