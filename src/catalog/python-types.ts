import { resultName, singular, typeName } from "./python-names.js";
import {
  type Alternative,
  descriptionOf,
  enumOf,
  isSchema,
  itemsOf,
  type JsonType,
  propertyNames,
  propertyOf,
  SchemaDocument,
  typesOf,
  valuesOf,
} from "./python-schema.js";
import type { JsonSchema } from "./tool.js";

export type PlainName = "Any" | "Never" | "None" | "bool" | "int" | "float" | "str";
export type LiteralValue = string | number | boolean;

/** A Python type. Objects and recursions make the graph of types cyclic. */
export type PythonType =
  | { readonly kind: "plain"; readonly name: PlainName }
  | { readonly kind: "literal"; readonly values: readonly LiteralValue[] }
  | { readonly kind: "list"; readonly item: PythonType }
  | { readonly kind: "dict"; readonly value: PythonType }
  | { readonly kind: "union"; readonly members: readonly PythonType[] }
  | PythonObject
  | PythonRecursion;

/** Becomes a TypedDict. */
export interface PythonObject {
  readonly kind: "object";
  readonly label: Label;
  readonly fields: PythonField[];
}

/** A place that contains itself; becomes an alias where no TypedDict lies between. */
export interface PythonRecursion {
  readonly kind: "recursion";
  readonly label: Label;
  type: PythonType;
}

/** What a declaration would like to be called. */
export interface Label {
  readonly name: string;
  /** Whether the author of the schema gave the name. */
  readonly explicit: boolean;
  /** What it belongs to, set before the name when the name is taken. */
  readonly owner: string;
}

export interface PythonField {
  readonly key: string;
  readonly type: PythonType;
  readonly required: boolean;
  /** One line; empty when the schema has none. */
  readonly description: string;
}

export interface PythonParameterType {
  readonly property: string;
  readonly type: PythonType;
  readonly required: boolean;
  readonly description: string;
  /** Undefined when the schema has none. */
  readonly default: unknown;
}

/** The parameters that a tool's input schema asks for, in its order. */
export function readParameters(inputSchema: JsonSchema, tool: string): PythonParameterType[] {
  const document = new SchemaDocument(inputSchema);
  const reader = new TypeReader(document);
  const variants = document.alternatives([inputSchema]);
  const properties = new Set(
    variants.flatMap(({ parts }) => propertyNames(parts).filter((name) => !isForbidden(parts, name))),
  );
  return [...properties].map((property) => {
    const owner = typeName(tool);
    const conjunctions = variants
      .map(({ parts }) => propertyOf(parts, property))
      .filter((found) => found.length > 0);
    const schemas = conjunctions.flat();
    return {
      property,
      type: union(conjunctions.map((found) => reader.read(found, nameOfProperty(property, owner), 0))),
      required: variants.every(({ parts }) => isRequired(parts, property)),
      description: descriptionOf(schemas),
      default: schemas
        .map((schema) => (isSchema(schema) ? schema.default : undefined))
        .find((v) => v !== undefined),
    };
  });
}

/** The type of a tool's result. */
export function readResult(outputSchema: JsonSchema | undefined, tool: string): PythonType {
  if (outputSchema === undefined) return ANY;
  const label = { name: resultName(tool), explicit: false, owner: typeName(tool) };
  return new TypeReader(new SchemaDocument(outputSchema)).read([outputSchema], label, 0);
}

const ANY: PythonType = { kind: "plain", name: "Any" };
const NEVER: PythonType = { kind: "plain", name: "Never" };
const NONE: PythonType = { kind: "plain", name: "None" };

/** Types nested deeper than this are `Any`: nobody reads them, and the type checker's stack is finite. */
const MAX_DEPTH = 24;

/** Properties that say nothing about what they hold. */
const VAGUE = new Set(
  "data entries entry item items list object objects record records result results rows value values".split(
    " ",
  ),
);

interface Place {
  type?: PythonType;
  recursion?: PythonRecursion;
}

class TypeReader {
  private readonly places = new Map<string, Place>();
  private readonly objects = new Map<string, PythonObject>();

  constructor(private readonly document: SchemaDocument) {}

  /** The type of a value that satisfies all of `schemas`. */
  read(schemas: readonly unknown[], label: Label, depth: number): PythonType {
    if (depth > MAX_DEPTH) return ANY;
    const alternatives = this.document.alternatives(schemas);
    const key = [alternatives.length, ...alternatives.map((alternative) => alternative.key)].join("|");
    const known = this.places.get(key);
    if (known?.type) return known.type;
    if (known) {
      known.recursion ??= { kind: "recursion", label, type: ANY };
      return known.recursion;
    }

    const place: Place = {};
    this.places.set(key, place);
    const type = union(alternatives.map((alternative) => this.readAlternative(alternative, label, depth)));
    if (place.recursion) place.recursion.type = type;
    place.type = place.recursion ?? type;
    return place.type;
  }

