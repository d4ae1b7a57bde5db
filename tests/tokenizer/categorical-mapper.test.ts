import { describe, expect, it } from "vitest";
import { CategoricalMapper } from "../../lib/tokenizer/categorical-mapper.js";
import { vector } from "../support/vectors.js";

describe("CategoricalMapper", () => {
  it("gives the published ids, unknown and empty values hashed", () => {
    const { inputs, expected } = vector("0-qdrl/categorical_mapper");
    const mapper = new CategoricalMapper({
      dictionary: new Map(Object.entries<number>(inputs.dictionary)),
      numOovCategories: inputs.num_oov_categories,
    });
    expect(inputs.values.map((value: string) => mapper.id(value))).toEqual(expected);
    expect(mapper.rows).toBe(3 + 23);
    expect(mapper.knows("77")).toBe(true);
    expect(mapper.knows("555")).toBe(false);
  });

  it("refuses one bucket and ids with a gap", () => {
    expect(() => new CategoricalMapper({ dictionary: new Map(), numOovCategories: 1 })).toThrow(
      "CategoricalMapper: numOovCategories must be an integer in [2, 2^30], got 1",
    );
    expect(() => new CategoricalMapper({ dictionary: new Map([["x", 2]]), numOovCategories: 2 })).toThrow(
      'got 2 for "x"',
    );
  });
});
