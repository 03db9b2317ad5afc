import type { z } from "zod";
import type { JsonSchema } from "./tool.js";

const MAX_ISSUES = 5;

/** What is wrong with a value, for whoever mends it: one line a mistake says where, what is expected, what came. */
export function explain(issues: readonly z.core.$ZodIssue[], schema: JsonSchema, root: string): string {
  const lines = issues.flatMap((issue) => explainIssue(issue, [], schema, root));
  const more = lines.length - MAX_ISSUES;
  return [...lines.slice(0, MAX_ISSUES), ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}

function explainIssue(
  issue: z.core.$ZodIssue,
  above: readonly PropertyKey[],
  schema: JsonSchema,
  root: string,
): string[] {
  const path = [...above, ...issue.path];
  const where = path.reduce<string>(joinPath, root === "arguments" && path.length > 0 ? "" : root);
  const got = issue.input === undefined ? "nothing" : received(issue.input);
  const line = (expected: string) => [`${where}: ${expected}, got ${got}`];
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = [
        ...new Set(schemasAt(schema, path).flatMap((part) => Object.keys(part.properties ?? {}))),
      ];
      const noun = path.length === 0 && root === "arguments" ? "argument" : "key";
      const names = issue.keys.map((key) => JSON.stringify(key)).join(", ");
      const rest = known.length > 0 ? `the ${noun}s are ${known.join(", ")}` : `there are no ${noun}s`;
      return [`${where}: unknown ${noun}${issue.keys.length > 1 ? "s" : ""} ${names}; ${rest}`];
    }
    case "invalid_type":
      return line(`expected ${expectedType(issue.expected, schemasAt(schema, path))}`);
    case "invalid_value":
      return line(`expected ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`);
    case "invalid_union": {
      const inside = issue.errors.filter((branch) => !branch.some(isAboutTheWholeValue));
      if (inside[0] && inside.length === 1)
        return inside[0].flatMap((nested) => explainIssue(nested, path, schema, root));
      const types = [...new Set(schemasAt(schema, path).flatMap((part) => part.type ?? []))];
      if (issue.errors.length > 0 && types.length > 0 && inside.length === 0)
        return line(`expected ${types.join(" or ")}`);
      return line(plainMessage(issue));
    }
    default:
      return line(plainMessage(issue));
  }
}

function isAboutTheWholeValue(issue: z.core.$ZodIssue): boolean {
  return issue.path.length === 0 && issue.code !== "unrecognized_keys" && issue.code !== "custom";
}

/** `members[3].name`. */
export function joinPath(path: string, key: PropertyKey): string {
  if (typeof key === "number") return `${path}[${key}]`;
  const name = String(key);
  if (!/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}

/** Zod's name of a type in JSON Schema's words. */
function expectedType(expected: string, parts: readonly SchemaPart[]): string {
  const types = parts.flatMap((part) => part.type ?? []);
  const names: Record<string, string> = { int: "integer", record: "object", tuple: "array" };
  const isInteger = expected === "number" && types.includes("integer") && !types.includes("number");
  const type = isInteger ? "integer" : (names[expected] ?? expected);
  return types.includes("null") && type !== "null" ? `${type} or null` : type;
}

/** Zod's own sentence without its category: "Too small: expected number to be >=1". */
function plainMessage(issue: z.core.$ZodIssue): string {
  return issue.message.replace(/^(Invalid|Too) \w+: /, "");
}

const LONGEST_QUOTE = 60;

/** A value as a message names it: `string "two"`. */
export function received(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `array of ${value.length}`;
  if (value instanceof Date) return "Date";
  switch (typeof value) {
    case "string":
      return `string ${JSON.stringify(value.length > LONGEST_QUOTE ? `${value.slice(0, LONGEST_QUOTE)}…` : value)}`;
    case "number":
      return Number.isInteger(value) ? `integer ${value}` : `number ${value}`;
    case "boolean":
      return `boolean ${value}`;
    case "bigint":
      return `bigint ${value}`;
    case "object": {
      const keys = Object.keys(value);
      const more = keys.length > 8 ? ", …" : "";
      return keys.length === 0 ? "empty object" : `object with keys ${keys.slice(0, 8).join(", ")}${more}`;
    }
    default:
      return typeof value;
  }
}

/** The keywords that `toJsonSchema` writes and the messages read. */
interface SchemaPart {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, SchemaPart>>;
  readonly additionalProperties?: SchemaPart | boolean;
  readonly items?: SchemaPart | boolean;
  readonly prefixItems?: readonly SchemaPart[];
  readonly anyOf?: readonly SchemaPart[];
  readonly oneOf?: readonly SchemaPart[];
  readonly allOf?: readonly SchemaPart[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, SchemaPart>>;
}

/** What the schema says about the value at `path`: several parts where it has alternatives. */
function schemasAt(root: SchemaPart, path: readonly PropertyKey[]): SchemaPart[] {
  const expand = (part: SchemaPart | boolean | undefined, seen: readonly SchemaPart[] = []): SchemaPart[] => {
    if (typeof part !== "object" || seen.includes(part)) return [];
    const target = part.$ref === "#" ? root : root.$defs?.[part.$ref?.replace("#/$defs/", "") ?? ""];
    const others = [target, ...(part.anyOf ?? []), ...(part.oneOf ?? []), ...(part.allOf ?? [])];
    return [part, ...others.flatMap((other) => expand(other, [...seen, part]))];
  };
  return path.reduce<SchemaPart[]>(
    (parts, key) =>
      parts.flatMap((part) =>
        typeof key === "number"
          ? expand(part.prefixItems?.[key] ?? part.items)
          : expand(part.properties?.[String(key)] ?? part.additionalProperties),
      ),
    expand(root),
  );
}
