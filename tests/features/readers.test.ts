import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { type Augmentation, augmentPicture } from "../../lib/features/augment-picture.js";
import { takeRows } from "../../lib/features/batch.js";
import { CategoryListReader } from "../../lib/features/category-list-reader.js";
import { FeaturePipeline } from "../../lib/features/feature-pipeline.js";
import { ImageReader } from "../../lib/features/image-reader.js";
import { NumberReader } from "../../lib/features/number-reader.js";
import { RegionReader } from "../../lib/features/region-reader.js";
import { VectorReader } from "../../lib/features/vector-reader.js";
import { CategoricalMapper } from "../../lib/tokenizer/categorical-mapper.js";
import { noAugmentation } from "../support/no-augmentation.js";

const mapper = new CategoricalMapper({
  dictionary: new Map([
    ["red", 1],
    ["blue", 2],
  ]), // prettier-ignore
  numOovCategories: 3,
});

describe("readers of features", () => {
  it("read numbers, scaled, with what is missing marked and counted", () => {
    const reader = new NumberReader({ scale: "log", mean: 1, std: 2 });
    const column = reader.read(["0", "", "abc", " 6.5 "]);
    expect(column).toMatchObject({ kind: "vector", dim: 1, missing: Uint8Array.of(0, 1, 1, 0) });
    const values = (column as { values: Float32Array }).values;
    expect(values[0]).toBeCloseTo(-0.5, 6);
    expect(values[3]).toBeCloseTo((Math.log(7.5) - 1) / 2, 6);
    expect(reader.counts()).toEqual({ "missing numbers": 1, "unreadable numbers": 1 });
    expect(() => new NumberReader({ scale: "linear", mean: 0, std: 0 })).toThrow("std must be > 0, got 0");
  });

  it("read lists of categories, padded with 0, known and hashed ones", () => {
    const reader = new CategoryListReader({ mapper, separator: ",", limit: 2 });
    const column = reader.read(["blue, red", "", "green,red,blue"]);
    expect(column).toMatchObject({ kind: "categories", length: 2 });
    const ids = (column as { ids: Int32Array }).ids;
    expect([...ids.slice(0, 4)]).toEqual([2, 1, 0, 0]);
    expect(ids[4]).toBe(mapper.id("green"));
    expect(reader.counts()).toEqual({
      "empty category lists": 1,
      "unknown categories": 1,
      "categories beyond the limit": 1,
    });
  });

  it("read vectors by key", () => {
    const vectors = new Map([["a", Float32Array.of(1, 2)]]);
    const reader = new VectorReader({ dim: 2, get: (key) => vectors.get(key) });
    expect(reader.read(["x", "a"])).toEqual({
      kind: "vector",
      dim: 2,
      values: Float32Array.of(0, 0, 1, 2),
      missing: Uint8Array.of(1, 0),
    });
    expect(reader.counts()).toEqual({ "missing vectors": 1 });
  });

  it("read pictures and regions, and take rows of both", () => {
    const picture = Uint8Array.from({ length: 12 }, (_, i) => i);
    const images = new ImageReader(
      { size: 2, get: (cell) => (cell === "p" ? picture : null) },
      { mean: [0, 0, 0], std: [1, 1, 1] },
    ); // prettier-ignore
    const two = { features: Float32Array.of(1, 2, 3, 4), boxes: new Float32Array(10).fill(0.5) };
    const regions = new RegionReader({ dim: 2, get: (key) => (key === "p" ? two : undefined) }, 1);
    const pipeline = new FeaturePipeline({
      features: [
        { name: "picture", type: "image" },
        { name: "parts", type: "regions" },
      ],
      readers: { picture: images, parts: regions },
    });
    const batch = pipeline.encode([
      { picture: "", parts: "" },
      { picture: "p", parts: "p" },
    ]);
    const { picture: column, parts } = takeRows(batch, [1, 1]).columns;
    expect(column).toMatchObject({ kind: "image", size: 2, missing: Uint8Array.of(0, 0) });
    expect([...(column as { pixels: Uint8Array }).pixels]).toEqual([...picture, ...picture]);
    expect(parts).toMatchObject({
      kind: "regions",
      counts: Int32Array.of(1, 1),
      features: Float32Array.of(1, 2, 1, 2),
    });
    expect(pipeline.countsByPhrase()).toEqual({
      "missing pictures: picture": 1,
      "pictures without regions: parts": 1,
      "regions beyond the limit: parts": 1,
    });
  });

  it("are asked for where a feature needs one", () => {
    expect(() => new FeaturePipeline({ features: [{ name: "price", type: "numeric" }] })).toThrow(
      'unknown type "numeric" of feature "price"; known: categorical, text',
    );
    const readers = { cost: new NumberReader({ scale: "linear", mean: 0, std: 1 }) };
    expect(() => new FeaturePipeline({ features: [{ name: "price", type: "numeric" }], readers })).toThrow(
      'numeric feature "price" needs a reader, got none',
    );
  });

  it("mark empty categories as missing", () => {
    const pipeline = new FeaturePipeline({
      features: [{ name: "colour", type: "categorical" }],
      categories: { colour: mapper },
    });
    const batch = pipeline.encode([{ colour: "red" }, { colour: "" }]);
    expect(batch.columns["colour"]).toMatchObject({ missing: Uint8Array.of(0, 1) });
  });
});