  private readAlternative(alternative: Alternative, context: Label, depth: number): PythonType {
    const { parts, key } = alternative;
    const name = typeName(alternative.name ?? "");
    const label = name === "" ? context : { name, explicit: true, owner: context.owner };
    const types = typesOf(parts);
    const values = enumOf(parts);
    if (values)
      return union(values.filter((value) => allows(types, value)).map((value) => literal(value, types)));
    if (!types) return ANY;
    return union(
      types.map((type): PythonType => {
        if (type === "object") return this.readObject(parts, key, label, depth);
        if (type === "array") return this.readArray(parts, label, depth);
        return { kind: "plain", name: PLAIN[type] };
      }),
    );
  }

  private readObject(parts: readonly JsonSchema[], key: string, context: Label, depth: number): PythonType {
    const known = this.objects.get(key);
    if (known) return known;
    const keys = new Set(propertyNames(parts).filter((property) => !isForbidden(parts, property)));
    if (keys.size === 0) {
      const values = valuesOf(parts);
      const of = { ...context, name: singular(context.name), explicit: false };
      return {
        kind: "dict",
        value: values.length > 0 ? union(values.map((v) => this.read([v], of, depth + 1))) : ANY,
      };
    }
    for (const part of parts) {
      if (Array.isArray(part.required)) for (const k of part.required) if (typeof k === "string") keys.add(k);
    }
    const label = context.explicit ? context : { ...context, name: tagOf(parts) + context.name };
    const object: PythonObject = { kind: "object", label, fields: [] };
    this.objects.set(key, object);
    for (const property of keys) {
      const schemas = propertyOf(parts, property);
      object.fields.push({
        key: property,
        type: this.read(schemas, nameOfProperty(property, label.name), depth + 1),
        required: isRequired(parts, property),
        description: descriptionOf(schemas),
      });
    }
    return object;
  }

  private readArray(parts: readonly JsonSchema[], context: Label, depth: number): PythonType {
    const label = { ...context, name: singular(context.name), explicit: false };
    const { prefix, rest } = itemsOf(parts);
    const items = prefix.map((schema) => this.read([schema], label, depth + 1));
    if (rest.length > 0) items.push(this.read(rest, label, depth + 1));
    return { kind: "list", item: items.length > 0 ? union(items) : ANY };
  }
}

const PLAIN = { null: "None", boolean: "bool", integer: "int", number: "float", string: "str" } as const;

/** Flat, without what another member already allows, None last. */
function union(types: readonly PythonType[]): PythonType {
  const flat = types.flatMap((type) => (type.kind === "union" ? type.members : [type]));
  const names = new Set(flat.map((type) => type.kind === "plain" && type.name));
  if (names.has("Any")) return ANY;
  const members = new Map<unknown, PythonType>();
  const values = new Set<LiteralValue>();
  for (const type of flat) {
    if (type.kind === "literal") {
      for (const value of type.values)
        if (!names.has(PLAIN_OF[typeof value as keyof typeof PLAIN_OF])) values.add(value);
      if (values.size > 0) members.set("literal", { kind: "literal", values: [...values] });
    } else if (type.kind !== "plain") members.set(type, type);
    else if (type.name === "None" || type.name === "Never") continue;
    else if (type.name !== "int" || !names.has("float")) members.set(type.name, type);
  }
  if (names.has("None")) members.set("None", NONE);
  const [first, ...others] = members.values();
  if (first === undefined) return NEVER;
  return others.length === 0 ? first : { kind: "union", members: [first, ...others] };
}

const PLAIN_OF = { string: "str", number: "int", boolean: "bool" } as const;

function allows(types: readonly JsonType[] | undefined, value: unknown): boolean {
  return types === undefined || types.some((type) => isOfType(value, type));
}

function isOfType(value: unknown, type: JsonType): boolean {
  if (type === "null") return value === null;
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isSchema(value);
  return typeof value === type;
}

/** Python allows no floats in `Literal`; a number is one unless the schema calls it an integer. */
function literal(value: unknown, types: readonly JsonType[] | undefined): PythonType {
  if (value === null) return NONE;
  if (Array.isArray(value)) return { kind: "list", item: ANY };
  if (typeof value === "number" && (types?.includes("number") || !Number.isSafeInteger(value))) {
    return { kind: "plain", name: types?.includes("integer") ? "int" : "float" };
  }
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return { kind: "literal", values: [value] };
  }
  return { kind: "dict", value: ANY };
}

function isRequired(parts: readonly JsonSchema[], property: string): boolean {
  return parts.some((part) => Array.isArray(part.required) && part.required.includes(property));
}

/** Whether the property may only be left out. */
function isForbidden(parts: readonly JsonSchema[], property: string): boolean {
  return propertyOf(parts, property).includes(false) && !isRequired(parts, property);
}

function nameOfProperty(property: string, owner: string): Label {
  const name = typeName(property);
  const isVague = name === "" || VAGUE.has(property.toLowerCase());
  return { name: isVague ? owner + name : name, explicit: false, owner };
}

/** `Circle` when a required property can only be `"circle"`: what tells the variants of a union apart. */
function tagOf(parts: readonly JsonSchema[]): string {
  for (const property of propertyNames(parts)) {
    if (!isRequired(parts, property)) continue;
    const values = enumOf(propertyOf(parts, property).filter(isSchema));
    if (values?.length === 1 && typeof values[0] === "string") return typeName(values[0].slice(0, 30));
  }
  return "";
}
