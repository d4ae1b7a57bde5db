import { defineConfig } from "vitest/config";
import { OWN_PROCESS } from "./tools/test/own-process.mjs";

const shared = { pool: "forks" as const, setupFiles: ["tools/test/measure-cpu.mjs", "tools/test/reset-backend.mjs"] };

export default defineConfig({
  test: {
    testTimeout: 180_000,
    hookTimeout: 240_000,
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
