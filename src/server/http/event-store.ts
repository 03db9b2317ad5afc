import type { EventStore } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";

export interface EventLimits {
  readonly events: number;
  /** As JSON. */
  readonly bytes: number;
}

interface StoredEvent {
  readonly id: string;
  readonly stream: string;
  readonly message: JSONRPCMessage;
  readonly bytes: number;
}

type Send = (id: string, message: JSONRPCMessage) => Promise<void>;

const LIMITS: EventLimits = { events: 1000, bytes: 2 * 1024 * 1024 };

/**
 * The latest events of one session, for clients that lost a stream. The oldest go first; after an event that has gone,
 * nothing can be resumed, so that no client misses one without knowing. The latest event stays, however long.
 */
export class SessionEvents implements EventStore {
  private events: StoredEvent[] = [];
  private bytes = 0;
  private count = 0;

  constructor(private readonly limits: EventLimits = LIMITS) {}

  async storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
    this.count += 1;
    const id = String(this.count);
    const bytes = Buffer.byteLength(JSON.stringify(message));
    this.events.push({ id, stream, message, bytes });
    this.bytes += bytes;
    while (this.events.length > 1 && this.isFull()) this.bytes -= this.events.shift()?.bytes ?? 0;
    return id;
  }

  async getStreamIdForEventId(id: string): Promise<string | undefined> {
    return this.events.find((event) => event.id === id)?.stream;
  }

  /** @throws Error when the event has gone. */
  async replayEventsAfter(id: string, { send }: { send: Send }): Promise<string> {
    const last = this.events.find((event) => event.id === id);
    if (last === undefined) throw new Error(`There is no event ${id}.`);
    for (const event of this.after(last)) await send(event.id, event.message);
    return last.stream;
  }

  /** What follows an event on a stream that has ended with its answer; null where the stream goes on. */
  restOfEnded(id: string): readonly StoredEvent[] | null {
    const last = this.events.find((event) => event.id === id);
    if (last === undefined) return null;
    const rest = this.after(last);
    return isAnswer((rest.at(-1) ?? last).message) ? rest : null;
  }

  private after(last: StoredEvent): StoredEvent[] {
    // The first of a stream only gives it an id.
    return this.events
      .slice(this.events.indexOf(last) + 1)
      .filter(({ stream, message }) => stream === last.stream && "jsonrpc" in message);
  }

  private isFull(): boolean {
    return this.events.length > this.limits.events || this.bytes > this.limits.bytes;
  }
}

function isAnswer(message: JSONRPCMessage): boolean {
  return "result" in message || "error" in message;
}
