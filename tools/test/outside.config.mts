import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/outside/**/*.test.ts"],
    pool: "forks",
    testTimeout: 1_200_000, // installing included
    fileParallelism: false, // apt-get and pip one at a time
  },
});
