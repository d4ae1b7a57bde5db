import type { Random } from "./random.js";

/**
 * Fills `out` with independent standard normals. Same distribution as `Random.normal`, faster for large tables:
 * xoshiro128** runs in local variables from the state of a fork, and both values of each polar pair are used.
 * `random` itself advances by nothing; equal states and labels give equal values.
 */
export function fillNormal(out: Float32Array, random: Random, label: string): void {
  const bits = bitSource(random.fork(label));
  for (let i = 0; i < out.length; ) {
    const u = bits() * 4.656612873077393e-10 - 1; // 2^-31: [-1, 1)
    const v = bits() * 4.656612873077393e-10 - 1;
    const s = u * u + v * v;
    if (s <= 0 || s >= 1) continue;
    const scale = Math.sqrt((-2 * Math.log(s)) / s);
    out[i++] = u * scale;
    if (i < out.length) out[i++] = v * scale;
  }
}

/** Fills `out` with values uniform in [−bound, bound), from a fork of `random`. */
export function fillUniform(out: Float32Array, bound: number, random: Random, label: string): void {
  const source = random.fork(label);
  for (let i = 0; i < out.length; i++) out[i] = (2 * source.next() - 1) * bound;
}

function bitSource(random: Random): () => number {
  let [a, b, c, d] = random.state() as [number, number, number, number];
  return () => {
    const x = Math.imul(b, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
}
