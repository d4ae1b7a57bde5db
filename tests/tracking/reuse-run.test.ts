import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { holdsFinished, mayReuse } from "../../lib/tracking/reuse-run.js";
import { type Manifest, RunFolder } from "../../lib/tracking/run-folder.js";

let root = "";
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-finished-"));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

function runEnded(name: string, endedAt: string | null, madeOf: Manifest["madeOf"] = []): RunFolder {
  const run = new RunFolder(path.join(root, name));
  run.writeManifest({
    ...({ runFormat: 2, status: endedAt === null ? "running" : "finished", endedAt } as Manifest),
    madeOf,
  });
  run.writeQueries([]);
  fs.writeFileSync(run.configFile, "task_id: any\n");
  return run;
}
const same = { matches: () => true };

describe("a run that is reused", () => {
  it("is finished, of the configuration asked for, and made of runs that still answer the same", () => {
    const alone = runEnded("alone", "2026-01-02T00:00:00Z");
    expect(holdsFinished(alone, same)).toBe(true);
    expect(holdsFinished(alone, { matches: () => false })).toBe(false);
    const later = runEnded("later", "2026-01-03T00:00:00Z");
    const part = { run: later.dir, content: later.contentOf() };
    const run = runEnded("fused", "2026-01-02T00:00:00Z", [part]);
    expect(holdsFinished(run, { ...same, madeOf: [later.dir] })).toBe(true);
    expect(holdsFinished(run, { ...same, madeOf: [later.dir, alone.dir] })).toBe(false);
    later.writeQueries([{ set: "s", typo: 0, id: "1", query: "q", relevant: [], top: [], values: {} }]);
    expect(holdsFinished(run, { ...same, madeOf: [later.dir] })).toBe(false);
    expect(() => holdsFinished(run, { ...same, madeOf: [path.join(root, "gone")] })).toThrow(
      /gone: must be a run folder, found none/,
    );
  });

  it("is none that is unfinished, empty or without its configuration, which is then not asked about", () => {
    const asked = {
      matches: () => {
        throw new Error("asked");
      },
    };
    expect(holdsFinished(runEnded("halfway", null), asked)).toBe(false);
    expect(holdsFinished(new RunFolder(path.join(root, "nothing")), asked)).toBe(false);
    const bare = runEnded("bare", "2026-01-02T00:00:00Z");
    fs.rmSync(bare.configFile);
    expect(holdsFinished(bare, asked)).toBe(false);
  });

  it("is told, and none where the run is to start over", () => {
    const run = runEnded("told", "2026-01-02T00:00:00Z");
    const lines: string[] = [];
    const listener = { line: (text: string) => lines.push(text) };
    expect(mayReuse(run, same, { fresh: true, listener })).toBe(false);
    expect(lines).toEqual([]);
    expect(mayReuse(run, same, { listener })).toBe(true);
    expect(lines).toEqual([`${run.dir}: already finished (--fresh starts over)`]);
  });
});
