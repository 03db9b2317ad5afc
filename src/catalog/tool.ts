import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { requireConsent } from "./consent.js";
import { explain, joinPath, received } from "./explain.js";

/** A JSON Schema (draft 2020-12 or draft-07) as parsed JSON. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** What a tool promises about its effects; the hints of the MCP specification. */
export interface ToolAnnotations {
  readonly title?: string;
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

export interface ToolContext {
  /** Aborts when the request or the program that made the call has ended. */
  readonly signal: AbortSignal;
  /** Asks the user whether a call may be made; absent where nobody can be asked. */
  readonly confirm?: ((request: ConsentRequest, signal: AbortSignal) => Promise<boolean>) | undefined;
  /**
   * Keeps bytes of a result for a program that asks for them, and gives the name to ask by; absent where
   * nobody could ask.
   */
  readonly keepBytes?: ((base64: string) => string) | undefined;
}

/** A call that the user is asked about. */
export interface ConsentRequest {
  readonly tool: string;
  /** Where the tool comes from, as in `Tool.source`. */
  readonly source: string | undefined;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** One tool, wherever it comes from. */
export interface Tool {
  /** Unique in a catalog; letters, digits, `_`, `-` and `.`, at most 128 of them. */
  readonly name: string;
  readonly description: string;
  /** Always of type `object`. */
  readonly inputSchema: JsonSchema;
  /** Absent where the tool says nothing about its result. */
  readonly outputSchema?: JsonSchema;
  readonly annotations: ToolAnnotations;
  /** Where the tool comes from, for messages: a file or a server. Absent for the built-in ones. */
  readonly source?: string;
  /** Whether the user must agree to each call; where absent, to those of a tool annotated destructive. */
  readonly needsConsent?: boolean;
  /** The shape that results were seen to have, as a Python type; for tools without an output schema. */
  readonly observedResult?: string | undefined;
  /**
   * Checks the arguments, asks the user where the tool needs it, runs the tool, checks the result.
   *
   * @throws ToolInputError when the arguments do not fit the schema: the tool did not run.
   * @throws ConsentError when the user does not agree: the tool did not run.
   * @throws ToolOutputError when the result does not fit the schema: the tool did run.
   * @throws whatever the tool throws.
   */
  call(args: Readonly<Record<string, unknown>>, context: ToolContext): Promise<unknown>;
  /**
   * Checks the arguments as `call` does, and does nothing else; absent where only a call can tell.
   *
   * @throws ToolInputError
   */
  check?(args: Readonly<Record<string, unknown>>): Promise<void>;
  /** As `call`, with the result as MCP content: for tools of other MCP servers, whose images it keeps. */
  forward?(args: Readonly<Record<string, unknown>>, context: ToolContext): Promise<CallToolResult>;
}

/** The caller's arguments do not fit the tool's input schema. */
export class ToolInputError extends Error {
  override readonly name = "ToolInputError";
}

/** The tool's own result does not fit its output schema. */
export class ToolOutputError extends Error {
  override readonly name = "ToolOutputError";
}

/** A call was sent, and no answer came: whether it was done is not known. */
export class UnansweredError extends Error {
  override readonly name: string = "UnansweredError";
}

/** What `defineTool` takes. Without `output`, `run` may return anything that is JSON. */
export interface ToolDefinition<Input extends z.ZodObject, Output extends z.ZodType> {
  readonly name: string;
  readonly description: string;
  readonly input: Input;
  readonly output?: Output;
  readonly annotations?: ToolAnnotations;
  readonly run: (args: z.output<Input>, context: ToolContext) => z.input<Output> | Promise<z.input<Output>>;
}

/** The names that MCP allows. */
export const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/**
 * Makes a tool from zod schemas and a function. Arguments reach `run` parsed, defaults filled in; an argument that
 * `input` does not name is refused. What `call` gives back is JSON and has passed `output`: keys that `output` does
 * not name are dropped, `undefined` keys are left out, and a tool without `output` that returns nothing gives null.
 *
 * @throws TypeError when the name is not one that MCP allows, or a schema has no counterpart in JSON Schema.
 */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodType>(
  definition: ToolDefinition<Input, Output>,
): Tool {
  const { name, description, input, output, run } = definition;
  const refuse = (why: string) => new TypeError(`Tool ${JSON.stringify(name) ?? "without a name"}: ${why}`);
  if (typeof name !== "string" || !TOOL_NAME.test(name))
    throw refuse("a name is 1 to 128 letters, digits, `_`, `-` and `.`.");
  if (typeof description !== "string") throw refuse("description must be a string.");
  if (typeof run !== "function") throw refuse("run must be a function.");
  if (input?._zod?.def.type !== "object" || typeof input.strict !== "function")
    throw refuse("input must be z.object({ … }), from zod 4.");
  if (!["undefined", "never"].includes(input._zod.def.catchall?._zod.def.type ?? "undefined"))
    throw refuse("input must name every argument: use z.object, not a loose object or a catchall.");
  if (output !== undefined && output?._zod === undefined) throw refuse("output must be a schema from zod 4.");

  const strict = input.strict();
  const inputSchema = toJsonSchema(strict, "input", refuse);
  const outputSchema = output && toJsonSchema(output, "output", refuse);
  const annotations = definition.annotations ?? {};
  const parse = async (args: Readonly<Record<string, unknown>>) => {
    const parsed = await check(strict, args);
    if (!parsed.success) throw new ToolInputError(explain(parsed.error.issues, inputSchema, "arguments"));
    return parsed.data as z.output<Input>;
  };
  return {
    name,
    description,
    inputSchema,
    ...(outputSchema && { outputSchema }),
    annotations,
    async check(args) {
      await parse(args);
    },
    async call(args, context) {
      const parsed = await parse(args);
      await requireConsent({ name, annotations }, parsed, context);
      const returned: unknown = await run(parsed, context);
      const misfit = (why: string) =>
        new ToolOutputError(`The tool ${name} returned what it should not. ${why}`);
      if (!output) return toJson(returned === undefined ? null : returned, "result", misfit);
      const checked = await check(output, returned);
      if (!checked.success) throw misfit(explain(checked.error.issues, outputSchema ?? {}, "result"));
      return toJson(checked.data, "result", misfit);
    },
  };
}

/** At once where the schema allows: by promises a list of records takes three times as long. */
async function check<Schema extends z.ZodType>(schema: Schema, value: unknown) {
  try {
    return schema.safeParse(value, { reportInput: true });
  } catch {
    // A refinement is asynchronous, or throws: then it throws again.
    return schema.safeParseAsync(value, { reportInput: true });
  }
}

type Refuse = (why: string) => Error;

function toJsonSchema(schema: z.ZodType, io: "input" | "output", refuse: Refuse): JsonSchema {
  try {
    return z.toJSONSchema(schema, { io });
  } catch (error) {
    const key = Object.entries(shapeOf(schema)).find(([, part]) => {
      try {
        z.toJSONSchema(part, { io });
        return false;
      } catch {
        return true;
      }
    })?.[0];
    const where = key === undefined ? io : `${io}.${key}`;
    throw refuse(`${where} has no counterpart in JSON Schema. ${(error as Error).message}.`);
  }
}

function shapeOf(schema: z.ZodType): z.core.$ZodShape {
  return (schema as Partial<z.ZodObject>).shape ?? {};
}

/** A copy of `value` that JSON can hold, or an error that says where it cannot. */
function toJson(value: unknown, root: string, refuse: Refuse): unknown {
  const path: PropertyKey[] = [];
  const open = new Set<object>();
  const wrong = (why: string) => refuse(`${path.reduce<string>(joinPath, root)}: ${why}`);
  const at = (key: PropertyKey, part: unknown) => {
    path.push(key);
    const copied = copy(part);
    path.pop();
    return copied;
  };
  const copy = (part: unknown): unknown => {
    if (part === null || typeof part === "string" || typeof part === "boolean") return part;
    if (typeof part === "number" && Number.isFinite(part)) return part;
    if (typeof part !== "object") throw wrong(`${received(part)} is not a JSON value.`);
    if (open.has(part)) throw wrong("contains itself, which JSON cannot.");
    open.add(part);
    const copied = Array.isArray(part)
      ? Array.from(part, (item, index) => at(index, item))
      : copyObject(part);
    open.delete(part);
    return copied;
  };
  const copyObject = (part: object) => {
    const prototype = Object.getPrototypeOf(part);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      throw wrong(`a ${prototype.constructor?.name} is not a JSON value; return a plain object or a string.`);
    }
    const entries = Object.entries(part).filter(([, item]) => item !== undefined);
    return Object.fromEntries(entries.map(([key, item]) => [key, at(key, item)]));
  };
  return copy(value);
}
