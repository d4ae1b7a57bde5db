import { byFallingValue, type ChoicePart } from "./choice-part.js";

/** The question whose nearest candidate is nearest: most answers name a positive, and few surprise the model. */
export const nearestChoice: ChoicePart = {
  kind: "nearest",
  summary: "the question whose best candidate is nearest",
  settings: {},
  rank: ({ scores, k, count }, wanted) =>
    byFallingValue(
      Float32Array.from({ length: count }, (_, q) => scores[q * k]!),
      wanted,
    ),
};
