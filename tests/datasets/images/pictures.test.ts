import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import {
  type DecodeOptions,
  decodeDefaults,
  decodePicture,
} from "../../../lib/datasets/images/decode-picture.js";
import { pictureBytes } from "../../../lib/datasets/images/picture-bytes.js";
import { PictureStore, type PictureStoreOptions } from "../../../lib/datasets/images/picture-store.js";
import { RecordPack } from "../../../lib/datasets/images/record-pack.js";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-pictures-"));
const options: DecodeOptions = { ...decodeDefaults, size: 4 };

/** Left half red, right half blue. */
const halves = (width: number, height: number, alpha = 255): Sharp => {
  const pixels = Buffer.alloc(width * height * 4);
  for (let i = 0; i < width * height; i++)
    pixels.set(i % width < width / 2 ? [255, 0, 0, alpha] : [0, 0, 255, alpha], i * 4);
  return sharp(pixels, { raw: { width, height, channels: 4 } });
};
const svg = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="4" height="8" fill="#f00"/><rect x="4" width="4" height="8" fill="#00f"/></svg>',
);
/** Mean colour of the columns from..to of a decoded picture of 4 pixels. */
const columnsOf = (pixels: Uint8Array, from: number, to: number): number[] =>
  [0, 1, 2].map((c) => {
    let sum = 0;
    for (let y = 0; y < 4; y++) for (let x = from; x < to; x++) sum += pixels[(y * 4 + x) * 3 + c]!;
    return sum / (4 * (to - from));
  });

describe("decoding pictures", () => {
  it.each<[string, () => Promise<Buffer>]>([
    ["png", () => halves(8, 8).png().toBuffer()],
    ["jpeg", () => halves(32, 32).flatten().jpeg({ quality: 100, chromaSubsampling: "4:4:4" }).toBuffer()],
    ["webp", () => halves(8, 8).webp({ lossless: true }).toBuffer()],
    ["svg", async () => svg],
  ])("reads %s: red on the left, blue on the right", async (_name, bytes) => {
    const pixels = await decodePicture(await bytes(), "x", options);
    expect(pixels).toHaveLength(48);
    const [left, right] = [columnsOf(pixels, 0, 1), columnsOf(pixels, 3, 4)];
    // JPEG and resampling may move a value by a few steps of 255
    [255, 0, 0].forEach((value, c) => void expect(Math.abs(left[c]! - value)).toBeLessThan(12));
    [0, 0, 255].forEach((value, c) => void expect(Math.abs(right[c]! - value)).toBeLessThan(12));
  });

  it("lays transparency over the background, and fits other shapes as told", async () => {
    const clear = await halves(8, 8, 0).png().toBuffer();
    const pixels = await decodePicture(clear, "x", { ...options, background: [10, 20, 30] });
    expect([...pixels.slice(0, 3)]).toEqual([10, 20, 30]);
    const wide = await halves(16, 4).png().toBuffer();
    const contained = await decodePicture(wide, "x", { ...options, background: [0, 255, 0] });
    expect([...contained.slice(0, 3)]).toEqual([0, 255, 0]);
    const covered = await decodePicture(wide, "x", { ...options, fit: "cover" });
    expect(columnsOf(covered, 0, 1)[0]).toBeGreaterThan(240);
    const grey = await sharp(await halves(8, 8).png().toBuffer())
      .greyscale()
      .png()
      .toBuffer();
    expect(await decodePicture(grey, "x", options)).toHaveLength(48);
  });

  it("refuses what is no picture, damaged, too large a file or too many pixels", async () => {
    const png = await halves(64, 64).png().toBuffer();
    await expect(decodePicture(Buffer.from("hello"), "a.png", options)).rejects.toThrow(
      "a.png: picture must be whole and undamaged",
    );
    await expect(decodePicture(png.subarray(0, 60), "a.png", options)).rejects.toThrow(
      "a.png: picture must be",
    );
    const gif = await halves(4, 4).gif().toBuffer();
    await expect(decodePicture(gif, "a.gif", options)).rejects.toThrow(
      "a.gif: picture must be jpeg, png, svg, webp, got gif",
    );
    await expect(decodePicture(png, "a.png", { ...options, maxBytes: 10 })).rejects.toThrow(
      "at most 10 bytes",
    );
    await expect(decodePicture(png, "a.png", { ...options, maxPixels: 1000 })).rejects.toThrow(
      "a.png: picture must have at most 1000 pixels, got 64 · 64",
    );
  });

  it("refuses a small file that unpacks into a very large picture", async () => {
    const bomb = await sharp({ create: { width: 9000, height: 9000, channels: 3, background: "black" } })
      .png({ compressionLevel: 9 })
      .toBuffer();
    expect(bomb.length).toBeLessThan(1_000_000);
    await expect(decodePicture(bomb, "bomb.png", options)).rejects.toThrow("at most 67108864 pixels");
    const drawn = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="90000" height="90000"/>');
    await expect(decodePicture(drawn, "bomb.svg", options)).rejects.toThrow("bomb.svg: picture must");
  });
});

