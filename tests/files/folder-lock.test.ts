import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { withFolderLock } from "../../lib/files/folder-lock.js";
import { type ProcessIdentity, thisProcess } from "../../lib/files/process-identity.js";

const place = () => path.join(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-lock-")), "runs", "a");

/** A lock as a process of that identity leaves it. */
function leftBy(folder: string, owner: Partial<ProcessIdentity>): string {
  const lock = path.join(path.dirname(folder), `.${path.basename(folder)}.lock`);
  fs.mkdirSync(lock, { recursive: true });
  const file = path.join(lock, "0123456789abcdef");
  fs.writeFileSync(file, JSON.stringify({ ...thisProcess(), ...owner }));
  return file;
}

afterEach(() => vi.useRealTimers());

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

  it("takes over at once from a process that is gone, whoever has its id now", async () => {
    const { pid } = spawnSync("true");
    const owners: Record<string, Partial<ProcessIdentity>> = {
      "no such process": { pid },
      "a restarted container gives the same id again": { start: "1" },
      "another process got the id since": { pid: process.ppid, start: "1" },
      "the machine started anew": { boot: "before" },
      "killed while it held the lock, in this very process": {},
    };
    for (const [what, owner] of Object.entries(owners)) {
      const folder = place();
      leftBy(folder, owner);
      const waits: string[] = [];
      expect(
        await withFolderLock(
          folder,
          async () => what,
          (line) => waits.push(line),
        ),
      ).toBe(what);
      expect(waits, what).toEqual([]);
      expect(fs.readdirSync(path.dirname(folder)), what).toEqual([]);
    }
  });

  it("waits for another machine or container as long as it shows signs of life, whatever its clock says", async () => {
    for (const owner of [
      { host: "elsewhere", boot: "b" },
      { namespace: "pid:[1]", start: "1" },
    ]) {
      vi.useFakeTimers({ toFake: ["setTimeout", "performance"] });
      const folder = place();
      const file = leftBy(folder, owner);
      let worked = false;
      const waits: string[] = [];
      const all = withFolderLock(
        folder,
        async () => void (worked = true),
        (line) => waits.push(line),
      );
      for (let second = 0; second < 30; second++) {
        fs.utimesSync(file, 2e9 - second, 2e9 - second); // a clock that goes backwards
        await vi.advanceTimersByTimeAsync(1000);
      }
      expect(worked).toBe(false);
      await vi.advanceTimersByTimeAsync(9000);
      expect(worked).toBe(false);
      await vi.advanceTimersByTimeAsync(2000);
      vi.useRealTimers();
      await all;
      expect(worked).toBe(true);
      expect(waits).toEqual([`${folder}: another process works on it; waiting`]);
    }
  });

  it("shows a sign of life while the main thread is busy", async () => {
    const folder = place();
    const [before, after] = await withFolderLock(folder, async () => {
      const lock = path.join(path.dirname(folder), ".a.lock");
      const file = path.join(lock, fs.readdirSync(lock)[0]!);
      const beat = () => fs.statSync(file).mtimeMs;
      const begun = beat();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
      return [begun, beat()];
    });
    expect(after).toBeGreaterThan(before!);
  });

  it("takes no name that a folder beside it could have", async () => {
    const folder = place();
    await withFolderLock(folder, async () =>
      withFolderLock(`${folder}.lock`, async () => {
        for (const name of fs.readdirSync(path.dirname(folder))) expect(name).toMatch(/^\./);
      }),
    );
  });

  it("removes what was left by attempts that were killed", async () => {
    const folder = place();
    const { pid } = spawnSync("true");
    const file = leftBy(folder, { pid });
    fs.renameSync(path.dirname(file), `${path.dirname(file)}.AbCdEf`);
    await withFolderLock(folder, async () => 1);
    expect(fs.readdirSync(path.dirname(folder))).toEqual([]);
  });

  it("names the lock where none can be made", async () => {
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-lock-")), "file");
    fs.writeFileSync(file, "");
    await expect(withFolderLock(path.join(file, "a"), async () => 1)).rejects.toThrow(/file.*ENOTDIR|EEXIST/);
  });
});
