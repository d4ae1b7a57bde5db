import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { replaceFolder } from "../../lib/files/replace-folder.js";
import { put, testFolder } from "../datasets/test-folder.js";

const folder = testFolder();

describe("replaceFolder", () => {
  it("puts the new folder in the place of the old one", async () => {
    const target = `${folder}/a/set`;
    put(target, "manifest.json", "1");
    await replaceFolder(target, async (scratch) => {
      expect(readdirSync(target)).toEqual(["manifest.json"]);
      put(scratch, "new", "2");
    });
    expect(readdirSync(target)).toEqual(["new"]);
    expect(readdirSync(`${folder}/a`)).toEqual(["set"]);
  });

  it("leaves the old folder as it was when building fails, and nothing else", async () => {
    const target = `${folder}/b/set`;
    put(target, "manifest.json", "1");
    const failing = replaceFolder(target, async (scratch) => {
      put(scratch, "half", "");
      throw new Error("no more");
    });
    await expect(failing).rejects.toThrow("no more");
    expect(readFileSync(`${target}/manifest.json`, "utf8")).toBe("1");
    expect(readdirSync(`${folder}/b`)).toEqual(["set"]);
  });

  it("removes what a killed builder left, and waits for one that is at it", async () => {
    const target = `${folder}/c/set`;
    put(`${folder}/c`, `.set.building-${process.pid}-ab/half`, "");
    const events: string[] = [];
    const build = (name: string) =>
      replaceFolder(target, async () => {
        events.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 20));
        events.push(`${name} ends`);
      });
    await Promise.all([build("a"), build("b")]);
    expect(events.map((event) => event.slice(2))).toEqual(["begins", "ends", "begins", "ends"]);
    expect(readdirSync(`${folder}/c`)).toEqual(["set"]);
  });
});

describe("a folder that is to be replaced", () => {
  it("must hold what it is replaced as: files of somebody else stay", async () => {
    put(`${folder}/d/mine`, "letter", "dear");
    let built = false;
    const build = async () => {
      built = true;
    };
    await expect(replaceFolder(`${folder}/d/mine`, build)).rejects.toThrow(
      `${folder}/d/mine: must be empty or hold manifest.json to be replaced, got letter`,
    );
    await expect(replaceFolder(`${folder}/d/mine/letter`, build)).rejects.toThrow(
      `${folder}/d/mine/letter: must be a folder, got a file`,
    );
    expect(built).toBe(false);
    expect(readFileSync(`${folder}/d/mine/letter`, "utf8")).toBe("dear");
    put(`${folder}/d/model`, "config.json", "{}");
    await replaceFolder(`${folder}/d/model`, build, ["config.json"]);
    expect(readdirSync(`${folder}/d/model`)).toEqual([]);
  });
});
