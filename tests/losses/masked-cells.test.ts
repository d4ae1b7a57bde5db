import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { candidateMask } from "../../lib/losses/candidate-mask.js";
import { maskedCells } from "../../lib/losses/masked-cells.js";

describe("maskedCells", () => {
  it("lists the cells that the dense mask leaves out, for random batches and every rule", () => {
    const random = new Random(3);
    for (let round = 0; round < 60; round++) {
      const size = 1 + random.int(40);
      const numbers = (low: number) => Int32Array.from({ length: size }, () => low + random.int(size + 5));
      const [queries, documents] = [numbers(0), numbers(-2)];
      const sets = new Map(
        [...queries].map((query) => [query, new Set([...numbers(0)].slice(0, 1 + random.int(size)))]),
      );
      for (const rule of ["none", "same_document", "known_positives"] as const) {
        const mask = candidateMask(queries, documents, rule, (query) => sets.get(query));
        const want: string[] = [];
        for (let i = 0; i < size; i++)
          for (let j = 0; j < size; j++) if (i !== j && mask[i * size + j] === 0) want.push(`${i},${j}`);
        const cells = maskedCells(queries, documents, rule, (query) => sets.get(query));
        const got = Array.from({ length: cells.length / 2 }, (_, k) => `${cells[2 * k]},${cells[2 * k + 1]}`);
        expect(got.sort()).toEqual(want.sort());
      }
    }
  });
});