describe("the bytes of a picture cell", () => {
  it("come from a file, the cell itself or a download made before", () => {
    fs.writeFileSync(path.join(folder, "a.svg"), svg);
    fs.writeFileSync(path.join(folder, "downloads.json"), '{"https://example.org/a": "a.svg"}');
    const location = { folders: [folder], downloads: path.join(folder, "downloads.json") };
    const cells = ["a.svg", `data:image/svg+xml;base64,${svg.toString("base64")}`, "https://example.org/a"];
    for (const cell of cells) expect(Buffer.from(pictureBytes(cell, location))).toEqual(svg);
    expect(() => pictureBytes("https://example.org/b", location)).toThrow(
      "must name the download of https://example.org/b",
    );
    expect(() => pictureBytes("https://example.org/a", { ...location, downloads: null })).toThrow(
      "needs a list",
    );
    expect(() => pictureBytes("none.png", location)).toThrow("none.png: picture must exist, found no");
    expect(() => pictureBytes("data:text/plain,hello", location)).toThrow("bytes in a cell must be");
  });
});

describe("the store of decoded pictures", () => {
  const settings: PictureStoreOptions = {
    ...options,
    folders: [folder],
    downloads: null,
    cacheDir: path.join(folder, "cache"),
    onError: "skip",
  };

  it("decodes each content once and keeps it on disk", async () => {
    fs.writeFileSync(path.join(folder, "b.svg"), svg);
    fs.writeFileSync(path.join(folder, "c.svg"), svg);
    const first = new PictureStore(settings);
    await first.load(["b.svg", "b.svg", ""]);
    await first.load(["c.svg"]);
    expect(first.report).toEqual({ decoded: 1, fromCache: 1, missing: 1, failed: [] });
    const again = new PictureStore(settings);
    await again.load(["b.svg"]);
    expect(again.report).toMatchObject({ decoded: 0, fromCache: 1 });
    expect([...again.get("b.svg")!]).toEqual([...first.get("b.svg")!]);
    expect(again.get("")).toBeNull();
    expect(() => again.get("c.svg")).toThrow('picture must be loaded first, got "c.svg"');
  });

  it("skips and counts what cannot be read, or stops, as told", async () => {
    fs.writeFileSync(path.join(folder, "broken.png"), "no picture");
    const store = new PictureStore(settings);
    await store.load(["broken.png", "gone.png", "b.svg"]);
    expect(store.get("broken.png")).toBeNull();
    expect(store.report.failed.map(({ cell }) => cell).sort()).toEqual(["broken.png", "gone.png"]);
    const strict = new PictureStore({ ...settings, onError: "fail" });
    await expect(strict.load(["broken.png"])).rejects.toThrow("broken.png: picture must be whole");
  });
});

describe("packs of records", () => {
  const key = (text: string) => createHash("sha256").update(text).digest("hex");

  it("leave out a record that is damaged or cut short, and go on behind it", () => {
    const file = path.join(folder, "records.pack");
    const pack = new RecordPack(file, 3);
    for (const text of ["a", "b", "c"]) pack.add(key(text), Uint8Array.of(text.charCodeAt(0), 0, 1));
    pack.flush();
    const bytes = fs.readFileSync(file);
    bytes[32] = 7; // the first record's payload
    fs.writeFileSync(file, bytes.subarray(0, bytes.length - 1));
    const read = new RecordPack(file, 3);
    expect(read.size).toBe(1);
    expect([...read.get(key("b"))!]).toEqual([98, 0, 1]);
    read.add(key("c"), Uint8Array.of(9, 9, 9));
    read.flush();
    expect([...new RecordPack(file, 3).get(key("c"))!]).toEqual([9, 9, 9]);
    expect(() => read.add(key("d"), Uint8Array.of(1))).toThrow("payload must have 3 bytes, got 1");
  });
});
