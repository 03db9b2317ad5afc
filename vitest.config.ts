import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    // The suite starts real servers and sandbox processes: more workers than cores only slow each other down.
    maxWorkers: 2,
  },
});
