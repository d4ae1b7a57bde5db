import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { atomicWriteFile, atomicWriteParts, isTemporaryName } from "../../lib/files/atomic-write.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "qdrl-atomic-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("atomicWriteFile", () => {
  it("writes text and bytes, makes the folders above and replaces what was there", () => {
    const file = path.join(folder, "a/b/result.json");
    atomicWriteFile(file, "zażółć");
    expect(readFileSync(file, "utf8")).toBe("zażółć");
    atomicWriteFile(file, new Uint8Array([1, 2, 255]));
    expect([...readFileSync(file)]).toEqual([1, 2, 255]);
    expect(readdirSync(path.dirname(file))).toEqual(["result.json"]);
  });

  it("writes only the window of a typed array's view", () => {
    const file = path.join(folder, "window.bin");
    atomicWriteFile(file, new Uint8Array(new Uint8Array([9, 1, 2, 9]).buffer, 1, 2));
    expect([...readFileSync(file)]).toEqual([1, 2]);
  });

  it("joins parts in order, also from a generator", () => {
    const file = path.join(folder, "parts.txt");
    atomicWriteParts(
      file,
      (function* () {
        for (let i = 0; i < 5; i++) yield `${i},`;
      })(),
    );
    expect(readFileSync(file, "utf8")).toBe("0,1,2,3,4,");
  });

  it("keeps the old file and leaves nothing behind when producing the data fails half-way", () => {
    const file = path.join(folder, "kept.txt");
    atomicWriteFile(file, "old");
    expect(() =>
      atomicWriteParts(
        file,
        (function* () {
          yield "half of the new";
          throw new Error("disk of the producer is on fire");
        })(),
      ),
    ).toThrow("on fire");
    expect(readFileSync(file, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["kept.txt"]);
  });

  it("leaves nothing behind when the target cannot be replaced", () => {
    mkdirSync(path.join(folder, "target/inside"), { recursive: true });
    expect(() => atomicWriteFile(path.join(folder, "target"), "x")).toThrow();
    expect(readdirSync(folder)).toEqual(["target"]);
  });

  it("never shows a mixture, however often the writer is killed", async () => {
    const file = path.join(folder, "whole.bin");
    const size = 1 << 20;
    const module = path.resolve("lib/files/atomic-write.ts");
    const script = `
      const { atomicWriteFile } = await import(${JSON.stringify(module)});
      for (let value = 0; ; value = (value + 1) % 256) atomicWriteFile(${JSON.stringify(file)}, new Uint8Array(${size}).fill(value));`;
    for (const delay of [5, 20, 45]) {
      const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
        stdio: "ignore",
      });
      while (!readdirSync(folder).includes("whole.bin")) await sleep(5);
      await sleep(delay);
      child.kill("SIGKILL");
      await once(child, "exit");
      const bytes = readFileSync(file);
      expect(bytes.byteLength).toBe(size);
      expect(bytes.equals(Buffer.alloc(size, bytes[0]))).toBe(true);
      for (const name of readdirSync(folder))
        expect(name === "whole.bin" || isTemporaryName(name)).toBe(true);
      rmSync(file);
    }
  });
});
