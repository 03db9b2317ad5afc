import type { Catalog } from "../catalog/catalog.js";
import { openaiTools, toolsByOpenAIName } from "../catalog/openai-tools.js";
import { type PythonFunction, stubModule } from "../catalog/python-stubs.js";
import { SEARCH_TOOLS } from "../program/search-tools.js";
import type { ChatTool } from "./models/model.js";
import { estimateTokens } from "./models/reply.js";

/** Functions that one search shows, and all searches for a question together. */
const FOUND = 10;
const MAX_SHOWN = 40;

/** Endpoints refuse more tools, however short they are. */
const MANY_TOOLS = 100;

/** Characters of a question that the first search reads. */
const MAX_QUERY = 1000;

/** Tools as a model gets them. */
export interface ToolOffer {
  readonly tools: readonly ChatTool[];
  /** By the names that the model knows them by. */
  readonly functions: ReadonlyMap<string, PythonFunction>;
}

/** What the model is shown of a catalog for one question: all of a small one, of a large one what searches find. */
export class Toolbox {
  private constructor(
    private readonly catalog: Catalog,
    private readonly stubTokens: number,
    /** Whether the model sees but a part, and can search. */
    readonly isLarge: boolean,
    private shown: readonly PythonFunction[],
  ) {}

  static async open(catalog: Catalog, question: string, stubTokens: number): Promise<Toolbox> {
    const { text, functions } = catalog.stubs;
    const isLarge = catalog.size > MANY_TOOLS || estimateTokens(text) > stubTokens;
    const toolbox = new Toolbox(catalog, stubTokens, isLarge, isLarge ? [] : functions);
    if (isLarge) await toolbox.search(question.slice(0, MAX_QUERY));
    return toolbox;
  }

  /** Finds functions, and shows them from now on. */
  async search(query: string): Promise<readonly PythonFunction[]> {
    const found = (await this.catalog.search(query)).slice(0, FOUND);
    this.shown = [...new Set([...found, ...this.shown])].slice(0, MAX_SHOWN);
    return found;
  }

  /** The tools of one model call; with `mayLook`, one that searches is among them. */
  offer(mayLook: boolean): ToolOffer {
    const shown = this.shown.filter(({ tool }) => tool.name !== SEARCH_TOOLS);
    const tools = shown.map(({ tool }) => tool);
    const byTool = new Map(shown.map((declared) => [declared.tool, declared]));
    const functions = Array.from(
      toolsByOpenAIName(tools),
      ([name, tool]) => [name, byTool.get(tool) as PythonFunction] as const,
    );
    return {
      tools: [...(this.isLarge && mayLook ? [this.searchTool()] : []), ...openaiTools(tools)],
      functions: new Map(functions),
    };
  }

  /** The stubs for the program: those of chosen functions, and of others that were shown, as far as there is room. */
  stubs(chosen: readonly PythonFunction[]): string {
    if (!this.isLarge) return this.catalog.stubs.text;
    let tokens = 0;
    const fitting = [...new Set([...chosen, ...this.shown])].filter((declared, index) => {
      tokens += estimateTokens([...declared.types, declared.stub].join("\n\n"));
      return index < chosen.length || tokens <= this.stubTokens;
    });
    return stubModule(fitting);
  }

  private searchTool(): ChatTool {
    return {
      name: SEARCH_TOOLS,
      description:
        `Searches all ${this.catalog.size} tools; those that you see are the best matches for the question. Search again by ` +
        "other words where they do not do.",
      parameters: {
        type: "object",
        properties: { query: { type: "string", description: "Words of what the tool does: create issue" } },
        required: ["query"],
      },
    };
  }
}
