import { describe, expect, it } from "vitest";
import { md5Modulo, OovIds, oovId } from "../../lib/tokenizer/oov-id.js";
import { vector } from "../support/vectors.js";

describe("oovId", () => {
  it("reduces the published MD5 integers", () => {
    const { expected } = vector("0-qdrl/md5_integers");
    for (const entry of expected)
      for (const modulus of [49999, 22, 9])
        expect(md5Modulo(entry.token, modulus), entry.token).toBe(entry[`mod_${modulus}`]);
  });

  it("agrees with arbitrary-precision integers up to the largest modulus", () => {
    for (const { token, decimal } of vector("0-qdrl/md5_integers").expected)
      for (const modulus of [1, 2, 3, 65537, 999_999_937, 2 ** 30 - 1, 2 ** 31])
        expect(md5Modulo(token, modulus)).toBe(Number(BigInt(decimal) % BigInt(modulus)));
  });

  it("gives the published ids for every dictionary and bucket size, cached or not", () => {
    const { inputs, expected } = vector("0-qdrl/oov_ids");
    for (const { num_tokens: n, num_oov_tokens: V } of inputs.sizes) {
      const cached = new OovIds(n, V - 1, 3);
      const wanted = expected[`${n}+${V}`];
      expect(inputs.tokens.map((token: string) => oovId(token, n, V))).toEqual(wanted);
      for (let round = 0; round < 2; round++)
        expect(inputs.tokens.map((token: string) => cached.id(token))).toEqual(wanted);
    }
  });

  it("uses exactly the ids n+1 … n+V−1", () => {
    const { inputs, expected } = vector("0-qdrl/oov_id_range");
    const { num_tokens: n, num_oov_tokens: V } = inputs;
    let min = Number.POSITIVE_INFINITY;
    let max = 0;
    const used = new Set<number>();
    for (let i = 0; i < 20_000; i++) {
      const id = oovId(`t${i}`, n, V);
      min = Math.min(min, id);
      max = Math.max(max, id);
      used.add(oovId(`t${i}`, 7, 12));
    }
    expect(min).toBeGreaterThanOrEqual(expected.min_id);
    expect(max).toBeLessThanOrEqual(expected.max_id);
    expect(n + V).toBe(expected.required_embedding_rows);
    expect([...used].sort((a, b) => a - b)).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
  });

  it("refuses fewer than two buckets", () => {
    expect(() => oovId("a", 3, 1)).toThrow("oovId: V must be an integer in [2, 2^30], got 1");
    expect(() => oovId("a", 3, 2.5)).toThrow(RangeError);
  });
});
