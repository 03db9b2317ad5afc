import { describe, expect, it } from "vitest";
import { type Completions, complete, noValues } from "../../src/server/completions.js";
import { TestConnection } from "../support/client.js";

const task = { name: "task", value: "Who" };

describe("completion of an argument", () => {
  it("has nothing to suggest for a task", async () => {
    await using connection = await TestConnection.open();
    const ref = { type: "ref/prompt" as const, name: "write_program" };
    const { completion } = await connection.client.complete({ ref, argument: task });
    expect(completion).toEqual({ values: [], total: 0, hasMore: false });
  });

  it.each([
    ["prompt", { type: "ref/prompt" as const, name: "nope" }, /no prompt nope\. Known: write_program\./],
    [
      "argument",
      { type: "ref/prompt" as const, name: "write_program" },
      /no argument toString\. Known: task\./,
    ],
    [
      "resource",
      { type: "ref/resource" as const, uri: "x://{y}" },
      /no resource .* x:\/\/\{y\}\. Known: monty/,
    ],
    [
      "variable of a resource without any",
      { type: "ref/resource" as const, uri: "monty-code-mode://stubs" },
      /no argument toString\. Known: none\./,
    ],
  ])("is an error for an unknown %s", async (_what, ref, message) => {
    await using connection = await TestConnection.open();
    const asked = connection.client.complete({ ref, argument: { name: "toString", value: "" } });
    await expect(asked).rejects.toMatchObject({ code: -32602, message: expect.stringMatching(message) });
  });

  it("is asked of the template with the other variables, and gives at most 100 values", async () => {
    const ids = Array.from({ length: 250 }, (_, i) => `id-${i}`);
    const completions: Completions = {
      prompts: { write_program: { task: noValues } },
      resources: {
        "execution://{id}/{part}": {
          id: async (typed) => ids.filter((id) => id.startsWith(typed)),
          part: (typed, { id }) => [`${typed}-of-${id}`],
        },
      },
    };
    const ref = { type: "ref/resource" as const, uri: "execution://{id}/{part}" };
    const many = await complete({ ref, argument: { name: "id", value: "id-" } }, completions);
    expect(many.completion).toEqual({ values: ids.slice(0, 100), total: 250, hasMore: true });
    const one = await complete({ ref, argument: { name: "id", value: "id-24" } }, completions);
    expect(one.completion).toMatchObject({ total: 11, hasMore: false });
    const context = { arguments: { id: "id-7" } };
    const part = await complete({ ref, argument: { name: "part", value: "result" }, context }, completions);
    expect(part.completion.values).toEqual(["result-of-id-7"]);
  });
});
