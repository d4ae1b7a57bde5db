/** Configurations of the guided tour that `npm start` runs, in the order of the report's tables. */
export const TOUR: readonly string[] = [
  "configs/emoji/bm25.yaml",
  "configs/emoji/bm25-ngrams.yaml",
  "configs/emoji/starter.yaml",
  "configs/emoji/baseline.yaml",
  "configs/emoji/category.yaml",
  "configs/recipes/page.yaml",
];
