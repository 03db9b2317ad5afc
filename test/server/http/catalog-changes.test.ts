import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { expect, it } from "vitest";
import { defineTool, z } from "../../../src/index.js";
import { expenseTools } from "../../../tools/expenses/index.js";
import { TestHttp } from "../../support/http.js";
import { TestSource } from "../../support/source.js";
import { until } from "../../support/until.js";

it("each client over HTTP is told of a change, until its session ends", async () => {
  const source = new TestSource(expenseTools);
  const http = await TestHttp.start({ catalog: source });
  // The server that is made for a check at the start follows nothing.
  expect(source.listeners.size).toBe(0);
  const clients = ["one", "two"].map((name) => {
    const client = new Client({ name, version: "1" });
    const seen: string[][] = [];
    client.setNotificationHandler(ToolListChangedNotificationSchema, async () => {
      seen.push((await client.listTools()).tools.map(({ name }) => name));
    });
    return { client, seen };
  });
  for (const { client } of clients) await http.connect(undefined, client);
  await until("both follow", () => source.listeners.size === 2);
  const added = defineTool({ name: "added", description: "", input: z.object({}), run: () => 1 });
  // A client opens the stream for such messages once it is connected.
  await until("both are told", () => {
    if (clients.some(({ seen }) => seen.length === 0)) source.set([...expenseTools, added]);
    return clients.every(({ seen }) => seen.some((names) => names.includes("added")));
  });
  await http[Symbol.asyncDispose]();
  expect(source.listeners.size).toBe(0);
});
