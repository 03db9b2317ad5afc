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

it("replays what comes while it replays", async () => {
  const store = new SessionEvents();
  const first = await store.storeEvent("a", notice("1"));
  await store.storeEvent("a", notice("2"));
  const sent: string[] = [];
  const send = async (id: string) => {
    sent.push(id);
    if (sent.length < 4) await store.storeEvent("a", notice("more"));
  };
  await store.replayEventsAfter(first, { send });
  expect(sent).toEqual(["2", "3", "4", "5"]);
});

it.each([
  ["events", { events: 2, bytes: 1e6, answered: 10 }],
  ["bytes", { events: 100, bytes: 80, answered: 10 }],
])("forgets the oldest beyond its limit of %s", async (_what, limits) => {
  const store = new SessionEvents(limits);
  const ids: string[] = [];
  for (const text of ["1", "2", "3"]) ids.push(await store.storeEvent("a", notice(text)));
  expect(ids.map((id) => store.has(id))).toEqual([false, true, true]);
  await expect(store.replayEventsAfter("1", { send: async () => undefined })).rejects.toThrow("no event 1");
});

it("forgets the streams of the oldest answers, and none that goes on", async () => {
  const store = new SessionEvents({ events: 100, bytes: 1e6, answered: 2 });
  const going = await store.storeEvent("going", notice("1"));
  const answers: string[] = [];
  for (const id of [1, 2, 3]) {
    await store.storeEvent(`stream ${id}`, notice("progress"));
    answers.push(await store.storeEvent(`stream ${id}`, { jsonrpc: "2.0", id, result: {} }));
  }
  expect(answers.map((id) => store.has(id))).toEqual([false, true, true]);
  expect(store.has(going)).toBe(true);
});
