import { describe, expect, it } from "vitest";
import { ConsentError } from "../../src/catalog/consent.js";
import { defineTool, ToolInputError } from "../../src/catalog/tool.js";
import { z } from "../../src/index.js";

const { signal } = new AbortController();

function eraser(ran: string[]) {
  return defineTool({
    name: "erase",
    description: "Erases a file.",
    input: z.object({ path: z.string() }),
    annotations: { destructiveHint: true },
    run: ({ path }) => {
      ran.push(path);
      return path;
    },
  });
}

describe("a destructive tool", () => {
  it("runs once the user has agreed, who sees its name and arguments", async () => {
    const ran: string[] = [];
    const asked: unknown[] = [];
    const confirm = async (request: unknown) => {
      asked.push(request);
      return true;
    };
    await expect(eraser(ran).call({ path: "a" }, { signal, confirm })).resolves.toBe("a");
    expect(asked).toEqual([{ tool: "erase", source: undefined, arguments: { path: "a" } }]);
    expect(ran).toEqual(["a"]);
  });

  it("does nothing where the user refuses", async () => {
    const ran: string[] = [];
    const call = eraser(ran).call({ path: "a" }, { signal, confirm: async () => false });
    await expect(call).rejects.toThrow(ConsentError);
    expect(ran).toEqual([]);
  });

  it("does nothing where nobody can be asked, and says why", async () => {
    const ran: string[] = [];
    await expect(eraser(ran).call({ path: "a" }, { signal })).rejects.toThrow(
      /elicitation.*Nothing was done/,
    );
    expect(ran).toEqual([]);
  });

  it("asks nothing about arguments that are wrong", async () => {
    let asked = 0;
    const confirm = async () => {
      asked += 1;
      return true;
    };
    await expect(eraser([]).call({ path: 1 }, { signal, confirm })).rejects.toThrow(ToolInputError);
    expect(asked).toBe(0);
  });
});
