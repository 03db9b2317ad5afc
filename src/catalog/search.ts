import MiniSearch from "minisearch";
import { singular, words } from "./python-names.js";
import type { PythonFunction } from "./python-stubs.js";

/** A match this much worse than the best one shares no more than a common word with a query of several. */
const WORST = 0.3;

/** Shorter words stand for no longer one, and are typed as they are meant. */
const PREFIX_LENGTH = 3;
const FUZZY_LENGTH = 5;

/** Characters of a description that are read. */
const MAX_DESCRIPTION = 4000;

/** What questions are made of and tools are not told apart by. */
const STOP_WORDS = new Set(
  (
    "a an and any are as at be been by can could did do does for from had has have how i if in into is it its many me " +
    "much my of on or our please should some than that the their them there these this to us was we were what when " +
    "where which who will with would you your"
  ).split(" "),
);

/** Finds functions by words: of their names, descriptions and parameters. */
export class SearchIndex {
  private readonly index = new MiniSearch<Entry>({
    fields: ["name", "description", "parameters"],
    tokenize: words,
    processTerm: (word) => {
      const term = word.toLowerCase();
      return STOP_WORDS.has(term) ? null : singular(term);
    },
    searchOptions: {
      boost: { name: 3, description: 1.5 },
      prefix: (term) => term.length >= PREFIX_LENGTH,
      fuzzy: (term) => (term.length >= FUZZY_LENGTH ? 0.2 : false),
      weights: { prefix: 0.5, fuzzy: 0.3 },
    },
  });

  constructor(private readonly functions: readonly PythonFunction[]) {
    this.index.addAll(functions.map(entry));
  }

  /** The functions that fit, the best first; all of them where the query has no words. */
  search(query: string): readonly PythonFunction[] {
    const { length } = words(query);
    if (length === 0) return this.functions;
    const found = this.index.search(query);
    const least = length === 1 ? 0 : (found[0]?.score ?? 0) * WORST;
    return found
      .filter(({ score }) => score >= least)
      .map(({ id }) => this.functions[id as number] as PythonFunction);
  }
}

interface Entry {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly parameters: string;
}

function entry({ name, tool, parameters }: PythonFunction, id: number): Entry {
  return {
    id,
    name,
    description: tool.description.slice(0, MAX_DESCRIPTION),
    parameters: parameters.map((parameter) => parameter.name).join(" "),
  };
}
