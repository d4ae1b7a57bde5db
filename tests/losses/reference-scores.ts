/** Losses of a score matrix in float64 and obvious loops, one value per row. */
export type Rows = number[][];
export type ReferenceLoss = (scores: Rows, positives: Rows, negatives: Rows) => number[];

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const mean = (values: readonly number[]) => (values.length === 0 ? 0 : sum(values) / values.length);
const marked = (row: readonly number[], keep: readonly number[]) => row.filter((_, j) => keep[j]! > 0);
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

function perRow(f: (p: number[], n: number[], grades: number[]) => number): ReferenceLoss {
  return (scores, positives, negatives) =>
    scores.map((row, i) => {
      const grades = marked(positives[i]!, positives[i]!);
      return grades.length === 0 ? 0 : f(marked(row, positives[i]!), marked(row, negatives[i]!), grades);
    });
}

const pairs = (p: number[], n: number[], f: (gap: number) => number) =>
  mean(p.flatMap((a) => n.map((b) => f(b - a))));

export const referenceScores = {
  softmax: (tau: number) =>
    perRow((p, n) => mean(p.map((s) => Math.log(sum([...p, ...n].map((x) => Math.exp((x - s) / tau))))))),
  logistic: (tau: number) => perRow((p, n) => pairs(p, n, (gap) => softplus(gap / tau))),
  hinge: (margin: number) => perRow((p, n) => pairs(p, n, (gap) => Math.max(0, gap + margin))),
  bce: (tau: number, bias: number) =>
    perRow((p, n) =>
      mean([...p.map((s) => softplus(-(s / tau + bias))), ...n.map((s) => softplus(s / tau + bias))]),
    ),
  listNet: (tau: number) =>
    perRow((p, n, grades) => {
      const total = Math.log(sum([...p, ...n].map((x) => Math.exp(x / tau))));
      return sum(p.map((s, k) => (grades[k]! / sum(grades)) * (total - s / tau)));
    }),
  ndcg: (temperature: number) =>
    perRow((p, n, grades) => {
      const all = [...p, ...n];
      const rank = (k: number) =>
        1 + sum(all.map((x, j) => (j === k ? 0 : 1 / (1 + Math.exp((p[k]! - x) / temperature)))));
      const dcg = sum(grades.map((g, k) => (2 ** g - 1) / Math.log2(1 + rank(k))));
      const ideal = sum(
        grades
          .slice()
          .sort((a, b) => b - a)
          .map((g, k) => (2 ** g - 1) / Math.log2(k + 2)),
      );
      return 1 - dcg / ideal;
    }),
  multiSimilarity: (alpha: number, beta: number, base: number) =>
    perRow(
      (p, n) =>
        Math.log(1 + sum(p.map((s) => Math.exp(-alpha * (s - base))))) / alpha +
        Math.log(1 + sum(n.map((s) => Math.exp(beta * (s - base))))) / beta,
    ),
  circle: (margin: number, gamma: number) =>
    perRow((p, n) =>
      Math.log(
        1 +
          sum(n.map((s) => Math.exp(gamma * Math.max(0, s + margin) * (s - margin)))) *
            sum(p.map((s) => Math.exp(-gamma * Math.max(0, 1 + margin - s) * (s - 1 + margin)))),
      ),
    ),
};
