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
  // Schemas of two servers may have the same id, and small ones that are used often must not become large ones.
  addUsedSchema: false,
  inlineRefs: false,
  code: {
    regExp: Object.assign((pattern: string, flags: string) => new Pattern(pattern, flags), { code: "" }),
  },
};

let dialects: { readonly draft07: Ajv; readonly draft2020: Ajv } | undefined;

/**
 * Makes the check of a JSON Schema, of draft 2020-12 where it does not name draft-07.
 *
 * @throws Error when the schema is none of either.
 */
export function compileCheck(schema: JsonSchema): Check {
  const validate = compile(schema);
  return (value, root) => (validate(value) ? null : explainErrors(validate.errors ?? [], value, root));
}

function compile(schema: JsonSchema): ValidateFunction {
  dialects ??= { draft07: new Ajv(OPTIONS), draft2020: new Ajv2020(OPTIONS) };
  const { draft07, draft2020 } = dialects;
  const isOld = /draft-0[67]/.test(String(schema.$schema ?? ""));
  // A schema that does not say its draft may be of the other one.
  const order = isOld ? [draft07] : schema.$schema === undefined ? [draft2020, draft07] : [draft2020];
  let problem: unknown;
  for (const ajv of order) {
    try {
      return ajv.compile(schema);
    } catch (error) {
      problem ??= error;
    } finally {
      ajv.removeSchema(schema);
    }
  }
  throw problem;
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
