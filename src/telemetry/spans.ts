import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { McpError } from "@modelcontextprotocol/sdk/types.js";
import {
  type Attributes,
  type Context,
  context,
  type Link,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { ChatModel } from "../ask/models/model.js";
import type { Step } from "../ask/turn.js";
import { PythonError } from "../sandbox/monty/calls.js";
import { type Execution, type HostFunction, NotMade, type Program } from "../sandbox/program.js";
import { type McpRequest, type RequestExtra, requestAttributes, requestName } from "./mcp-attributes.js";
import { remoteContext } from "./trace-context.js";
import type { Tracing } from "./tracing.js";

interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes: Attributes;
  /** The context of what runs now by default. */
  readonly parent?: Context;
  readonly links?: Link[];
}

/** Spans by the semantic conventions for GenAI and MCP; what these do not know is named `monty_code_mode.*`. */
export class Spans implements Tracing {
  constructor(
    private readonly tracer: Tracer,
    private readonly shutdown: () => Promise<void>,
  ) {}

  requests(server: Server): void {
    const set = server.setRequestHandler.bind(server);
    server.setRequestHandler = (schema, handler) =>
      set(schema, (request, extra) =>
        this.request(request as McpRequest, extra as RequestExtra, async () => handler(request, extra)),
      );
  }

  readonly step = <T>(step: Step, work: () => Promise<T>): Promise<T> => {
    const attributes: Attributes =
      step === "turn"
        ? { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "ask" }
        : { "monty_code_mode.ask.phase": step };
    return this.within(step === "turn" ? "invoke_agent ask" : `ask ${step}`, { attributes }, work);
  };

  model(model: ChatModel): ChatModel {
    const { name, provider } = model;
    const attributes: Attributes = {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": name,
      ...(provider && { "gen_ai.provider.name": provider.name, ...serverAttributes(provider.origin) }),
    };
    return {
      ...model,
      complete: (request, options) =>
        this.within(`chat ${name}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
          const reply = await model.complete(request, options);
          span.setAttributes({
            "gen_ai.usage.input_tokens": reply.usage.promptTokens,
            "gen_ai.usage.output_tokens": reply.usage.completionTokens,
          });
          return reply;
        }),
    };
  }

  readonly program = (program: Program, run: (program: Program) => Promise<Execution>): Promise<Execution> =>
    this.within("execute_program", { attributes: {} }, async (span) => {
      const parent = context.active();
      const functions = program.functions.map((host) => this.toolCall(host, parent));
      const execution = await run({ ...program, functions });
      const { ok, toolCalls, truncated } = execution;
      span.setAttributes({
        "monty_code_mode.program.outcome": ok ? "ok" : execution.failure.kind,
        "monty_code_mode.program.tool_calls": toolCalls.length,
        "monty_code_mode.program.failed_tool_calls": toolCalls.filter(({ error }) => error !== null).length,
        "monty_code_mode.program.truncated": truncated,
      });
      if (!ok) fail(span, execution.failure.kind);
      return execution;
    });

  async close(): Promise<void> {
    await this.shutdown();
  }

  private request<T>(request: McpRequest, extra: RequestExtra, work: () => Promise<T>): Promise<T> {
    const here = context.active();
    const http = remoteContext(extra.requestInfo?.headers, here);
    const mcp = remoteContext(extra._meta, here);
    const ambient = mcp && http && trace.getSpanContext(http);
    const options = {
      kind: SpanKind.SERVER,
      attributes: requestAttributes(request, extra),
      parent: mcp ?? http ?? here,
      ...(ambient && { links: [{ context: ambient }] }),
    };
    return this.within(requestName(request), options, async (span) => {
      try {
        const result = await work();
        if (extra.signal.aborted) fail(span, "cancelled");
        else if (isErrorResult(result)) fail(span, "tool_error");
        return result;
      } catch (error) {
        if (error instanceof McpError) span.setAttribute("rpc.response.status_code", String(error.code));
        throw error;
      }
    });
  }

  /** The function, its calls traced. A call that goes on when its program has ended ends with it in the trace. */
  private toolCall(host: HostFunction, parent: Context): HostFunction {
    const name = `execute_tool ${host.name}`;
    const attributes = {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": host.name,
      "gen_ai.tool.type": "function",
    };
    return {
      ...host,
      call: (args, signal, untimed) =>
        this.within(name, { attributes, parent }, async (span) => {
          const abandon = () => {
            fail(span, "cancelled");
            span.end();
          };
          signal.addEventListener("abort", abandon, { once: true });
          try {
            const given = await host.call(args, signal, untimed);
            if (given instanceof NotMade) span.setAttribute("monty_code_mode.tool.made", false);
            return given;
          } finally {
            signal.removeEventListener("abort", abandon);
          }
        }),
    };
  }

  private async within<T>(
    name: string,
    { parent = context.active(), ...options }: SpanOptions,
    work: (span: Span) => Promise<T>,
  ): Promise<T> {
    const span = this.tracer.startSpan(name, options, parent);
    try {
      return await context.with(trace.setSpan(parent, span), work, undefined, span);
    } catch (error) {
      fail(span, errorType(error));
      throw error;
    } finally {
      if (span.isRecording()) span.end();
    }
  }
}

/** Without the message: that may quote what people, models and tools said. */
function fail(span: Span, type: string): void {
  if (!span.isRecording()) return;
  span.setAttribute("error.type", type).setStatus({ code: SpanStatusCode.ERROR });
}

function errorType(error: unknown): string {
  if (error instanceof McpError) return String(error.code);
  if (error instanceof PythonError) return error.type;
  if (!(error instanceof Error)) return "_OTHER";
  return error.name === "AbortError" ? "cancelled" : error.name;
}

function isErrorResult(result: unknown): boolean {
  return (result as { isError?: boolean } | undefined)?.isError === true;
}

function serverAttributes(origin: string | undefined): Attributes {
  if (origin === undefined || !URL.canParse(origin)) return {};
  const { hostname, port, protocol } = new URL(origin);
  return { "server.address": hostname, "server.port": Number(port || (protocol === "http:" ? 80 : 443)) };
}
