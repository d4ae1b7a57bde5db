import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { replaceFolder } from "../../lib/files/replace-folder.js";
import { put, testFolder } from "../datasets/test-folder.js";

const folder = testFolder();

describe("replaceFolder", () => {
  it("puts the new folder in the place of the old one", async () => {
    const target = `${folder}/a/set`;
    put(target, "old", "1");
    await replaceFolder(target, async (scratch) => {
      expect(readdirSync(target)).toEqual(["old"]);
      put(scratch, "new", "2");
    });
    expect(readdirSync(target)).toEqual(["new"]);
    expect(readdirSync(`${folder}/a`)).toEqual(["set"]);
  });

  it("leaves the old folder as it was when building fails, and nothing else", async () => {
    const target = `${folder}/b/set`;
    put(target, "old", "1");
    const failing = replaceFolder(target, async (scratch) => {
      put(scratch, "half", "");
      throw new Error("no more");
    });
    await expect(failing).rejects.toThrow("no more");
    expect(readFileSync(`${target}/old`, "utf8")).toBe("1");
    expect(readdirSync(`${folder}/b`)).toEqual(["set"]);
  });

  it("removes what a killed builder left, but not what a running one is at", async () => {
    mkdirSync(`${folder}/c`, { recursive: true });
    put(`${folder}/c`, ".set.building-4194305-ab/half", ""); // above the largest process id of Linux
    put(`${folder}/c`, `.set.building-${process.ppid}-ab/half`, "");
    await replaceFolder(`${folder}/c/set`, async () => null);
    expect(existsSync(`${folder}/c/.set.building-4194305-ab`)).toBe(false);
    expect(existsSync(`${folder}/c/.set.building-${process.ppid}-ab`)).toBe(true);
  });
});
