import { defineTool, z } from "monty-code-mode";

export default defineTool({
  name: "slow",
  description: "Gives n back after 200 ms.",
  input: z.object({ n: z.int() }),
  output: z.int(),
  run: ({ n }) => new Promise((resolve) => setTimeout(resolve, 200, n)),
});
