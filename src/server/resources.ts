import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  McpError,
  ReadResourceRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { ExecutionError } from "../journal/store.js";
import { dialectGuide } from "../sandbox/dialect.js";
import { type ExecutionResources, executionTemplates } from "./execution-resources.js";
import { missingResourceScope } from "./scopes.js";

/** A text that clients can read. */
export interface ServerResource {
  readonly uri: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
  readonly text: string;
}

/** The resources of a server whose programs see these stubs. */
export function serverResources(stubs: string): readonly ServerResource[] {
  return [
    {
      uri: "monty-code-mode://stubs",
      name: "stubs.py",
      title: "Python stubs of the tools",
      description: "The functions that a program of execute_python can call, with their types.",
      mimeType: "text/x-python",
      text: stubs,
    },
    {
      uri: "monty-code-mode://dialect",
      name: "dialect.md",
      title: "Guide to the Python dialect",
      description: "What works in a program of execute_python, what does not, and what to write instead.",
      mimeType: "text/markdown",
      text: dialectGuide,
    },
  ];
}

/** The code that the MCP specification gives for it. */
const RESOURCE_NOT_FOUND = -32002;

/** Answers requests for resources; `read` gives them as they are now, `kept` the results of programs. */
export function serveResources(
  server: Server,
  read: () => readonly ServerResource[],
  kept: ExecutionResources,
): void {
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: read().map(({ text, ...listing }) => ({ ...listing, size: Buffer.byteLength(text) })),
  }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, (_, { authInfo }) => ({
    resourceTemplates: executionTemplates.filter(
      ({ uriTemplate }) => missingResourceScope(uriTemplate, authInfo) === null,
    ),
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => {
    const page = readPage(kept, params.uri);
    if (page !== null) return page;
    const resources = read();
    const found = resources.find(({ uri }) => uri === params.uri);
    if (found === undefined) {
      throw new McpError(
        RESOURCE_NOT_FOUND,
        `There is no resource ${params.uri}. The resources are ${resources.map(({ uri }) => uri).join(", ")}.`,
      );
    }
    const { uri, mimeType, text } = found;
    return { contents: [{ uri, mimeType, text }] };
  });
}

function readPage(kept: ExecutionResources, uri: string) {
  try {
    return kept.read(uri);
  } catch (error) {
    if (error instanceof ExecutionError || error instanceof RangeError)
      throw new McpError(RESOURCE_NOT_FOUND, error.message);
    throw error;
  }
}
