import os from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tools/test/longest-first.mjs";
import { OWN_PROCESS } from "./tools/test/own-process.mjs";

const shared = { pool: "forks" as const, setupFiles: ["tools/test/measure-cpu.mjs", "tools/test/reset-backend.mjs"] };

export default defineConfig({
  test: {
    testTimeout: 180_000,
    hookTimeout: 240_000,
    // a page on a busy machine answers late, not wrongly; one second is vitest's own
    expect: { poll: { timeout: 30_000 } },
    // vitest alone leaves one core to itself: one file at a time on two
    maxWorkers: os.availableParallelism(),
    sequence: { sequencer: LongestFirst },
    experimental: { fsModuleCache: true, fsModuleCachePath: ".cache/vitest" },
    projects: [
      {
        extends: true,
        // files that share a process, and what they import with it: 0.5 s of CPU time saved a file
        test: {
          ...shared,
          name: "units",
          include: ["tests/**/*.test.ts"],
          exclude: [...Object.keys(OWN_PROCESS), "tests/outside/**"],
          isolate: false,
        },
      },
      {
        extends: true,
        test: { ...shared, name: "processes", include: Object.keys(OWN_PROCESS) },
      },
    ],
  },
});
