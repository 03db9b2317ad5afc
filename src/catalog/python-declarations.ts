import { isFieldName, RESERVED, TYPE_NAMES, unique } from "./python-names.js";
import { children, type Declared, groupByShape, reachable } from "./python-shapes.js";
import type { LiteralValue, PythonObject, PythonRecursion, PythonType } from "./python-types.js";

/**
 * Where a type is written. A result is what it is: `list[...]`. A parameter takes whatever fits: a list of ints where
 * floats are asked for, another tool's TypedDict, a dict from a variable. Python's `list` and `dict` refuse all three.
 */
export type Position = "result" | "parameter";

/** Names for the objects and aliases in a set of types, one for those of the same shape, and their source text. */
export class Declarations {
  private readonly groups = new Map<PythonType, Group>();
  private readonly names = new Set<string>();
  private readonly texts = new Map<string, string>();

  /** `taken`: names that mean something else to a program. Types that come first are named first. */
  constructor(types: readonly PythonType[], taken: readonly string[]) {
    const used = new Set([...RESERVED, ...taken]);
    for (const members of groupByShape(reachable(types))) {
      const [{ label, kind }] = members;
      const name = unique(used, label.name === "" ? ["Value"] : [label.name, label.owner + label.name]);
      const inputName = kind === "recursion" ? unique(used, [`${name}Input`]) : name;
      const group: Group = { members, name, inputName };
      this.names.add(name);
      for (const member of members) this.groups.set(member, group);
    }
  }

  /** The type as Python source. */
  write(type: PythonType, position: Position): string {
    return this.spell(type, position).join(" | ");
  }

  /** Adds the declarations that `type` needs to `found`, by name; what a declaration needs comes before it. */
  collect(type: PythonType, position: Position, found: Map<string, string>, open = new Set<string>()): void {
    const group = this.groups.get(type);
    if (!group) {
      for (const child of children(type)) this.collect(child, position, found, open);
      return;
    }
    const inside = type.kind === "object" ? "result" : position;
    const name = nameIn(group, inside);
    if (open.has(name) || found.has(name)) return;
    open.add(name);
    const [first] = group.members;
    for (const child of children(first)) this.collect(child, inside, found, open);
    let text = this.texts.get(name);
    text ??= first.kind === "object" ? this.typedDict(group, first) : this.alias(group, first, inside);
    this.texts.set(name, text);
    found.set(name, text);
  }

  private alias(group: Group, { type }: PythonRecursion, position: Position): string {
    return `type ${nameIn(group, position)} = ${this.write(type, position)}`;
  }

  private typedDict({ name, members }: Group, { fields }: PythonObject): string {
    const lines = fields.map(({ key, type, required }) => {
      const written = this.write(type, "result");
      const comment = commonDescription(members, key);
      return {
        key,
        type: required ? written : `NotRequired[${written}]`,
        comment: comment === "" ? "" : `  # ${comment}`,
      };
    });
    // In the body of a class, a field called `str` would hide the type of that name.
    const isHiding = (key: string) => TYPE_NAMES.includes(key) || this.names.has(key);
    if (lines.every(({ key }) => isFieldName(key) && !isHiding(key))) {
      const body = lines.map(({ key, type, comment }) => `    ${key}: ${type}${comment}`);
      return [`class ${name}(TypedDict):`, ...body].join("\n");
    }
    const body = lines.map(({ key, type, comment }) => `    ${pythonLiteral(key)}: ${type},${comment}`);
    return [`${name} = TypedDict("${name}", {`, ...body, "})"].join("\n");
  }

  /** The members of the union that the type is, each once. */
  private spell(type: PythonType, position: Position): string[] {
    const group = this.groups.get(type);
    switch (type.kind) {
      case "plain":
        return [type.name];
      case "literal":
        return [`Literal[${type.values.map(pythonLiteral).join(", ")}]`];
      case "list": {
        const item = this.write(type.item, position);
        // A str is a Sequence of str as well, and nearly always a mistake.
        const isSequence = position === "parameter" && item !== "str" && item !== "Any";
        return [`${isSequence ? "Sequence" : "list"}[${item}]`];
      }
      case "dict":
        return [`${position === "parameter" ? "Mapping" : "dict"}[str, ${this.write(type.value, position)}]`];
      case "object":
        return position === "parameter" ? [group?.name ?? "", ANY_MAPPING] : [group?.name ?? ""];
      case "recursion":
        return group ? [nameIn(group, position)] : this.spell(type.type, position);
      case "union": {
        const members = new Set(type.members.flatMap((member) => this.spell(member, position)));
        if (members.has("Any")) return ["Any"];
        for (const last of [ANY_MAPPING, "None"]) if (members.delete(last)) members.add(last);
        return [...members];
      }
    }
  }
}

/** A JSON scalar as Python source. */
export function pythonLiteral(value: LiteralValue): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

interface Group {
  /** All of one shape; the first gives the name. */
  readonly members: readonly [Declared, ...Declared[]];
  readonly name: string;
  /** An alias has another body in parameters, so another name; a TypedDict does not. */
  readonly inputName: string;
}

const ANY_MAPPING = "Mapping[str, Any]";
const LONGEST_COMMENT = 80;

function nameIn(group: Group, position: Position): string {
  return position === "parameter" ? group.inputName : group.name;
}

/** What the members that describe the field agree on; empty when they differ. */
function commonDescription(members: Group["members"], key: string): string {
  const texts = members.flatMap((member) =>
    member.kind === "object"
      ? member.fields.filter((field) => field.key === key).map((field) => field.description)
      : [],
  );
  const [text = "", ...others] = new Set(texts.filter((text) => text !== ""));
  if (others.length > 0) return "";
  return text.length > LONGEST_COMMENT ? `${text.slice(0, LONGEST_COMMENT - 1).trimEnd()}…` : text;
}
