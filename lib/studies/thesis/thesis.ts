/** The tables of the thesis, measured again: what the public face offers as `thesis`. */
export { bm25View } from "./bm25-view.js";
export { experimentView } from "./experiment-view.js";
export { thesisExperiments } from "./experiments.js";
export { lossView } from "./loss-view.js";
export { publishedRecallAtK } from "./published-recall.js";
export { redundantView } from "./redundant-view.js";
export { semanticMatches } from "./semantic-view.js";
export type { Size } from "./sweep-runs.js";
export { thresholdSaved, thresholdView } from "./threshold-view.js";
export { knownShares, tokenTable, typoTable, vocabularyOf } from "./token-view.js";
export { typoViews } from "./typo-view.js";
