import { type ServerOptions as SdkOptions, Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  ListToolsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv";
import type { CallContext } from "../bind.js";
import { type Catalog, type CatalogSource, sourceOf } from "../catalog/catalog.js";
import { OWN_NAMES } from "../catalog/python-names.js";
import { type AskSettings, type ExposureSettings, type ModelSettings, readConfig } from "../config.js";
import { Executions } from "../journal/executions.js";
import { loadResultFunction } from "../journal/load-result.js";
import type { KeepLimits } from "../journal/store.js";
import type { Logger } from "../logger.js";
import { ByteStore } from "../program/byte-store.js";
import { wholeStubs, withOwn } from "../program/callables.js";
import { loadBytesFunction } from "../program/load-bytes.js";
import { searchToolsFunction } from "../program/search-tools.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import type { Tracing } from "../telemetry/tracing.js";
import { VERSION } from "../version.js";
import { askTool } from "./ask.js";
import { ClientLog } from "./client-log.js";
import { type Completions, complete, noValues } from "./completions.js";
import { ConnectionTools } from "./connection-tools.js";
import { UserConsent } from "./consent.js";
import { executePythonTool } from "./execute-python.js";
import { ExecutionResources } from "./execution-resources.js";
import { describeFunctions } from "./exposure.js";
import { follow } from "./follow.js";
import type { ServerObserver } from "./observer.js";
import { servePrompts, WRITE_PROGRAM } from "./prompts.js";
import { serveResources, serverResources } from "./resources.js";
import { searchToolsTool } from "./search-tools.js";
import type { RequestExtra } from "./server-tool.js";

export interface ServerOptions {
  /** The tools; with a source, the server follows it and tells its client. */
  readonly catalog: Catalog | CatalogSource;
  readonly sandbox: Sandbox;
  /** How much is kept of the programs of a connection. */
  readonly keep?: KeepLimits;
  /** The model of `ask`; without one, the client's own is used where it offers MCP sampling. */
  readonly model?: ModelSettings;
  readonly ask?: AskSettings;
  readonly exposure?: ExposureSettings;
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

let validator: AjvJsonSchemaValidator | undefined;

/** Checks what users answer. Made with the first answer: each connection would make one, in milliseconds of its start. */
const answers: NonNullable<SdkOptions["jsonSchemaValidator"]> = {
  getValidator(schema) {
    validator ??= new AjvJsonSchemaValidator();
    return validator.getValidator(schema);
  },
};

/**
 * Makes an MCP server for one connection: connect it to a transport. When the connection closes, the
 * sandbox processes that it used are ended.
 *
 * @throws Error when a tool of the catalog has the name of one of the server's own.
 */
export function createServer(options: ServerOptions): Server {
  const { sandbox, logger, observer, tracing, problems = [] } = options;
  const {
    keep = DEFAULTS.keep,
    model = DEFAULTS.model,
    ask: settings = DEFAULTS.ask,
    exposure = DEFAULTS.exposure,
  } = options;
  const source = sourceOf(options.catalog);
  const taken = OWN_NAMES.find((name) => source.catalog.get(name) !== undefined);
  if (taken !== undefined) throw new Error(`A tool is named ${taken}, which is the server's own. Rename it.`);

  const server = new Server(
    { name: "monty-code-mode", title: "Monty code mode", version: VERSION },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { listChanged: true },
        prompts: {},
        logging: {},
        completions: {},
      },
      instructions: INSTRUCTIONS,
      jsonSchemaValidator: answers,
    },
  );
  tracing?.requests(server);
  const log = new ClientLog(server, problems);
  const owner = {};
  const consent = new UserConsent(server);
  const bytes = new ByteStore();
  const executions = new Executions({ sandbox, owner, keep });
  const hasUpstreams = source.upstreams.length > 0;
  const functions = [
    searchToolsFunction(source),
    loadResultFunction(executions),
    ...(hasUpstreams ? [loadBytesFunction(bytes)] : []),
  ];
  const contextOf = ({ requestId }: RequestExtra): CallContext => ({
    confirm: consent.confirmFor(requestId),
  });
  const inPrograms = (extra: RequestExtra): CallContext => ({
    ...contextOf(extra),
    keepBytes: hasUpstreams ? (base64) => bytes.keep(base64) : undefined,
  });
  const describe = () => describeFunctions(source, exposure);

  const base = { sandbox, source, owner, observer };
  const ask = askTool({ ...base, server, contextOf, exposure, model, ask: settings, logger, tracing });
  const execute = executePythonTool({
    executions,
    source,
    own: functions,
    describe,
    contextOf: inPrograms,
    observer,
  });
  const tools = new ConnectionTools({
    source,
    own: [execute, ask, searchToolsTool(source)],
    exposure,
    contextOf,
    observer,
    logger,
  });
  const warm = () => {
    // The first check with new stubs is slow; nobody waits for this one.
    const stubs = wholeStubs(source.catalog, functions);
    if (stubs !== undefined) sandbox.warm(stubs);
  };
  warm();

  let stopFollowing = () => {};
  server.oninitialized = () => {
    stopFollowing();
    stopFollowing = follow(source, () => {
      warm();
      // A client that has gone cannot be told.
      server.sendToolListChanged().catch(() => undefined);
      // The stubs among them have another size.
      server.sendResourceListChanged().catch(() => undefined);
    });
  };
  server.onclose = () => {
    stopFollowing();
    sandbox.forget(owner);
    executions.close();
    ask.close();
    bytes.clear();
  };

  server.setRequestHandler(ListToolsRequestSchema, (_, { authInfo }) => ({ tools: tools.list(authInfo) }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const started = performance.now();
    const result = await tools.call(params, extra);
    await log.toolEnded(params.name, result, performance.now() - started, extra);
    return result;
  });

  const resources = () => serverResources(withOwn(source.catalog.stubs.text, functions));
  const kept = new ExecutionResources(executions);
  serveResources(server, resources, kept);
  servePrompts(server, describe);
  const completions = (): Completions => ({
    prompts: { [WRITE_PROGRAM]: { task: noValues } },
    resources: { ...Object.fromEntries(resources().map(({ uri }) => [uri, {}])), ...kept.completers },
  });
  server.setRequestHandler(CompleteRequestSchema, ({ params }) => complete(params, completions()));
  return server;
}
