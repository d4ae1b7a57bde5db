import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { power } from "../../lib/engine/power.js";

describe("power", () => {
  it("is the runtime's own power up to rounding, for whole, half, broken and negative exponents", () => {
    for (const base of [1e-3, 0.5, 0.9, 0.999, 1, 2, 7.25])
      for (const exponent of [0, 1, 2, 3, 10, 1000, 0.5, 1.5, 2.25, 0.1, -1, -2.5, -0.3])
        if (Number.isFinite(Math.log(base ** exponent)))
          expect(power(base, exponent) / base ** exponent).toBeCloseTo(1, 11);
        else expect(power(base, exponent)).toBe(base ** exponent);
  });

  it("is exact where products are", () => {
    expect(power(2, 52)).toBe(4503599627370496);
    expect(power(3, 20)).toBe(3486784401);
    expect(power(0.5, 1074)).toBe(Number.MIN_VALUE);
    expect(power(-3, 3)).toBe(-27);
    expect(power(4, -0.5)).toBe(0.5);
  });

  it("agrees at the borders", () => {
    for (const base of [0, 1, 0.5, -2, Infinity, Number.NaN])
      for (const exponent of [0, 1, 3, -1, 0.5, Infinity, -Infinity, Number.NaN])
        expect(power(base, exponent), `${base} ** ${exponent}`).toBe(base ** exponent);
    expect(power(0.999, 1e7)).toBe(0);
  });

  it("has the same bits on every Node: β₂ and β₁ over 100,000 steps, and half steps back", () => {
    const values = new Float64Array(100_000);
    for (let t = 0; t < values.length; t += 4) {
      values[t] = power(0.999, t);
      values[t + 1] = power(0.9, t);
      values[t + 2] = power(0.999, -t / 2);
      values[t + 3] = power(t / 1e5, 1.7);
    }
    const digest = createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex");
    expect(digest).toBe("b2908cb7cb3f31f62b3d51db99d776db55463dc724b15db9ddda301013cf3900");
  });

  it("stands in lib wherever `**` would be left to the runtime: all but squares, powers of two and whole numbers of any size", () => {
    const found: string[] = [];
    for (const file of fs.readdirSync("lib", { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".ts") || file === path.join("engine", "power.ts")) continue;
      const code = fs
        .readFileSync(path.join("lib", file), "utf8")
        .replace(/\/\*[\s\S]*?\*\/|\/\/.*|`\*\*|\*\*`/g, (comment) => comment.replace(/[^\n]/g, " "));
      code.split("\n").forEach((line, i) => {
        const rest = line.replace(/\b2 \*\* \(?-?[\w.(]+|\*\* 2(?![\d.])|\b\d+n \*\* BigInt\(/g, "");
        if (/[\w)\]!] \*\*=? |Math\.pow\(/.test(rest)) found.push(`lib/${file}:${i + 1}: ${line.trim()}`);
      });
    }
    expect(found).toEqual([]);
  });
});
