import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { requireConsent } from "../consent.js";
import { type JsonSchema, type Tool, type ToolContext, ToolInputError, ToolOutputError } from "../tool.js";
import { type ListedTool, matches } from "./listing.js";
import { errorText, resultValue } from "./results.js";
import type { UpstreamServer } from "./server.js";
import { type Check, compileCheck } from "./validate.js";

/** A tool of another server failed, and says why. */
class UpstreamToolError extends Error {
  override readonly name = "UpstreamToolError";
}

/** What is done with one tool's schemas and results, for as long as its server lists it. */
export interface UpstreamToolOptions {
  readonly server: UpstreamServer;
  readonly listed: ListedTool;
  /** Of the function. */
  readonly name: string;
  /** Is given each result that the schema says nothing about. */
  readonly onResult: (value: unknown) => void;
  /** Is told what is wrong with a schema. */
  readonly warn: (problem: string) => void;
}

/** A tool of another MCP server. Its arguments are checked here before the server sees them. */
export function upstreamTool(options: UpstreamToolOptions): Tool {
  const { server, listed, name, onResult, warn } = options;
  const { description, inputSchema, outputSchema, annotations } = listed;
  const checkInput = lazyCheck(inputSchema, () =>
    warn(`the input schema of ${listed.name} is not valid, and not checked`),
  );
  const checkOutput =
    outputSchema &&
    lazyCheck(outputSchema, () => warn(`the output schema of ${listed.name} is not valid, and not checked`));
  const base = {
    name,
    description,
    inputSchema,
    ...(outputSchema && { outputSchema }),
    annotations,
    source: server.name,
    ...(matches(server.settings.confirm, listed.name) && { needsConsent: true }),
  };

  async function check(args: Readonly<Record<string, unknown>>): Promise<void> {
    const wrong = checkInput()?.(args, "arguments");
    if (typeof wrong === "string") throw new ToolInputError(wrong);
  }

  async function send(
    args: Readonly<Record<string, unknown>>,
    context: ToolContext,
  ): Promise<CallToolResult> {
    await check(args);
    // Nobody is asked about a call that cannot be made.
    await server.connected(context.signal);
    await requireConsent(base, args, context);
    return server.callTool(listed, args, context.signal);
  }

  return {
    ...base,
    check,
    async call(args, context) {
      const result = await send(args, context);
      if (result.isError) throw new UpstreamToolError(errorText(result));
      const { structuredContent } = result;
      if (outputSchema === undefined) {
        const value = resultValue(result, context.keepBytes);
        onResult(value);
        return value;
      }
      const misfit = (why: string) =>
        new ToolOutputError(`The tool ${name} returned what it should not. ${why}`);
      if (structuredContent === undefined)
        throw misfit("It has an output schema, and gave no structured content.");
      const wrong = checkOutput?.()?.(structuredContent, "result");
      if (typeof wrong === "string") throw misfit(wrong);
      return structuredContent;
    },
    async forward(args, context) {
      const result = await send(args, context);
      if (!result.isError && outputSchema === undefined) onResult(resultValue(result, undefined));
      return result;
    },
  };
}

/** Compiled with the first use: most tools are never called. Undefined where the schema is none. */
function lazyCheck(schema: JsonSchema, onInvalid: () => void): () => Check | undefined {
  let check: { readonly compiled: Check | undefined } | undefined;
  return () => {
    if (check === undefined) {
      try {
        check = { compiled: compileCheck(schema) };
      } catch {
        check = { compiled: undefined };
        onInvalid();
      }
    }
    return check.compiled;
  };
}
