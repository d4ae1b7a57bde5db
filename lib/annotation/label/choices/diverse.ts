import type { ChoicePart, Considered } from "./choice-part.js";

/**
 * The question farthest from all that were answered, and from those chosen before it: greedy k-centre. Before the first
 * answer, the question nearest to the mean of all.
 *
 * @see Sener & Savarese 2018, arXiv:1708.00489, algorithm 1
 */
export const diverseChoice: ChoicePart = {
  kind: "diverse",
  summary: "the question farthest from those answered (greedy k-centre)",
  settings: {},
  rank(considered, wanted) {
    const { count, vectors, dim } = considered;
    const answered = considered.answered();
    const chosen: number[] = [];
    const closest = new Float64Array(count).fill(-Infinity); // cosine to the nearest centre
    const take = (centres: Float32Array, at: number) => {
      for (let q = 0; q < count; q++)
        closest[q] = Math.max(closest[q]!, dot(vectors, q * dim, centres, at * dim, dim));
    };
    for (let a = 0; a < answered.length / dim; a++) take(answered, a);
    if (answered.length === 0 && count > 0) add(middleOf(considered));
    while (chosen.length < Math.min(wanted, count)) {
      let next = -1;
      for (let q = 0; q < count; q++)
        if (!chosen.includes(q) && (next === -1 || closest[q]! < closest[next]!)) next = q;
      add(next);
    }
    return Int32Array.from(chosen.slice(0, wanted));

    function add(position: number) {
      chosen.push(position);
      take(vectors, position);
    }
  },
};

function middleOf({ count, vectors, dim }: Considered): number {
  const mean = new Float32Array(dim);
  for (let i = 0; i < count * dim; i++) mean[i % dim]! += vectors[i]! / count;
  let best = 0;
  for (let q = 1; q < count; q++)
    if (dot(vectors, q * dim, mean, 0, dim) > dot(vectors, best * dim, mean, 0, dim)) best = q;
  return best;
}

function dot(a: Float32Array, from: number, b: Float32Array, at: number, dim: number): number {
  let sum = 0;
  for (let d = 0; d < dim; d++) sum += a[from + d]! * b[at + d]!;
  return sum;
}
