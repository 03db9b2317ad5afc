export { z } from "zod";
export { Catalog, type CatalogSource, type UpstreamState } from "./catalog/catalog.js";
export type { JsonSchema, Tool, ToolAnnotations, ToolContext, ToolDefinition } from "./catalog/tool.js";
export { defineTool, ToolInputError, ToolOutputError } from "./catalog/tool.js";
export { type Config, ConfigError, type Flags, readConfig } from "./config.js";
export type {
  Execution,
  Failure,
  FailureKind,
  HostFunction,
  Limits,
  Program,
  ProgramSession,
  ToolCall,
} from "./sandbox/program.js";
export { Sandbox, type SandboxOptions } from "./sandbox/sandbox.js";
export { createServer, type ServerOptions } from "./server/server.js";
