/** Configurations of the guided tour that `npm start` runs, in the order of the report's tables. */
export const TOUR: readonly string[] = [
  "configs/bm25.yaml",
  "configs/baseline.yaml",
  "configs/category.yaml",
  "configs/trigrams.yaml",
];
