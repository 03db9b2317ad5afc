/** Field numbers of the one-of that is a Python value on the wire. */
export const FIELD = {
  ellipsis: 1,
  none: 2,
  boolean: 4,
  int: 5,
  bigint: 6,
  float: 7,
  str: 8,
  bytes: 9,
  list: 11,
  tuple: 12,
  namedTuple: 13,
  dict: 14,
  set: 15,
  frozenSet: 16,
  date: 17,
  time: 18,
  datetime: 19,
  timedelta: 20,
  timezone: 21,
  exception: 22,
  type: 23,
  classInstance: 24,
  function: 25,
  builtinFunction: 26,
  path: 27,
  fileHandle: 28,
  repr: 29,
  cycle: 30,
} as const;

/**
 * Where a JavaScript value holds floats. JavaScript has one number type; Python code shows and
 * divides floats differently from ints, so the schema decides: without a shape, an integer-valued
 * number becomes an `int`. May be cyclic.
 */
export type FloatShape =
  | "float"
  | {
      readonly properties?: Readonly<Record<string, FloatShape>>;
      readonly items?: FloatShape;
      /** Of every property that `properties` does not name. */
      readonly values?: FloatShape;
    };

/** A JavaScript value that has no counterpart in Python, or a Python value that has none in JSON. */
export class ValueError extends Error {
  override readonly name: string = "ValueError";
}

/** The place of a value inside another: `["rows"][3]`. */
export function formatPath(path: readonly (string | number)[]): string {
  return path.map((part) => `[${JSON.stringify(part)}]`).join("");
}
