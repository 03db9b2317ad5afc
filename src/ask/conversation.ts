import { Slots } from "../sandbox/slots.js";
import type { ChatMessage } from "./models/model.js";
import { estimateTokens } from "./models/reply.js";
import { cutToolResults, DROPPED_RESULTS, type Outcome, toolResults, withoutBlocks } from "./tool-results.js";

/** A turn as the history keeps it. */
export interface PastTurn {
  readonly question: string;
  /** Null for a direct answer. */
  readonly outcome: Outcome | null;
  readonly answer: string;
}

interface Entry {
  question: string;
  answer: string;
  /** Null where there are no results, or no more. */
  outcome: Outcome | null;
  /** The block as the model sees it; empty where there is none. */
  results: string;
}

/**
 * What was said so far: questions with their results, and replies. Its length is bounded by tokens, as `estimateTokens`
 * counts them: the oldest results are dropped first, then the oldest turns. The last turn stays; where it alone is too
 * long, it is cut.
 */
export class Conversation {
  private readonly entries: Entry[] = [];
  private readonly turns = new Slots(1);

  constructor(private readonly maxTokens: number) {}

  /** Whether a question is being answered. */
  get isBusy(): boolean {
    return this.turns.taken > 0;
  }

  /** Questions with their results, and replies. */
  messages(): ChatMessage[] {
    return this.entries.flatMap((entry) => exchange(content(entry), entry.answer));
  }

  /** Questions and replies. */
  withoutResults(): ChatMessage[] {
    return this.entries.flatMap(({ question, answer }) => exchange(question, answer));
  }

  /** The questions and the results that are still there. */
  sources(): unknown[] {
    return this.entries.flatMap(({ question, outcome }) => [
      question,
      ...(outcome?.ok ? [outcome.result, outcome.printed] : []),
    ]);
  }

  add({ question, outcome, answer }: PastTurn): void {
    this.entries.push({ question, answer, outcome, results: outcome ? toolResults(outcome) : "" });
    this.shorten();
  }

  /**
   * Runs one question at a time, in the order of asking.
   *
   * @throws the signal's reason when it aborts before its turn.
   */
  async inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.turns.acquire(signal);
    try {
      return await work();
    } finally {
      this.turns.release();
    }
  }

  private shorten(): void {
    const { entries, maxTokens } = this;
    let tokens = entries.reduce((sum, entry) => sum + tokensOf(entry), 0);
    const last = entries.at(-1);
    for (const entry of entries) {
      if (tokens <= maxTokens) return;
      if (entry === last || entry.results.length <= DROPPED_RESULTS.length) continue;
      tokens -= tokensOf(entry);
      entry.outcome = null;
      entry.results = DROPPED_RESULTS;
      tokens += tokensOf(entry);
    }
    while (tokens > maxTokens && entries.length > 1) tokens -= tokensOf(entries.shift() as Entry);
    if (tokens > maxTokens && last) cut(last, maxTokens);
  }
}

const DEFAULT_CONVERSATION = "default";
/** Kept at a time for one connection. */
const MAX_CONVERSATIONS = 100;

/** The conversations of one connection by id; beyond a number, the one that was used longest ago is forgotten. */
export class Conversations {
  private readonly byId = new Map<string, Conversation>();

  constructor(
    private readonly maxTokens: number,
    private readonly maxNumber = MAX_CONVERSATIONS,
  ) {}

  /** The conversation with that id, a new one if need be. */
  get(id = DEFAULT_CONVERSATION): Conversation {
    const conversation = this.byId.get(id) ?? new Conversation(this.maxTokens);
    this.byId.delete(id);
    const idle = [...this.byId].filter(([, { isBusy }]) => !isBusy);
    if (this.byId.size >= this.maxNumber && idle[0]) this.byId.delete(idle[0][0]);
    this.byId.set(id, conversation);
    return conversation;
  }

  /** Forgets a conversation. */
  delete(id = DEFAULT_CONVERSATION): void {
    this.byId.delete(id);
  }
}

function exchange(question: string, answer: string): ChatMessage[] {
  return [
    { role: "user", content: question },
    { role: "assistant", content: answer },
  ];
}

/** A question as the model sees it, with its results. */
function content({ question, results }: Pick<Entry, "question" | "results">): string {
  return [withoutBlocks(question), results].filter((part) => part !== "").join("\n\n");
}

function tokensOf(entry: Entry): number {
  return estimateTokens(content(entry)) + estimateTokens(entry.answer);
}

/** Cuts the results to what question and reply leave; where they leave too little, those too. */
function cut(entry: Entry, maxTokens: number): void {
  // Characters a token, in both directions the same estimate.
  const perToken = 1000 / estimateTokens("x".repeat(1000));
  const { outcome } = entry;
  if (outcome) {
    const room = maxTokens - tokensOf({ ...entry, results: "" }) - 2;
    entry.results = cutToolResults(outcome, room * perToken);
  }
  const room = maxTokens - estimateTokens(entry.results) - 2;
  if (tokensOf(entry) <= maxTokens) return;
  entry.question = shortened(entry.question, (room / 2) * perToken);
  entry.answer = shortened(entry.answer, (room / 2) * perToken);
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, Math.floor(length) - 2))} …`;
}
