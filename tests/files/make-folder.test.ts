import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder } from "../../lib/files/make-folder.js";

let root = "";
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), "qdrl-folder-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("makeFolder", () => {
  it("makes a folder and those above it, and leaves one that is there as it is", () => {
    const folder = path.join(root, "a", "b", "c");
    makeFolder(folder);
    expect(statSync(folder).isDirectory()).toBe(true);
    writeFileSync(path.join(folder, "kept"), "yes");
    makeFolder(`${folder}/`);
    makeFolder(".");
    makeFolder("/");
    expect(readFileSync(path.join(folder, "kept"), "utf8")).toBe("yes");
  });

  it("refuses a file in the folder's place, or above it", () => {
    const file = path.join(root, "file");
    writeFileSync(file, "");
    expect(() => makeFolder(file)).toThrow(
      expect.objectContaining({ code: "EEXIST", message: `${file}: must be a folder, got a file (EEXIST)` }),
    );
    expect(() => makeFolder(path.join(file, "below"))).toThrow(expect.objectContaining({ code: "ENOTDIR" }));
  });

  it.runIf(existsSync("/proc/self"))("says where the system makes no folder", () => {
    for (const asked of ["/proc/qdrl", "/proc/qdrl/task/run"])
      expect(() => makeFolder(asked)).toThrow(
        expect.objectContaining({
          code: "ENOENT",
          message: expect.stringContaining("/proc/qdrl: cannot be found"),
        }),
      );
  });
});
