import { isObject } from "../is-object.js";
import { patternsFor } from "./text-patterns.js";
import type { JsonSchema } from "./tool.js";

export type JsonType = "null" | "boolean" | "integer" | "number" | "string" | "array" | "object";

/** One way to satisfy a schema: every part must hold. Parts have no `$ref`, `allOf`, `anyOf`, `oneOf`. */
export interface Alternative {
  /** Equal for alternatives of one document that consist of the same parts. */
  readonly key: string;
  /** None when everything is allowed. */
  readonly parts: readonly JsonSchema[];
  /** The author's name for it: a `title` or the key of a definition. */
  readonly name?: string | undefined;
}

/** Beyond these a schema is read as saying nothing: schemas of other servers must not cost more than they are worth. */
const MAX_NESTING = 100;
const MAX_EXPANSIONS = 20_000;
const MAX_ALTERNATIVES = 64;

const COMBINING = ["$ref", "allOf", "anyOf", "oneOf"];
const TELLING = [
  ...["type", "enum", "const", "properties", "required", "patternProperties", "additionalProperties"],
  ...["items", "prefixItems", "additionalItems"],
];
const ANYTHING: Alternative = { key: "", parts: [] };
const NULL: JsonSchema = { type: "null" };

/** A JSON Schema with its references: turns any schema in it into the alternatives that it allows. */
export class SchemaDocument {
  private readonly ids = new Map<JsonSchema, number>();
  private expansions = 0;

  constructor(private readonly root: JsonSchema) {}

  /** The ways to satisfy all of `schemas` at once; none when nothing satisfies them. */
  alternatives(schemas: readonly unknown[]): Alternative[] {
    const all = schemas.map((schema) => this.expand(schema, new Set(), [ANYTHING]));
    const distinct = new Map(this.combine(all).map((alternative) => [alternative.key, alternative]));
    return [...distinct.values()];
  }

  /** `path`: the schemas being expanded; `cycle`: what a reference back to one of them means. */
  private expand(schema: unknown, path: ReadonlySet<JsonSchema>, cycle: Alternative[]): Alternative[] {
    if (schema === false) return [];
    if (!isSchema(schema) || path.size > MAX_NESTING || ++this.expansions > MAX_EXPANSIONS) return [ANYTHING];
    if (path.has(schema)) return cycle;
    const inner = new Set(path).add(schema);

    const own = this.own(schema);
    const conjuncts = asArray(schema.allOf).map((member) => this.expand(member, inner, [ANYTHING]));
    if (typeof schema.$ref === "string") conjuncts.unshift(this.reference(schema.$ref, inner, cycle));
    // What refines a named schema is no longer what the name says.
    const refines = own !== ANYTHING || conjuncts.length > 1;
    const merged = [[own], ...(refines ? conjuncts.map((options) => options.map(unnamed)) : conjuncts)];
    for (const members of [asArray(schema.anyOf), asArray(schema.oneOf)]) {
      if (!members.some(tellsType)) continue;
      merged.push(members.flatMap((member) => this.expand(member, inner, [])));
    }
    const combined = this.combine(merged);
    const title = titleOf(schema);
    const result = title === undefined ? combined : named(combined, title);
    return schema.nullable === true ? [...result, this.own(NULL)] : result;
  }

  private own(schema: JsonSchema): Alternative {
    if (!TELLING.some((keyword) => Object.hasOwn(schema, keyword))) return ANYTHING;
    const id = this.ids.get(schema) ?? this.ids.size + 1;
    this.ids.set(schema, id);
    return { key: `${id}`, parts: [schema] };
  }

  private reference(ref: string, path: ReadonlySet<JsonSchema>, cycle: Alternative[]): Alternative[] {
    const steps = ref.startsWith("#") ? pointer(ref) : undefined;
    const target = steps?.reduce<unknown>(
      (at, step) =>
        typeof at === "object" && at !== null && Object.hasOwn(at, step) ? Reflect.get(at, step) : undefined,
      this.root,
    );
    const found = this.expand(target, path, cycle);
    const isDefinition = steps !== undefined && DEFINITIONS.test(steps.at(-2) ?? "");
    const name = isSchema(target)
      ? (titleOf(target) ?? (isDefinition ? steps.at(-1) : undefined))
      : undefined;
    return name === undefined ? found : named(found, name);
  }

  private combine(conjuncts: readonly (readonly Alternative[])[]): Alternative[] {
    let combined: Alternative[] = [ANYTHING];
    for (const options of conjuncts) {
      if (combined.length * options.length > MAX_ALTERNATIVES) continue;
      combined = combined.flatMap((left) => options.map((right) => this.join(left, right)));
    }
    return combined;
  }

  private join(left: Alternative, right: Alternative): Alternative {
    if (left.parts.length === 0 && left.name === undefined) return right;
    const parts = [...new Set([...left.parts, ...right.parts])];
    const ids = parts.map((part) => this.ids.get(part) ?? 0).sort((a, b) => a - b);
    // Two named parts that are merged are neither the one nor the other.
    const name = left.name !== undefined && right.name !== undefined ? undefined : (left.name ?? right.name);
    return { key: ids.join("+"), parts, name };
  }
}

