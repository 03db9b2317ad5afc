import { createContext, Script } from "node:vm";
import { Ajv, type Options, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { JsonSchema } from "../tool.js";
import { explainErrors } from "./explain-errors.js";

/** How long a pattern may look at a text: a pattern of a server must not stop this process. */
const PATTERN_MS = 50;

/** What is wrong with a value, for whoever mends it; null for nothing. `root` is what the message calls the value. */
export type Check = (value: unknown, root: string) => string | null;

const OPTIONS: Options = {
  allErrors: true,
  verbose: true,
  strict: false,
  logger: false,
  // Many servers mean by a format what nobody else does.
  validateFormats: false,
  // Compiling looks at the types of all keywords, and the schema of schemas takes long to compile itself.
  meta: false,
  validateSchema: false,
  // An argument may be called constructor: what every object inherits is none.
  ownProperties: true,
  // A small definition that is used often must not become a large one.
  inlineRefs: false,
  code: {
    regExp: Object.assign((pattern: string, flags: string) => new Pattern(pattern, flags), { code: "" }),
  },
};

/**
 * Makes the check of a JSON Schema, of draft 2020-12 where it does not name draft-07.
 *
 * @throws Error when the schema is none of either.
 */
export function compileCheck(schema: JsonSchema): Check {
  const validate = compile(schema);
  return (value, root) => (validate(value) ? null : explainErrors(validate.errors ?? [], value, root));
}

function compile({ $schema, ...schema }: JsonSchema): ValidateFunction {
  if (/draft-0[67]/.test(String($schema))) return compileAs(Ajv, schema);
  try {
    return compileAs(Ajv2020, schema);
  } catch (error) {
    // A schema that does not say its draft may be of the other one.
    if ($schema !== undefined) throw error;
    return compileAs(Ajv, schema);
  }
}

/** An instance of its own for each: ids in one schema must not mean anything in another. */
function compileAs(Draft: typeof Ajv | typeof Ajv2020, schema: JsonSchema): ValidateFunction {
  return new Draft(OPTIONS).compile(schema);
}

/** A regular expression with a limit on its time; what it does not decide within that fits. */
class Pattern {
  private readonly pattern: RegExp;

  constructor(pattern: string, flags: string) {
    this.pattern = parse(pattern, flags);
  }

  /** By this text Ajv tells patterns apart. */
  toString(): string {
    return String(this.pattern);
  }

  test(text: string): boolean {
    sandbox.pattern = this.pattern;
    sandbox.text = text;
    try {
      return TEST.runInContext(sandbox, { timeout: PATTERN_MS }) as boolean;
    } catch {
      return true;
    }
  }
}

/** Without `u`, escapes are allowed that it forbids, and that many schemas have. */
function parse(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return new RegExp(pattern);
  }
}

const sandbox: { pattern?: RegExp; text?: string } = {};
createContext(sandbox);
const TEST = new Script("pattern.test(text)");
