import { readFileSync } from "node:fs";
import { expect } from "vitest";

interface TestVector {
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: entries differ in shape
  inputs: any;
  // biome-ignore lint/suspicious/noExplicitAny: entries differ in shape
  expected: any;
  tolerance: number;
}

const all: TestVector[] = JSON.parse(readFileSync("tests/fixtures/test-vectors.json", "utf8")).vectors;

/** The entry of that name. */
export function vector(name: string): TestVector {
  const found = all.find((entry) => entry.name === name);
  if (!found) throw new Error(`no test vector "${name}"`);
  return found;
}

/** All entries whose name starts with `prefix`. */
export function vectors(prefix: string): TestVector[] {
  const found = all.filter((entry) => entry.name.startsWith(prefix));
  if (found.length === 0) throw new Error(`no test vectors "${prefix}…"`);
  return found;
}

/** Every number of `actual` within `tolerance` (absolute) of `expected`, any nesting, equal shapes. */
export function expectClose(actual: unknown, expected: unknown, tolerance: number, path = "value"): void {
  if (typeof expected === "number") {
    expect(
      Math.abs((actual as number) - expected),
      `${path}: ${actual} against ${expected}`,
    ).toBeLessThanOrEqual(tolerance);
    return;
  }
  const [got, want] = [actual as ArrayLike<unknown>, expected as ArrayLike<unknown>];
  expect(got.length, `${path}: length`).toBe(want.length);
  for (let i = 0; i < want.length; i++) expectClose(got[i], want[i], tolerance, `${path}[${i}]`);
}

/** The conventions' tolerance for single precision: max(tolerance, 1e-5 · max(1, |expected|)). */
export function expectFloat32Close(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expectClose(actual[i], expected[i], 1e-5 * Math.max(1, Math.abs(expected[i]!)), `value[${i}]`);
}
