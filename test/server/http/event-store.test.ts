import { expect, it } from "vitest";
import { SessionEvents } from "../../../src/server/http/event-store.js";

const notice = (text: string) => ({ jsonrpc: "2.0" as const, method: text });

it("replays what follows on the same stream, in order", async () => {
  const store = new SessionEvents();
  const first = await store.storeEvent("a", notice("1"));
  await store.storeEvent("b", notice("2"));
  const third = await store.storeEvent("a", notice("3"));
  const sent: string[] = [];
  expect(await store.replayEventsAfter(first, { send: async (id) => void sent.push(id) })).toBe("a");
  expect(sent).toEqual([third]);
});

it.each([
  ["events", { events: 2, bytes: 1e6 }],
  ["bytes", { events: 100, bytes: 80 }],
])("forgets the oldest beyond its limit of %s", async (_what, limits) => {
  const store = new SessionEvents(limits);
  const ids: string[] = [];
  for (const text of ["1", "2", "3"]) ids.push(await store.storeEvent("a", notice(text)));
  const known = await Promise.all(ids.map((id) => store.getStreamIdForEventId(id)));
  expect(known).toEqual([undefined, "a", "a"]);
  await expect(store.replayEventsAfter("1", { send: async () => undefined })).rejects.toThrow("no event 1");
});
