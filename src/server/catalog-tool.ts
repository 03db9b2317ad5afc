import { type CallContext, messageOf } from "../bind.js";
import type { JsonSchema, Tool } from "../catalog/tool.js";
import { isObject } from "../is-object.js";
import type { ServerObserver, ToolOutcome } from "./observer.js";
import { isCompilable } from "./output-schemas.js";
import { errorResult, type RequestExtra, type ServerTool } from "./server-tool.js";

export interface CatalogToolOptions {
  readonly contextOf: (extra: RequestExtra) => CallContext;
  readonly observer: ServerObserver | undefined;
}

/**
 * A tool of the catalog, advertised over MCP. A result that is no object is wrapped as `{result: …}`; that of a tool that
 * forwards MCP content stays as it came.
 */
export function catalogTool(tool: Tool, { contextOf, observer }: CatalogToolOptions): ServerTool {
  const { name, description, annotations, outputSchema } = tool;
  const wrapped = outputSchema?.type !== "object";
  const listedOutput = outputSchema && listedOutputSchema(tool, outputSchema, wrapped);
  return {
    listing: {
      name,
      ...(annotations.title !== undefined && { title: annotations.title }),
      description,
      inputSchema: { ...listed(tool.inputSchema), type: "object" },
      ...(listedOutput && { outputSchema: listedOutput }),
      annotations: { ...annotations },
    },
    async call(args, extra) {
      const started = performance.now();
      const ended = (outcome: ToolOutcome) =>
        observer?.toolCall?.(name, outcome, performance.now() - started);
      try {
        const context = { ...contextOf(extra), signal: extra.signal };
        if (tool.forward !== undefined) {
          const forwarded = await tool.forward(args, context);
          ended(forwarded.isError ? "error" : "ok");
          return forwarded;
        }
        const value = await tool.call(args, context);
        ended("ok");
        const structuredContent =
          !wrapped || (outputSchema === undefined && isObject(value)) ? value : { result: value };
        return {
          content: [{ type: "text", text: JSON.stringify(value) }],
          structuredContent: structuredContent as Record<string, unknown>,
        };
      } catch (error) {
        ended("error");
        return errorResult(`${name}: ${messageOf(error)}`);
      }
    },
  };
}

/** A schema as clients see it: the dialect is MCP's own default. */
function listed({ $schema: _, ...schema }: JsonSchema): Record<string, unknown> {
  return schema;
}

function listedOutputSchema({ forward }: Tool, schema: JsonSchema, wrapped: boolean) {
  // Those of local tools come from zod.
  if (forward !== undefined && !isCompilable(schema)) return undefined;
  return wrapped ? wrap(listed(schema)) : { ...listed(schema), type: "object" as const };
}

function wrap(schema: Record<string, unknown>) {
  return {
    type: "object" as const,
    properties: { result: moveRefs(schema) as object },
    required: ["result"],
    additionalProperties: false,
  };
}

/** References into the schema, once it stands at `properties.result` of another. */
function moveRefs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(moveRefs);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) =>
      key === "$ref" && typeof item === "string" && item.startsWith("#")
        ? [key, `#/properties/result${item.slice(1)}`]
        : [key, moveRefs(item)],
    ),
  );
}
