import type { FloatShape } from "../sandbox/monty/values.js";
import {
  type Alternative,
  itemsOf,
  propertyNames,
  propertyOf,
  SchemaDocument,
  typesOf,
  valuesOf,
} from "./python-schema.js";
import type { JsonSchema } from "./tool.js";

/**
 * Where a value of the schema holds floats: wherever a `number` is allowed, also where an `integer` is too. Undefined
 * when nowhere; cyclic for a recursive schema. Where a number and a list or an object are allowed at one place, the
 * shape is that of what the list or the object holds.
 */
export function floatShape(schema: JsonSchema | undefined): FloatShape | undefined {
  if (schema === undefined) return undefined;
  const known = shapes.get(schema);
  if (known !== undefined) return known.shape;
  const survey = new Survey(new SchemaDocument(schema));
  const root = survey.place([[schema]]);
  const shape = survey.shape(root);
  shapes.set(schema, { shape });
  return shape;
}

/** Each program asks for the shapes of its tools, whose schemas stay the same. */
const shapes = new WeakMap<JsonSchema, { readonly shape: FloatShape | undefined }>();

/** One place of the value, all alternatives of the schema taken together. */
interface Place {
  isFloat: boolean;
  /** Whether a float is here or below. */
  holdsFloats: boolean;
  readonly properties: Map<string, Place>;
  items?: Place;
  values?: Place;
}

type ObjectShape = { properties?: Record<string, FloatShape>; items?: FloatShape; values?: FloatShape };

class Survey {
  private readonly places = new Map<string, Place>();
  private readonly shapes = new Map<Place, ObjectShape>();

  constructor(private readonly document: SchemaDocument) {}

  /** `options`: the schemas of which one applies, each a list of schemas that apply together. */
  place(options: readonly (readonly unknown[])[]): Place {
    const alternatives = new Map<string, Alternative>();
    for (const schemas of options) {
      for (const alternative of this.document.alternatives(schemas))
        alternatives.set(alternative.key, alternative);
    }
    const key = [...alternatives.keys()].sort().join("|");
    const known = this.places.get(key);
    if (known) return known;

    const place: Place = { isFloat: false, holdsFloats: false, properties: new Map() };
    this.places.set(key, place);
    const all = [...alternatives.values()].map(({ parts }) => ({ parts, types: typesOf(parts) ?? [] }));
    place.isFloat = all.some(({ types }) => types.includes("number"));

    const objects = all.filter(({ types }) => types.includes("object")).map(({ parts }) => parts);
    for (const name of new Set(objects.flatMap(propertyNames))) {
      const schemas = objects.map((parts) => propertyOf(parts, name)).filter((found) => found.length > 0);
      place.properties.set(name, this.place(schemas));
    }
    const values = objects.flatMap(valuesOf).map((schema) => [schema]);
    if (values.length > 0) place.values = this.place(values);

    const arrays = all.filter(({ types }) => types.includes("array")).map(({ parts }) => itemsOf(parts));
    const items = arrays.flatMap(({ prefix, rest }) => [
      ...prefix.map((schema) => [schema]),
      ...(rest.length > 0 ? [rest] : []),
    ]);
    if (items.length > 0) place.items = this.place(items);
    return place;
  }

  shape(root: Place): FloatShape | undefined {
    this.findFloats();
    return root.holdsFloats ? this.build(root) : undefined;
  }

  /** To a fixed point: in a cycle, a place may learn of a float below it only after it was looked at. */
  private findFloats(): void {
    for (let changed = true; changed; ) {
      changed = false;
      for (const place of this.places.values()) {
        if (place.holdsFloats || !(place.isFloat || inside(place).some((inner) => inner.holdsFloats)))
          continue;
        place.holdsFloats = true;
        changed = true;
      }
    }
  }

  private build(place: Place): FloatShape {
    if (!inside(place).some((inner) => inner.holdsFloats)) return place.isFloat ? "float" : {};
    const known = this.shapes.get(place);
    if (known) return known;
    const shape: ObjectShape = {};
    this.shapes.set(place, shape);
    if (place.items?.holdsFloats) shape.items = this.build(place.items);
    if (place.values?.holdsFloats) shape.values = this.build(place.values);
    for (const [name, property] of place.properties) {
      // A property without floats is named where it would else be taken for one of `values`.
      if (!property.holdsFloats && !shape.values) continue;
      shape.properties ??= Object.create(null) as Record<string, FloatShape>;
      shape.properties[name] = this.build(property);
    }
    return shape;
  }
}

function inside({ properties, items, values }: Place): Place[] {
  return [...properties.values(), ...(items ? [items] : []), ...(values ? [values] : [])];
}