/** The JSON types that all of `parts` allow, in the author's order; undefined when they say nothing. */
export function typesOf(parts: readonly JsonSchema[]): JsonType[] | undefined {
  const declared = parts.flatMap((part) => {
    const types = (typeof part.type === "string" ? [part.type] : asArray(part.type)).filter(isJsonType);
    return types.length === 0 ? [] : [types];
  });
  if (declared.length === 0) return impliedTypes(parts);
  const [first = [], ...others] = declared;
  const allowed = first.flatMap((type) => {
    if (others.every((other) => other.includes(type) || (type === "integer" && other.includes("number")))) {
      return [type];
    }
    const narrows =
      type === "number" && others.every((other) => other.includes("number") || other.includes("integer"));
    return narrows ? ["integer" as const] : [];
  });
  return [...new Set(allowed)];
}

function impliedTypes(parts: readonly JsonSchema[]): JsonType[] | undefined {
  const has = (...keywords: string[]) =>
    parts.some((part) => keywords.some((keyword) => Object.hasOwn(part, keyword)));
  if (has("properties", "patternProperties", "additionalProperties")) return ["object"];
  if (has("items", "prefixItems")) return ["array"];
  return undefined;
}

/** The values of an `enum` or `const` that all of `parts` allow; undefined when there is neither. */
export function enumOf(parts: readonly JsonSchema[]): unknown[] | undefined {
  const lists = parts.flatMap((part) => [
    ...(Array.isArray(part.enum) ? [part.enum as unknown[]] : []),
    ...(Object.hasOwn(part, "const") ? [[part.const]] : []),
  ]);
  const [first, ...others] = lists.map(
    (list) => new Map(list.map((value) => [JSON.stringify(value), value])),
  );
  return (
    first && [...first].filter(([json]) => others.every((other) => other.has(json))).map(([, value]) => value)
  );
}

/** What `parts` say about the property: nothing, one schema, or several that must all hold. */
export function propertyOf(parts: readonly JsonSchema[], property: string): unknown[] {
  return parts.flatMap(({ properties }) =>
    isSchema(properties) && Object.hasOwn(properties, property) ? [properties[property]] : [],
  );
}

/** The properties that `parts` name, in order. */
export function propertyNames(parts: readonly JsonSchema[]): string[] {
  const names = parts.flatMap(({ properties }) => (isSchema(properties) ? Object.keys(properties) : []));
  return [...new Set(names)];
}

/** The schemas of properties without a name of their own: `patternProperties`, `additionalProperties`. */
export function valuesOf(parts: readonly JsonSchema[]): unknown[] {
  return parts.flatMap(({ patternProperties, additionalProperties }) => [
    ...(isSchema(patternProperties) ? Object.values(patternProperties) : []),
    ...(isSchema(additionalProperties) ? [additionalProperties] : []),
  ]);
}

/** The schemas of an array's items: `prefix` one an item, `rest` all of them for each item after those. */
export function itemsOf(parts: readonly JsonSchema[]): {
  readonly prefix: unknown[];
  readonly rest: unknown[];
} {
  const prefix: unknown[] = [];
  const rest: unknown[] = [];
  for (const part of parts) {
    const isTuple = Array.isArray(part.items);
    prefix.push(...asArray(isTuple ? part.items : part.prefixItems));
    const others = isTuple ? part.additionalItems : part.items;
    if (others !== undefined) rest.push(others);
  }
  return { prefix, rest };
}

/** The first description in `schemas`, on one line; empty when there is none. */
export function descriptionOf(schemas: readonly unknown[]): string {
  for (const schema of schemas) {
    if (isSchema(schema) && typeof schema.description === "string") {
      const text = oneLine(schema.description);
      if (text !== "") return text;
    }
  }
  return "";
}

export function oneLine(text: string): string {
  return text.replace(patternsFor(text).controlOrSpace, " ").trim();
}

export function isSchema(value: unknown): value is JsonSchema {
  return isObject(value);
}

const DEFINITIONS = /^(\$defs|definitions|schemas)$/;

function named(alternatives: Alternative[], name: string): Alternative[] {
  const only = alternatives.length === 1;
  return alternatives.map((alternative) => ({
    ...alternative,
    name: only ? name : (alternative.name ?? name),
  }));
}

function unnamed({ key, parts }: Alternative): Alternative {
  return { key, parts };
}

/** A title that is a name, not a sentence. */
function titleOf(schema: JsonSchema): string | undefined {
  const { title } = schema;
  if (
    typeof title !== "string" ||
    title.length > 40 ||
    !/^\p{L}[\p{L}\p{N}_]*( [\p{L}\p{N}_]+){0,3}$/u.test(title)
  )
    return;
  return title;
}

function tellsType(schema: unknown): boolean {
  if (!isSchema(schema)) return true;
  const keywords = Object.keys(schema).filter((keyword) => keyword !== "required");
  return (
    keywords.length === 0 ||
    keywords.some((keyword) => COMBINING.includes(keyword) || TELLING.includes(keyword))
  );
}

function pointer(ref: string): string[] | undefined {
  try {
    const path = decodeURIComponent(ref.slice(1));
    if (path !== "" && !path.startsWith("/")) return undefined;
    return path
      .split("/")
      .slice(1)
      .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  } catch {
    return undefined;
  }
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isJsonType(type: unknown): type is JsonType {
  return ["null", "boolean", "integer", "number", "string", "array", "object"].includes(type as string);
}
