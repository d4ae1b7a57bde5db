import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { withFolderLock } from "../../lib/tracking/run-lock.js";

const place = () => path.join(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-lock-")), "runs", "a");

describe("withFolderLock", () => {
  it("lets one at a time work, in turn, and leaves nothing behind", async () => {
    const folder = place();
    const events: string[] = [];
    const work = (name: string) => async () => {
      events.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      events.push(`${name} ends`);
      return name;
    };
    const waits: string[] = [];
    const results = await Promise.all([
      withFolderLock(folder, work("a")),
      withFolderLock(folder, work("b"), (line) => waits.push(line)),
    ]);
    expect(results).toEqual(["a", "b"]);
    expect(events).toEqual(["a begins", "a ends", "b begins", "b ends"]);
    expect(waits).toEqual([`${folder}: another process works on it; waiting`]);
    expect(fs.readdirSync(path.dirname(folder))).toEqual([]);
  });

  it("frees the lock when the work throws", async () => {
    const folder = place();
    const failing = withFolderLock(folder, () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(await withFolderLock(folder, async () => 1)).toBe(1);
  });

  it("takes over from a process that is gone", async () => {
    const folder = place();
    const { pid } = spawnSync("true");
    fs.mkdirSync(`${folder}.lock`, { recursive: true });
    fs.writeFileSync(path.join(`${folder}.lock`, String(pid)), "");
    expect(await withFolderLock(folder, async () => "mine")).toBe("mine");
  });
});
