import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { projectorConfig, writeProjector, writeProjectorTsv } from "../../lib/tracking/projector.js";
import { MAX_SPRITE_PIXELS, spriteSheet } from "../../lib/tracking/sprite.js";

const expected = JSON.parse(readFileSync("tests/fixtures/tracking/expected.json", "utf8"));

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "qdrl-projector-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const read = (name: string) => readFileSync(path.join(folder, name), "utf8");

/** A filled square as SVG. */
const square = (color: string, width = 10, height = 10) =>
  new TextEncoder().encode(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="${color}"/></svg>`,
  );

describe("projectorConfig", () => {
  it("is what TensorBoard's own class prints", () => {
    expect(projectorConfig('the "documents"', [3, 2], null)).toBe(expected.projectorConfig);
    expect(projectorConfig('the "documents"', [3, 2], 48)).toBe(expected.projectorConfigWithSprite);
  });
});

describe("writeProjectorTsv", () => {
  it("keeps every float32 exactly", () => {
    const vectors = Float32Array.from([0.1, -1 / 3, 1e-40, 3.4028234e38, 16777217, -0]);
    writeProjectorTsv(folder, { vectors, dim: 2, labels: ["a", "b", "c"] });
    const lines = read("tensors.tsv").trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(Float32Array.from(lines.flatMap((line) => line.split("\t").map(Number)))).toEqual(
      vectors.map((value) => value + 0), // −0 is written as 0
    );
  });

  it("writes one column without a heading, several with one", () => {
    const points = { vectors: new Float32Array(4), dim: 2 };
    writeProjectorTsv(folder, { ...points, labels: ["pies", "kot"] });
    expect(read("metadata.tsv")).toBe("pies\nkot\n");
    writeProjectorTsv(folder, { ...points, labels: { name: ["pies", "kot"], group: ["a", "b"] } });
    expect(read("metadata.tsv")).toBe("name\tgroup\npies\ta\nkot\tb\n");
  });

  it("keeps one line a point whatever a label holds", () => {
    const labels = ["a\tb\nc", "", "  "];
    writeProjectorTsv(folder, { vectors: new Float32Array(3), dim: 1, labels });
    expect(read("metadata.tsv")).toBe("a b c\n–\n–\n");
  });

  it("refuses lengths that disagree, and vectors that no projection can take", () => {
    const write = (vectors: number[], dim: number, labels: string[]) => () =>
      writeProjectorTsv(folder, { vectors: Float32Array.from(vectors), dim, labels });
    expect(write([1, 2, 3], 2, ["a"])).toThrow("vectors must be n × 2 numbers with n ≥ 1, got 3");
    expect(write([], 2, [])).toThrow("got 0");
    expect(write([1], 0, ["a"])).toThrow("dim must be a whole number ≥ 1, got 0");
    expect(write([1, 2], 1, ["a"])).toThrow('labels "label" must have one entry a vector (2), got 1');
    expect(write([1, 2, Number.NaN, 4], 2, ["a", "b"])).toThrow("vectors must be finite, got NaN in row 1");
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("spriteSheet", () => {
  it("puts pictures row by row into a square grid, fitted whole, and leaves missing ones clear", async () => {
    const file = path.join(folder, "green.png");
    writeFileSync(file, await sharp(square("#00ff00")).png().toBuffer());
    const wide = square("#0000ff", 20, 10);
    const { png, cellPixels } = await spriteSheet([square("#ff0000"), file, wide, null, wide], 8);
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    expect([cellPixels, info.width, info.height, info.channels]).toEqual([8, 24, 24, 4]);
    const at = (column: number, row: number, x = 4, y = 4) => {
      const start = ((row * 8 + y) * 24 + column * 8 + x) * 4;
      return [...data.subarray(start, start + 4)];
    };
    expect(at(0, 0)).toEqual([255, 0, 0, 255]);
    expect(at(1, 0)).toEqual([0, 255, 0, 255]);
    expect(at(2, 0)).toEqual([0, 0, 255, 255]);
    expect(at(2, 0, 4, 0)[3]).toBe(0); // above the wide picture
    expect(at(0, 1)[3]).toBe(0);
    expect(at(1, 1)).toEqual([0, 0, 255, 255]);
    expect(at(2, 2)[3]).toBe(0);
  });

  it("makes cells smaller where the sheet would grow too large", async () => {
    const { png, cellPixels } = await spriteSheet(new Array(40_000).fill(null), 48);
    expect(cellPixels).toBe(Math.floor(MAX_SPRITE_PIXELS / 200));
    expect((await sharp(png).metadata()).width).toBe(200 * cellPixels);
  });

  it("names a picture that it cannot read", async () => {
    await expect(spriteSheet([null, new Uint8Array([1, 2, 3])])).rejects.toThrow(
      /picture 1 must be decodable/,
    );
    await expect(spriteSheet(["no/such.png"])).rejects.toThrow(
      /picture 0 \(no\/such\.png\) must be decodable/,
    );
    await expect(spriteSheet([])).rejects.toThrow("pictures must not be empty, got 0");
  });
});

describe("writeProjector", () => {
  const points = { vectors: Float32Array.from([1, 0, 0, 1]), dim: 2, labels: ["a", "b"] };

  const isEventFile = (name: string) => name.startsWith("events.out.tfevents.");
  const written = () =>
    readdirSync(folder)
      .filter((name) => !isEventFile(name))
      .sort();

  it("leaves one event file, by which TensorBoard takes the folder for a run", async () => {
    await writeProjector(folder, points);
    await writeProjector(folder, points);
    expect(readdirSync(folder).filter(isEventFile)).toHaveLength(1);
  });

  it("writes all the files that its configuration names", async () => {
    await writeProjector(folder, points, { pictures: [square("red"), null], cellPixels: 16 });
    const named = [...read("projector_config.pbtxt").matchAll(/_path: "(.*)"/g)].map((match) => match[1]);
    expect(named.sort()).toEqual(["metadata.tsv", "sprite.png", "tensors.tsv"]);
    expect(written()).toEqual([...named, "projector_config.pbtxt"].sort());
    expect(read("projector_config.pbtxt")).toContain("single_image_dim: 16");
    expect((await sharp(path.join(folder, "sprite.png")).metadata()).width).toBe(32);
  });

  it("writes no sprite without pictures", async () => {
    await writeProjector(folder, points);
    expect(written()).toEqual(["metadata.tsv", "projector_config.pbtxt", "tensors.tsv"]);
    await expect(writeProjector(folder, points, { pictures: [null] })).rejects.toThrow(
      "pictures must be one a vector (2), got 1",
    );
  });
});
