import { describe, expect, it } from "vitest";
import { HashingVectorizer } from "../../lib/tokenizer/hashing-vectorizer.js";
import { vector } from "../support/vectors.js";

describe("HashingVectorizer", () => {
  it("gives the published ids at both offsets", () => {
    const { inputs, expected } = vector("0-qdrl/hashing_unigram_vectoriser");
    const got = inputs.offsets.map((offset: number) => {
      const vectorizer = new HashingVectorizer({
        numFeatures: inputs.num_features,
        maxLength: inputs.max_length,
        offset,
      });
      expect(vectorizer.rows).toBe(offset + inputs.num_features);
      return Array.from(vectorizer.vectorize(inputs.text));
    });
    expect(got).toEqual(expected);
  });

  it("cuts after maxLength words", () => {
    const vectorizer = new HashingVectorizer({ numFeatures: 1000, maxLength: 2 });
    expect(Array.from(vectorizer.vectorize("wireless speaker black"))).toEqual([849, 447]);
  });

  it("refuses fewer than two buckets, no length, a negative offset", () => {
    expect(() => new HashingVectorizer({ numFeatures: 1, maxLength: 5 })).toThrow(
      "HashingVectorizer: numFeatures must be an integer in [2, 2^30], got 1",
    );
    expect(() => new HashingVectorizer({ numFeatures: 10, maxLength: 0 })).toThrow(
      "maxLength must be an integer ≥ 1, got 0",
    );
    expect(() => new HashingVectorizer({ numFeatures: 10, maxLength: 1, offset: -1 })).toThrow(
      "offset must be an integer ≥ 0, got -1",
    );
  });
});
