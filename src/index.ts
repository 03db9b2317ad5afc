export { z } from "zod";
export type { JsonSchema, Tool, ToolAnnotations, ToolContext, ToolDefinition } from "./catalog/tool.js";
export { defineTool, ToolInputError, ToolOutputError } from "./catalog/tool.js";
