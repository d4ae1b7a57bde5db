import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { consistencyOf, queryConsistency } from "../../lib/evaluation/query-consistency.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { train } from "../../lib/training/train.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const texts = [
  { meant: "a", typed: "b" },
  { meant: "c", typed: "d" },
];

describe("consistencyOf", () => {
  it("gives the cosine to the search meant, to the others, and whether the one meant is nearest", () => {
    const half = Math.SQRT1_2;
    const { pairs, cosine, nearest } = consistencyOf(
      texts,
      Float32Array.of(1, 0, 0, 1),
      Float32Array.of(1, 0, half, half), // the second is as near to the first as to its own: not nearest
    );
    expect(pairs[0]).toEqual({ meant: "a", typed: "b", cosine: 1, others: 0, nearest: 1 });
    expect(pairs[1]!.cosine).toBeCloseTo(half, 6);
    expect(pairs[1]!.nearest).toBe(0);
    expect(cosine.mean).toBeCloseTo((1 + half) / 2, 6);
    expect(nearest.mean).toBe(0.5);
    expect(() => consistencyOf(texts.slice(1), Float32Array.of(1), Float32Array.of(1))).toThrow(RangeError);
  });
});

describe("queryConsistency", () => {
  it("is higher for an encoder that reads n-grams than for one that reads words", async () => {
    const tiny = tinyDataset();
    const folder = path.join(tiny.root, "typos");
    fs.mkdirSync(folder);
    const pair = (query: string, typo: string) =>
      JSON.stringify({ query_id: query, query, typo, bing: query, pyspellchecker: query });
    fs.writeFileSync(
      path.join(folder, "dl_typo_queries.json"),
      `${pair("wardrobe for children", "wadrobe for chldren")}\n${pair("garden furniture", "gardn furnitrue")}\n`,
    );
    const words = await train(loadConfig(tiny.config()), { threads: 1 });
    const grams = await train(
      loadConfig(tiny.config(), [
        "run_id=grams",
        "text_vectorizer={type: subword, dictionary_path: tokens, num_oov_tokens: 10, words_limit: 4, min_length: 2, max_length: 3, buckets: 500, ngrams_limit: 64}",
        "model.text_embedding.num_embeddings=560",
      ]),
      { threads: 1 },
    );
    const before = await queryConsistency(words.dir, folder);
    const after = await queryConsistency(grams.dir, folder);
    expect(after.cosine.mean).toBeGreaterThan(before.cosine.mean);
    expect(after.pairs.map(({ meant }) => meant)).toEqual(["wardrobe for children", "garden furniture"]);
  });
});
