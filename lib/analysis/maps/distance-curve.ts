import { power } from "../../engine/power.js";
/**
 * a and b of the curve 1 / (1 + a d^(2b)) that lies nearest, in squares over 300 distances in [0, 3], to UMAP's wish: 1 up to
 * `minDist`, exp(minDist − d) beyond. By Gauss–Newton steps, damped where one does not help (Levenberg–Marquardt).
 *
 * @see McInnes, Healy & Melville 2018, arXiv:1802.03426, section 3.2
 */
export function distanceCurve(minDist: number): { a: number; b: number } {
  const count = 300;
  const distances = Float64Array.from({ length: count }, (_, i) => (3 * i) / (count - 1));
  const wished = distances.map((d) => (d < minDist ? 1 : Math.exp(minDist - d)));
  const loss = (a: number, b: number) =>
    distances.reduce((sum, d, i) => sum + (1 / (1 + a * power(d, 2 * b)) - wished[i]!) ** 2, 0);
  let [a, b, damping] = [1, 1, 1e-3];
  for (let step = 0; step < 100; step++) {
    let [aa, ab, bb, ra, rb] = [0, 0, 0, 0, 0];
    for (let i = 1; i < count; i++) {
      const d = distances[i]!;
      const raised = power(d, 2 * b);
      const value = 1 / (1 + a * raised);
      const byA = -raised * value * value;
      const byB = 2 * Math.log(d) * a * byA;
      const rest = wished[i]! - value;
      aa += byA * byA;
      ab += byA * byB;
      bb += byB * byB;
      ra += byA * rest;
      rb += byB * rest;
    }
    const [p, q] = [aa * (1 + damping), bb * (1 + damping)];
    const determinant = p * q - ab * ab;
    const nextA = a + (q * ra - ab * rb) / determinant;
    const nextB = b + (p * rb - ab * ra) / determinant;
    const helps = nextA > 0 && nextB > 0 && loss(nextA, nextB) < loss(a, b);
    damping *= helps ? 0.1 : 10;
    if (helps) [a, b] = [nextA, nextB];
    if (damping > 1e12) break;
  }
  return { a, b };
}
