import { Ajv } from "ajv";
import type { JsonSchema } from "../catalog/tool.js";

/** As clients compile schemas; large definitions are not copied. */
const ajv = new Ajv({
  strict: false,
  logger: false,
  meta: false,
  validateSchema: false,
  validateFormats: false,
  inlineRefs: false,
});

const known = new WeakMap<JsonSchema, boolean>();

/** Whether clients can compile the output schema of another server's tool. One that they cannot costs them the whole list. */
export function isCompilable(schema: JsonSchema): boolean {
  const before = known.get(schema);
  if (before !== undefined) return before;
  let isFine = true;
  try {
    ajv.compile(schema);
  } catch {
    isFine = false;
  }
  ajv.removeSchema(schema);
  known.set(schema, isFine);
  return isFine;
}
