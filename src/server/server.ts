import type { AuthInfo } from "@modelcontextprotocol/sdk/server/auth/types.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { bindTool } from "../bind.js";
import type { Catalog } from "../catalog/catalog.js";
import { type AskSettings, type ModelSettings, readConfig } from "../config.js";
import type { Logger } from "../logger.js";
import type { Limits } from "../sandbox/program.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import type { Tracing } from "../telemetry/tracing.js";
import { VERSION } from "../version.js";
import { askTool } from "./ask.js";
import { catalogTool } from "./catalog-tool.js";
import { ClientLog } from "./client-log.js";
import { type Completions, complete, noValues } from "./completions.js";
import { executePythonTool } from "./execute-python.js";
import type { ServerObserver } from "./observer.js";
import { writeProgram, writeProgramPrompt } from "./prompts.js";
import { serverResources } from "./resources.js";
import { missingScope } from "./scopes.js";
import type { ServerTool } from "./server-tool.js";

export interface ServerOptions {
  readonly catalog: Catalog;
  readonly sandbox: Sandbox;
  readonly limits: Limits;
  /** The model of `ask`; without one, the client's own is used where it offers MCP sampling. */
  readonly model?: ModelSettings;
  readonly ask?: AskSettings;
  readonly logger?: Logger;
  readonly observer?: ServerObserver;
  readonly tracing?: Tracing | undefined;
  /** What was wrong at the start, such as tools that could not be loaded: told to a client that wants a log. */
  readonly problems?: readonly string[];
}

/** What the settings are where nobody sets any. */
const DEFAULTS = readConfig({}, {});

const INSTRUCTIONS =
  "To answer a question that takes more than one tool call, write one Python program for execute_python: it calls the " +
  "tools itself and only its result comes back.";

/** Names that a tool of the catalog must not take. */
const OWN_NAMES = ["execute_python", "ask"];

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
    limits,
    model = DEFAULTS.model,
    ask: settings = DEFAULTS.ask,
    logger,
    observer,
    tracing,
    problems = [],
  } = options;
  const taken = OWN_NAMES.find((name) => catalog.get(name) !== undefined);
  if (taken !== undefined) throw new Error(`A tool is named ${taken}, which is the server's own. Rename it.`);

  const { stubs } = catalog;
  const owner = {};
  const functions = stubs.functions.map((declared) => bindTool(declared));
  const resources = serverResources(stubs.text);
  // The first check with new stubs is slow; nobody waits for this one.
  sandbox.warm(stubs.text);

  const server = new Server(
    { name: "monty-code-mode", title: "Monty code mode", version: VERSION },
    {
      capabilities: { tools: {}, resources: {}, prompts: {}, logging: {}, completions: {} },
      instructions: INSTRUCTIONS,
    },
  );
  tracing?.requests(server);
  const log = new ClientLog(server, problems);
  const ask = askTool({
    server,
    sandbox,
    tools: [...catalog],
    owner,
    model,
    ask: settings,
    logger,
    observer,
    tracing,
  });
  const tools = new Map<string, ServerTool>(
    [
      executePythonTool({ sandbox, functions, stubs: stubs.text, limits, owner, observer }),
      ask,
      ...Array.from(catalog, (tool) => catalogTool(tool, observer)),
    ].map((tool) => [tool.listing.name, tool]),
  );
  server.onclose = () => {
    sandbox.forget(owner);
    ask.close();
  };

  const names = (auth: AuthInfo | undefined) =>
    [...tools.keys()].filter((name) => missingScope(name, auth) === null);
  server.setRequestHandler(ListToolsRequestSchema, (_, { authInfo }) => ({
    tools: names(authInfo).flatMap((name) => tools.get(name)?.listing ?? []),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const tool = tools.get(params.name);
    const known = names(extra.authInfo);
    if (tool === undefined || !known.includes(params.name)) {
      throw invalid(`There is no tool named ${params.name}. The tools are ${known.join(", ")}.`);
    }
    const started = performance.now();
    const result = await tool.call(params.arguments ?? {}, extra);
    await log.toolEnded(params.name, result, performance.now() - started, extra);
    return result;
  });

  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: resources.map(({ text, ...listing }) => ({ ...listing, size: Buffer.byteLength(text) })),
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => {
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
    return writeProgram(task, stubs.text);
  });

  const completions: Completions = {
    prompts: { [writeProgramPrompt.name]: { task: noValues } },
    resources: Object.fromEntries(resources.map(({ uri }) => [uri, {}])),
  };
  server.setRequestHandler(CompleteRequestSchema, ({ params }) => complete(params, completions));
  return server;
}

/** The code that the MCP specification gives for it. */
const RESOURCE_NOT_FOUND = -32002;

function invalid(message: string): McpError {
  return new McpError(ErrorCode.InvalidParams, message);
}
