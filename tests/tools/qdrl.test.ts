import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";

describe("tools/qdrl.mjs", () => {
  it("works from any folder of the workspace, also as npx qdrl", () => {
    const options = { cwd: path.resolve("lib/engine"), encoding: "utf8" } as const;
    const direct = spawnSync(process.execPath, ["../../tools/qdrl.mjs", "--help"], options);
    expect([direct.status, direct.stdout.split("\n")[0]]).toEqual([0, "Usage: qdrl [options] [command]"]);
    const npx = spawnSync("npx", ["--no-install", "qdrl", "--help"], { ...options, cwd: process.cwd() });
    expect([npx.status, npx.stdout]).toEqual([0, direct.stdout]);
  });

  it("says what to do when the npm packages are missing", () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "qdrl-bare-"));
    try {
      cpSync("tools", path.join(folder, "tools"), { recursive: true });
      const result = spawnSync(process.execPath, [path.join(folder, "tools/qdrl.mjs")], { encoding: "utf8" });
      expect(result.status).toBe(1);
      expect(result.stderr).toBe("qdrl: npm packages are missing; run: npm run setup\n");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
