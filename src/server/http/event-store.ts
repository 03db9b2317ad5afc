import type { EventStore } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";

export interface EventLimits {
  readonly events: number;
  /** As JSON. */
  readonly bytes: number;
  /** Requests that have been answered. */
  readonly answered: number;
}

interface StoredEvent {
  readonly id: string;
  readonly stream: string;
  /** The message as JSON: as an object it would take several times the memory. */
  readonly json: string;
  readonly bytes: number;
  /** Whether its stream has ended with it. */
  readonly isAnswer: boolean;
}

type Send = (id: string, message: JSONRPCMessage) => Promise<void>;

/** The first of a stream only gives it an id. */
const EMPTY = "{}";

const LIMITS: EventLimits = { events: 1000, bytes: 2 * 1024 * 1024, answered: 50 };

/**
 * The latest events of one session, for clients that lost a stream. The oldest go first, and all of a stream that
 * ended many requests ago; after an event that has gone, nothing can be resumed, so that no client misses one without
 * knowing. The latest event stays, however long.
 */
export class SessionEvents implements EventStore {
  private events: StoredEvent[] = [];
  /** Streams that have ended, the oldest first. */
  private readonly ended: string[] = [];
  private bytes = 0;
  private count = 0;

  constructor(private readonly limits: EventLimits = LIMITS) {}

  async storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
    this.count += 1;
    const id = String(this.count);
    const json = JSON.stringify(message);
    const bytes = Buffer.byteLength(json);
    const isAnswer = "result" in message || "error" in message;
    this.events.push({ id, stream, json, bytes, isAnswer });
    this.bytes += bytes;
    if (isAnswer) this.ended.push(stream);
    if (this.ended.length > this.limits.answered) this.forget(this.ended.shift() as string);
    while (this.events.length > 1 && this.isFull()) this.bytes -= this.events.shift()?.bytes ?? 0;
    return id;
  }

  // There is no getStreamIdForEventId: with it, a stream is refused to a client as long as the connection on which it
  // lost it looks alive from here. Without, the stream goes to the one who asked last.

  /** Whether streams can be resumed after that event. */
  has(id: string): boolean {
    return this.find(id) !== undefined;
  }

  /** @throws Error when the event has gone. */
  async replayEventsAfter(id: string, { send }: { send: Send }): Promise<string> {
    const last = this.find(id);
    if (last === undefined) throw new Error(`There is no event ${id}.`);
    // Looked for one by one: others may come while one is sent, and the transport takes over when there are no more.
    for (let next = this.after(last)[0]; next !== undefined; next = this.after(next)[0])
      await send(next.id, JSON.parse(next.json));
    return last.stream;
  }

  /** What follows an event on a stream that has ended with its answer; null where the stream goes on. */
  restOfEnded(id: string): readonly StoredEvent[] | null {
    const last = this.find(id);
    if (last === undefined) return null;
    const rest = this.after(last);
    return (rest.at(-1) ?? last).isAnswer ? rest : null;
  }

  private find(id: string): StoredEvent | undefined {
    return this.events.find((event) => event.id === id);
  }

  private after({ id, stream }: StoredEvent): StoredEvent[] {
    const number = Number(id);
    return this.events.filter(
      (event) => Number(event.id) > number && event.stream === stream && event.json !== EMPTY,
    );
  }

  private forget(stream: string): void {
    this.events = this.events.filter((event) => event.stream !== stream);
    this.bytes = this.events.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  private isFull(): boolean {
    return this.events.length > this.limits.events || this.bytes > this.limits.bytes;
  }
}
