/** Beyond these, a shape says `Any` or is a dict: it stands in a prompt, and the server is not trusted. */
const MAX_DEPTH = 6;
const MAX_FIELDS = 24;
const MAX_ITEMS = 50;
/** Values looked at in one result; what is behind them in lists is not. */
const MAX_VALUES = 5000;
const MAX_TEXT = 600;
/** So many fields of one and the same structure are a dict whose keys are data. */
const MANY_ALIKE = 5;
/** What looks like a name that somebody chose, and not like data. */
const FIELD_NAME = /^[A-Za-z_$@][A-Za-z0-9_$.-]{0,39}$/;

/** The shape of the values seen so far: types and names of fields, no values. It only ever grows wider. */
export class ObservedShape {
  private readonly root = new Place();
  private written: string | undefined;

  /** As a Python type, with `{"field": type}` for an object; undefined before the first value. */
  get text(): string | undefined {
    return this.written;
  }

  /** @returns whether `text` has changed. */
  add(value: unknown): boolean {
    observe(this.root, value, { depth: 0, left: { values: MAX_VALUES } });
    const before = this.written;
    this.written = write(this.root);
    return this.written !== before;
  }
}

/** All values seen at one place. */
class Place {
  readonly scalars = new Set<string>();
  /** Of lists. */
  items: Place | undefined;
  /** Of objects; undefined once they turned out to be dicts. */
  fields: Map<string, { place: Place; seen: number }> | undefined;
  objects = 0;
  /** Of dicts. */
  values: Place | undefined;
}

interface Position {
  readonly depth: number;
  readonly left: { values: number };
}

function observe(place: Place, value: unknown, { depth, left }: Position): void {
  left.values -= 1;
  if (value === null || typeof value !== "object") {
    place.scalars.add(scalarType(value));
  } else if (depth >= MAX_DEPTH) {
    place.scalars.add("Any");
  } else if (Array.isArray(value)) {
    place.items ??= new Place();
    for (const item of value.slice(0, MAX_ITEMS))
      if (left.values > 0) observe(place.items, item, { depth: depth + 1, left });
  } else {
    observeObject(place, value, { depth: depth + 1, left });
  }
}

function observeObject(place: Place, value: object, inside: Position): void {
  const keys = Object.keys(value);
  if (place.values === undefined) place.fields ??= new Map();
  place.objects += 1;
  if (place.fields && keys.every((key) => FIELD_NAME.test(key))) {
    const all = new Set([...place.fields.keys(), ...keys]);
    if (all.size <= MAX_FIELDS) {
      for (const key of keys) {
        const field = place.fields.get(key) ?? { place: new Place(), seen: 0 };
        place.fields.set(key, field);
        field.seen += 1;
        observe(field.place, Reflect.get(value, key), inside);
      }
      return;
    }
  }
  place.values ??= new Place();
  for (const field of place.fields?.values() ?? []) merge(place.values, field.place);
  place.fields = undefined;
  for (const key of keys.slice(0, MAX_ITEMS)) observe(place.values, Reflect.get(value, key), inside);
}

function merge(into: Place, from: Place): void {
  for (const scalar of from.scalars) into.scalars.add(scalar);
  if (from.items) {
    into.items ??= new Place();
    merge(into.items, from.items);
  }
  if (from.values || (from.fields && into.values)) {
    into.values ??= new Place();
    for (const field of into.fields?.values() ?? []) merge(into.values, field.place);
    into.fields = undefined;
    if (from.values) merge(into.values, from.values);
    for (const field of from.fields?.values() ?? []) merge(into.values, field.place);
  } else if (from.fields) {
    into.fields ??= new Map();
    for (const [key, { place, seen }] of from.fields) {
      const field = into.fields.get(key) ?? { place: new Place(), seen: 0 };
      into.fields.set(key, field);
      field.seen += seen;
      merge(field.place, place);
    }
  }
  into.objects += from.objects;
}

function scalarType(value: unknown): string {
  switch (typeof value) {
    case "string":
      return "str";
    case "boolean":
      return "bool";
    case "number":
      return Number.isInteger(value) ? "int" : "float";
    default:
      return value === null ? "None" : "Any";
  }
}

/** As deep as there is room for. */
function write(root: Place): string {
  for (let depth = MAX_DEPTH; depth > 0; depth--) {
    const text = spell(root, depth);
    if (text.length <= MAX_TEXT) return text;
  }
  return spell(root, 0);
}

function spell(place: Place, depth: number): string {
  const members = [...place.scalars].filter((type) => type !== "None");
  if (members.includes("Any")) return "Any";
  const types = members.includes("float") ? members.filter((type) => type !== "int") : members;
  if (place.items) types.push(`list[${depth === 0 ? "Any" : spell(place.items, depth - 1)}]`);
  if (place.values) types.push(dict(place.values, depth));
  if (place.fields) types.push(spellFields(place, place.fields, depth));
  if (place.scalars.has("None")) types.push("None");
  return types.length === 0 ? "Any" : types.join(" | ");
}

function spellFields(place: Place, fields: NonNullable<Place["fields"]>, depth: number): string {
  if (fields.size === 0 || depth === 0) return "dict[str, Any]";
  const all = Array.from(fields, ([key, field]) => ({ key, ...field, type: spell(field.place, depth - 1) }));
  const types = new Set(all.map(({ type }) => type));
  const isNested = all.every((field) => field.place.fields || field.place.items);
  if (all.length >= MANY_ALIKE && types.size === 1 && isNested) return `dict[str, ${[...types][0]}]`;
  const written = all.map(({ key, seen, type }) => {
    return `${JSON.stringify(key)}: ${seen < place.objects ? `NotRequired[${type}]` : type}`;
  });
  return `{${written.join(", ")}}`;
}

function dict(values: Place, depth: number): string {
  return `dict[str, ${depth === 0 ? "Any" : spell(values, depth - 1)}]`;
}
