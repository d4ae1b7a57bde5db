import type { ChoicePart } from "./choice-part.js";

/** The questions in the order of the data, as the published tool asks them. */
export const inOrderChoice: ChoicePart = {
  kind: "in_order",
  summary: "questions in the order of the data",
  settings: {},
  inOrder: true,
  rank: ({ count }, wanted) => Int32Array.from({ length: Math.min(count, wanted) }, (_, i) => i),
};

/** Any question: what the others are measured against. */
export const randomChoice: ChoicePart = {
  kind: "random",
  summary: "any question, each as likely",
  settings: {},
  rank: ({ count, random }, wanted) =>
    random.shuffle(Int32Array.from({ length: count }, (_, i) => i)).slice(0, wanted),
};
