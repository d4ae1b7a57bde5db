import { readFileSync } from "node:fs";

interface Vector {
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: each entry has a shape of its own
  inputs: any;
  // biome-ignore lint/suspicious/noExplicitAny: each entry has a shape of its own
  expected: any;
  tolerance: number;
}

/** An entry of the specifications' worked examples. */
export function vector(name: string): Vector {
  const { vectors } = JSON.parse(readFileSync("tests/fixtures/test-vectors.json", "utf8")) as {
    vectors: Vector[];
  };
  const found = vectors.find((v) => v.name === name);
  if (!found) throw new RangeError(`vector: no entry "${name}" in tests/fixtures/test-vectors.json`);
  return found;
}
