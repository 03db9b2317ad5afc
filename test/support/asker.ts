import { Asker, type AskerOptions, type AskOptions } from "../../src/ask/ask.js";
import { openaiModel } from "../../src/ask/models/openai.js";
import type { Turn, TurnEvent } from "../../src/ask/turn.js";
import { Catalog } from "../../src/catalog/catalog.js";
import type { Tool } from "../../src/catalog/tool.js";
import { expenseTools } from "../../tools/expenses/index.js";
import { type ChatBody, ModelEndpoint, type Script } from "./model-endpoint.js";
import { TestSandbox } from "./sandbox.js";

type TestAskerOptions = Partial<Omit<AskerOptions, "catalog">> & { readonly tools?: Iterable<Tool> };

/** Asks a scripted model over HTTP, and runs its programs; ends with the `await using` block. */
export class TestAsker implements AsyncDisposable {
  readonly events: TurnEvent[] = [];
  /** Each run of a tool, as Python writes the call. */
  readonly runs: string[] = [];
  readonly asker: Asker;
  private readonly sandbox = new TestSandbox();

  private constructor(
    readonly endpoint: ModelEndpoint,
    { tools = expenseTools, ...options }: TestAskerOptions,
  ) {
    this.asker = new Asker({
      model: openaiModel({ apiKey: undefined, baseUrl: endpoint.url, name: "scripted", timeoutMs: 10_000 }),
      sandbox: this.sandbox.sandbox,
      owner: this,
      ...options,
      catalog: new Catalog(Array.from(tools, (tool) => this.counted(tool))),
    });
  }

  static async start(script: Script, options: TestAskerOptions = {}): Promise<TestAsker> {
    return new TestAsker(await ModelEndpoint.start(script), options);
  }

  ask(question: string, options: AskOptions = {}): Promise<Turn> {
    return this.asker.ask(question, { onEvent: (event) => this.events.push(event), ...options });
  }

  /** What the model was sent, a body for each call. */
  get requests(): readonly ChatBody[] {
    return this.endpoint.requests.map(({ body }) => body);
  }

  /** The last message of a request. */
  told(request: number): string {
    return this.requests.at(request)?.messages.at(-1)?.content ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox[Symbol.asyncDispose]();
    await this.endpoint.close();
  }

  private counted(tool: Tool): Tool {
    return {
      ...tool,
      call: (args, context) => {
        this.runs.push(`${tool.name} ${JSON.stringify(args)}`);
        return tool.call(args, context);
      },
    };
  }
}

/** A reply that is one program. */
export function program(code: string) {
  return { text: `\`\`\`python\n${code}\n\`\`\`` };
}

/** A reply that asks for one tool. */
export function needs(name: string, args: Record<string, unknown> = {}) {
  return { toolCalls: [{ name, arguments: args }] };
}
