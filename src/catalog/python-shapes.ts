import type { PythonObject, PythonRecursion, PythonType } from "./python-types.js";

/** What gets a declaration. */
export type Declared = PythonObject | PythonRecursion;

/** The types directly inside `type`. */
export function children(type: PythonType): readonly PythonType[] {
  switch (type.kind) {
    case "list":
      return [type.item];
    case "dict":
      return [type.value];
    case "union":
      return type.members;
    case "object":
      return type.fields.map((field) => field.type);
    case "recursion":
      return [type.type];
    default:
      return [];
  }
}

/** The objects in `types` and the recursions that need an alias, outer ones first. */
export function reachable(types: readonly PythonType[]): Declared[] {
  const seen = new Set<PythonType>();
  const declared: Declared[] = [];
  const visit = (type: PythonType): void => {
    if (seen.has(type)) return;
    seen.add(type);
    if (type.kind === "object" || (type.kind === "recursion" && needsAlias(type))) declared.push(type);
    children(type).forEach(visit);
  };
  types.forEach(visit);
  return declared;
}

/** Whether the recursion comes back to itself without passing through a TypedDict, which has a name already. */
function needsAlias(recursion: PythonRecursion): boolean {
  const seen = new Set<PythonType>();
  const leadsBack = (type: PythonType): boolean => {
    if (type === recursion) return true;
    if (type.kind === "object" || seen.has(type)) return false;
    seen.add(type);
    return children(type).some(leadsBack);
  };
  return leadsBack(recursion.type);
}

/**
 * Sorts into groups what has the same shape, also where shapes are recursive: starts with everything equal and splits
 * until nothing differs inside a group (partition refinement). Two names that authors gave stay two groups.
 */
export function groupByShape(declared: readonly Declared[]): [Declared, ...Declared[]][] {
  let classes = new Map<PythonType, number>(declared.map((node) => [node, 0]));
  for (let count = 0; ; ) {
    const numbers = new Map<string, number>();
    const next = new Map<PythonType, number>();
    for (const node of declared) {
      const shape = shapeOf(node, classes);
      const number = numbers.get(shape) ?? numbers.size;
      numbers.set(shape, number);
      next.set(node, number);
    }
    classes = next;
    if (numbers.size === count) break;
    count = numbers.size;
  }
  const groups = new Map<string, [Declared, ...Declared[]]>();
  const explicit = new Map<number | undefined, Declared>();
  for (const node of declared) {
    const number = classes.get(node);
    if (node.label.explicit && !explicit.has(number)) explicit.set(number, node);
  }
  for (const node of declared) {
    const number = classes.get(node);
    const named = node.label.explicit ? node : explicit.get(number);
    const key = `${number} ${named?.label.name ?? ""}`;
    const group = groups.get(key);
    if (!group) groups.set(key, [node]);
    // The name that the author gave is the group's.
    else if (node.label.explicit && !group[0].label.explicit) group.unshift(node);
    else group.push(node);
  }
  return [...groups.values()];
}

function shapeOf(node: Declared, classes: ReadonlyMap<PythonType, number>): string {
  const inside = (type: PythonType): string => {
    const number = classes.get(type);
    if (number !== undefined) return `#${number}`;
    switch (type.kind) {
      case "plain":
        return type.name;
      case "literal":
        return `literal${JSON.stringify(type.values)}`;
      default: {
        const inner = children(type).map(inside);
        if (type.kind === "recursion") return inner.join();
        return `${type.kind}(${inner.sort().join()})`;
      }
    }
  };
  if (node.kind === "recursion") return `alias ${inside(node.type)}`;
  const fields = node.fields.map(({ key, type, required }) => JSON.stringify([key, required, inside(type)]));
  return `object ${fields.sort().join()}`;
}
