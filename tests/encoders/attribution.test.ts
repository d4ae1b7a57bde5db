import { describe, expect, it } from "vitest";
import { embeddingParts, pairShares } from "../../lib/encoders/attribution.js";
import { Mlp, mlpPlan } from "../../lib/encoders/mlp.js";
import { Random } from "../../lib/engine/random/random.js";
import { EmbeddingTable } from "../../lib/engine/tables/embedding-table.js";
import type { NamedToken } from "../../lib/tokenizer/text-vectorizer.js";

const token = (id: number): NamedToken => ({ id, text: `t${id}`, kind: "word", word: id - 1 });

function side(layers: { weight: number[]; bias: number[]; relu: boolean }[], weights?: number[]) {
  const table = new EmbeddingTable({ rows: 4, dim: 2 });
  table.setWeights([0, 0, 3, 4, 1, -1, -6, 2]);
  const widths = layers.map(() => 2);
  const last = layers.at(-1);
  const tower = new Mlp(
    "tower",
    mlpPlan(2, last?.relu ? widths : widths.slice(1), 2, layers.length > 0 && !last!.relu),
    2,
    2,
    new Random(1),
  );
  layers.forEach(({ weight, bias }, i) => {
    (tower.layers[i]!.weight as unknown as { dataSync: () => ArrayLike<number> }).dataSync = () => weight;
    (tower.layers[i]!.bias as unknown as { dataSync: () => ArrayLike<number> }).dataSync = () => bias;
  });
  const numbers = weights ? new EmbeddingTable({ rows: 4, dim: 1 }) : null;
  numbers?.setWeights(weights!);
  return { table, weights: numbers, tower };
}
const vectors = (parts: ReturnType<typeof embeddingParts>) => parts.map(({ vector }) => [...vector]);

describe("the parts of an embedding", () => {
  it("are the rows over their number where there is no layer, times their weights where there are some", () => {
    expect(vectors(embeddingParts(side([]), [token(1), token(2)]))).toEqual([
      [1.5, 2],
      [0.5, -0.5],
    ]);
    expect(vectors(embeddingParts(side([], [0, 2, 0.5, 1]), [token(1), token(2)]))).toEqual([
      [3, 4],
      [0.25, -0.25],
    ]);
  });

  it("go through a layer one by one, biases apart, and lose the units that the whole text switches off", () => {
    // x = [2, 1.5]; W x = [2·1 + 1.5·0, 2·1 − 1.5·2] = [2, −1]; with b = [.5, .25]: [2.5, −.75], of which the second is off
    const layer = { weight: [1, 1, 0, -2], bias: [0.5, 0.25], relu: true };
    const parts = embeddingParts(side([layer]), [token(1), token(2)]);
    expect(parts.map(({ token }) => token?.text ?? null)).toEqual(["t1", "t2", null]);
    expect(vectors(parts)).toEqual([
      [1.5, 0],
      [0.5, 0],
      [0.5, 0],
    ]);
  });

  it("of no token are the zero vector, or the biases", () => {
    expect(vectors(embeddingParts(side([]), []))).toEqual([[0, 0]]);
    const layer = { weight: [1, 0, 0, 1], bias: [2, -1], relu: false };
    expect(vectors(embeddingParts(side([layer]), []))).toEqual([[2, -1]]);
  });
});

describe("shares of pairs", () => {
  it("divide the cosine and the dot product as worked out by hand", () => {
    const query = embeddingParts(side([]), [token(1)]); // [3, 4], length 5
    const document = embeddingParts(side([]), [token(1), token(3)]); // [1.5, 2] + [−3, 1] = [−1.5, 3]
    const length = Math.hypot(-1.5, 3);
    expect(pairShares(query, document, "dot").map((row) => [...row])).toEqual([[12.5, -5]]);
    const [row] = pairShares(query, document, "cosine");
    expect(row![0]).toBeCloseTo(12.5 / (5 * length), 12);
    expect(row![1]).toBeCloseTo(-5 / (5 * length), 12);
  });

  it("of an empty text are 0, not NaN", () => {
    expect([
      ...pairShares(embeddingParts(side([]), []), embeddingParts(side([]), [token(1)]), "cosine")[0]!,
    ]).toEqual([0]);
  });
});
