import type { AuthInfo } from "@modelcontextprotocol/sdk/server/auth/types.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  CallToolRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import type { Catalog } from "../catalog/catalog.js";
import { type AskSettings, type ModelSettings, readConfig } from "../config.js";
import { Executions } from "../journal/executions.js";
import { LOAD_RESULT, LOAD_RESULT_STUB, loadResultFunction } from "../journal/load-result.js";
import { ExecutionError, type KeepLimits } from "../journal/store.js";
import type { Logger } from "../logger.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { VERSION } from "../version.js";
import { askTool } from "./ask.js";
import { catalogTool } from "./catalog-tool.js";
import { executePythonTool } from "./execute-python.js";
import { ExecutionResources, executionTemplates } from "./execution-resources.js";
import type { ServerObserver } from "./observer.js";
import { writeProgram, writeProgramPrompt } from "./prompts.js";
import { serverResources } from "./resources.js";
import { missingScope } from "./scopes.js";
import type { ServerTool } from "./server-tool.js";

export interface ServerOptions {
  readonly catalog: Catalog;
  readonly sandbox: Sandbox;
  /** How much is kept of the programs of a connection. */
  readonly keep?: KeepLimits;
  /** The model of `ask`; without one, the client's own is used where it offers MCP sampling. */
  readonly model?: ModelSettings;
  readonly ask?: AskSettings;
  readonly logger?: Logger;
  readonly observer?: ServerObserver;
}

/** What the settings are where nobody sets any. */
const DEFAULTS = readConfig({}, {});

const INSTRUCTIONS =
  "To answer a question that takes more than one tool call, write one Python program for execute_python: it calls the " +
  "tools itself and only its result comes back.";

/** Names that a tool of the catalog must not take. */
const OWN_NAMES = ["execute_python", "ask", LOAD_RESULT];

/**
 * Makes an MCP server for one connection: connect it to a transport. When the connection closes, the
 * sandbox processes that it used are ended.
 *
 * @throws Error when a tool of the catalog has the name of one of the server's own.
 */
export function createServer(options: ServerOptions): Server {
  const {
    catalog,
    sandbox,
    keep = DEFAULTS.keep,
    model = DEFAULTS.model,
    ask: settings = DEFAULTS.ask,
    logger,
    observer,
  } = options;
  const taken = OWN_NAMES.find((name) => catalog.get(name) !== undefined);
  if (taken !== undefined) throw new Error(`A tool is named ${taken}, which is the server's own. Rename it.`);

  const { stubs } = catalog;
  const owner = {};
  const executions = new Executions({ sandbox, owner, keep });
  const stubText = `${stubs.text}\n${LOAD_RESULT_STUB}\n`;
  const resources = serverResources(stubText);
  const kept = new ExecutionResources(executions);
  // The first check with new stubs is slow; nobody waits for this one.
  sandbox.warm(stubText);

  const server = new Server(
    { name: "monty-code-mode", title: "Monty code mode", version: VERSION },
    { capabilities: { tools: {}, resources: {}, prompts: {} }, instructions: INSTRUCTIONS },
  );
  const ask = askTool({
    server,
    sandbox,
    tools: [...catalog],
    owner,
    model,
    ask: settings,
    logger,
    observer,
  });
  const tools = new Map<string, ServerTool>(
    [
      executePythonTool({
        executions,
        tools: stubs.functions,
        functions: [loadResultFunction(executions)],
        stubs: stubText,
        observer,
      }),
      ask,
      ...Array.from(catalog, (tool) => catalogTool(tool, observer)),
    ].map((tool) => [tool.listing.name, tool]),
  );
  server.onclose = () => {
    sandbox.forget(owner);
    executions.close();
    ask.close();
  };

  const names = (auth: AuthInfo | undefined) =>
    [...tools.keys()].filter((name) => missingScope(name, auth) === null);
  server.setRequestHandler(ListToolsRequestSchema, (_, { authInfo }) => ({
    tools: names(authInfo).flatMap((name) => tools.get(name)?.listing ?? []),
  }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) => {
    const tool = tools.get(params.name);
    const known = names(extra.authInfo);
    if (tool === undefined || !known.includes(params.name)) {
      throw invalid(`There is no tool named ${params.name}. The tools are ${known.join(", ")}.`);
    }
    return tool.call(params.arguments ?? {}, extra);
  });

  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: resources.map(({ text, ...listing }) => ({ ...listing, size: Buffer.byteLength(text) })),
  }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [...executionTemplates],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => {
    const page = readExecution(kept, params.uri);
    if (page !== null) return page;
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

  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: [writeProgramPrompt] }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
    if (params.name !== writeProgramPrompt.name) {
      throw invalid(`There is no prompt named ${params.name}. The prompt is ${writeProgramPrompt.name}.`);
    }
    const task = params.arguments?.task;
    if (task === undefined || task.trim() === "") throw invalid("The prompt needs the argument task.");
    return writeProgram(task, stubText);
  });
  return server;
}

function readExecution(kept: ExecutionResources, uri: string) {
  try {
    return kept.read(uri);
  } catch (error) {
    if (error instanceof ExecutionError || error instanceof RangeError)
      throw new McpError(RESOURCE_NOT_FOUND, error.message);
    throw error;
  }
}

/** The code that the MCP specification gives for it. */
const RESOURCE_NOT_FOUND = -32002;

function invalid(message: string): McpError {
  return new McpError(ErrorCode.InvalidParams, message);
}
