import { describe, expect, it } from "vitest";
import { readLines } from "../../lib/files/lines.js";
import { put, testFolder } from "../datasets/test-folder.js";

const folder = testFolder();
const texts = (file: string, limit?: number) =>
  [...readLines(file, limit === undefined ? {} : { maxLineBytes: limit })].map((line) => line.text);

describe("readLines", () => {
  it("reads lines with either line break, blank ones too, with or without a last break or a byte-order mark", () => {
    expect(texts(put(folder, "a", "\ufeffone\r\ntwo\n\nthree"))).toEqual(["one", "two", "", "three"]);
    expect(texts(put(folder, "b", "one\n"))).toEqual(["one"]);
    expect(texts(put(folder, "c", ""))).toEqual([]);
  });

  it("joins what lies over the borders of its chunks, multi-byte characters included", () => {
    const lines = Array.from({ length: 40 }, (_, i) => "żółć😀".repeat(1 + ((i * 7919) % 30_000)));
    expect(texts(put(folder, "long", lines.join("\n")))).toEqual(lines);
  });

  it("passes over a line that is too long and goes on with the next", () => {
    const file = put(folder, "limit", `ok\n${"x".repeat(3_000_000)}\nafter\n${"y".repeat(2_000_000)}`);
    const lines = [...readLines(file, { maxLineBytes: 1_000_000 })];
    expect(lines.map((line) => line.text?.length ?? line.problem)).toEqual([
      2,
      "line must have at most 1000000 bytes, got 3000000",
      5,
      "line must have at most 1000000 bytes, got 2000000",
    ]);
    expect(lines.map((line) => line.number)).toEqual([1, 2, 3, 4]);
  });

  it("marks a line that is not UTF-8, but not one that has the replacement character itself", () => {
    const file = put(
      folder,
      "bytes",
      Buffer.concat([Buffer.from("fine \ufffd\n"), Buffer.from([0x61, 0xff, 0x0a])]),
    );
    expect([...readLines(file)].map((line) => line.text ?? line.problem)).toEqual([
      "fine \ufffd",
      "line must be UTF-8, got other bytes",
    ]);
  });

  it("names a file that is missing or a folder", () => {
    expect(() => [...readLines(`${folder}/none`)]).toThrow(`${folder}/none: file must exist, found none`);
    expect(() => [...readLines(folder)]).toThrow(`${folder}: must be a file, found a folder`);
  });
});