describe("augmentation", () => {
  const size = 6;
  const picture = Uint8Array.from({ length: size * size * 3 }, (_, i) => (i * 7) % 256);
  const apply = (changes: Partial<Augmentation>, seed = 1) =>
    augmentPicture(picture, size, { ...noAugmentation, ...changes }, new Random(seed));

  it("is the same for the same seed, and nothing when all is off", () => {
    expect(apply({})).toEqual(picture);
    const all = { flip: 0.5, crop: 0.6, colour: 0.4, blur: 0.5 };
    expect(apply(all, 3)).toEqual(apply(all, 3));
    expect(apply(all, 3)).not.toEqual(apply(all, 4));
  });

  it("mirrors: twice is the picture again", () => {
    const once = apply({ flip: 1 });
    const first = (pixels: Uint8Array) => [...pixels.slice(0, 3)];
    expect(first(once)).toEqual([...picture.slice((size - 1) * 3, size * 3)]);
    const twice = augmentPicture(once, size, { ...noAugmentation, flip: 1 }, new Random(2));
    expect(twice).toEqual(picture);
  });

  it("leaves even colour alone when cropping or blurring, and moves its light only", () => {
    const even = new Uint8Array(size * size * 3).fill(100);
    for (const changes of [{ crop: 0.3 }, { blur: 1 }])
      expect(augmentPicture(even, size, { ...noAugmentation, ...changes }, new Random(1))).toEqual(even);
    const lit = augmentPicture(even, size, { ...noAugmentation, colour: 0.5 }, new Random(1));
    expect(new Set(lit).size).toBe(1);
    expect(lit[0]).not.toBe(100);
  });

  it("drops a grid of squares: its share of the pixels at its ratio, with its probability", () => {
    const wide = 40;
    const white = new Uint8Array(wide * wide * 3).fill(255);
    const black = (grid: number, ratio: number | undefined, seed: number) => {
      const changes = { ...noAugmentation, grid, ...(ratio !== undefined && { ratio }) };
      return augmentPicture(white, wide, changes, new Random(seed)).filter((value) => value === 0).length / 3;
    };
    // ten cells of 4 pixels a side: holes of 1 pixel at 0.2, of 2 at 0.5, wherever the grid starts
    for (const seed of [1, 2, 3]) {
      expect(black(1, undefined, seed)).toBe(100);
      expect(black(1, 0.5, seed)).toBe(400);
    }
    const changed = Array.from({ length: 400 }, (_, seed) => black(0.5, 0.5, seed)).filter(
      (n) => n > 0,
    ).length;
    expect(Math.abs(changed - 200)).toBeLessThan(50); // five standard deviations
    expect(white.every((value) => value === 255)).toBe(true);
  });

  it("takes as many draws whatever is on, so settings do not disturb each other", () => {
    const [one, other] = [new Random(5), new Random(5)];
    augmentPicture(picture, size, noAugmentation, one);
    augmentPicture(picture, size, { flip: 1, crop: 0.5, colour: 0.5, blur: 1 }, other);
    expect(one.state()).toEqual(other.state());
  });

  it("crops a square and enlarges it between the nearest four pixels, as an obvious loop does", () => {
    const [keep, x0, y0] = [0.5, 0.25, 0.75]; // draws: share of the side, place across, place down
    const draws = [keep, x0, y0, 1, 0, 0, 0, 1];
    const crop = 0.4;
    const settings = { ...noAugmentation, crop };
    const out = augmentPicture(picture, size, settings, { next: () => draws.shift()! });
    const side = size * (crop + (1 - crop) * keep);
    const clamped = (place: number) => Math.min(size - 1, Math.max(0, place));
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++)
        for (let c = 0; c < 3; c++) {
          const down = clamped((size - side) * y0 + ((y + 0.5) * side) / size - 0.5);
          const across = clamped((size - side) * x0 + ((x + 0.5) * side) / size - 0.5);
          let value = 0;
          for (let row = 0; row < size; row++)
            for (let column = 0; column < size; column++)
              value +=
                Math.max(0, 1 - Math.abs(row - down)) *
                Math.max(0, 1 - Math.abs(column - across)) *
                picture[(row * size + column) * 3 + c]!;
          // rounded to a whole number of 0 to 255
          expect(Math.abs(out[(y * size + x) * 3 + c]! - value)).toBeLessThanOrEqual(0.5 + 1e-9);
        }
  });

  it("blurs with weights 1 2 1", () => {
    const dot = new Uint8Array(size * size * 3);
    dot[(2 * size + 2) * 3] = 160;
    const blurred = augmentPicture(dot, size, { ...noAugmentation, blur: 1 }, new Random(1));
    const at = (y: number, x: number) => blurred[(y * size + x) * 3];
    expect([at(2, 2), at(2, 3), at(1, 1), at(2, 4)]).toEqual([40, 20, 10, 0]);
  });
});
