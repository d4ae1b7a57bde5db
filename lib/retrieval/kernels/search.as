// The search kernels. FMA (0 or 1) is the variant, see tools/build-kernels.mjs.
//
// Blocked brute-force search. Rows are padded with zeros to whole vectors of eight floats; `stride` is in bytes.
// Every (query, document) pair is summed in the same order whatever the batch, block or thread: four lanes over the
// dimensions, then (lane 0 + lane 2) + (lane 1 + lane 3). Equal documents therefore have equal scores.
export { scanCodes } from "./code-scan";
export { encodeQueries, encodeRows } from "./codes";
export { scan } from "./float-scan";
export { resetHeaps, sortHeaps } from "./heap";
export { inverseNorms, lowerDistances, scaleRows } from "./rows";
