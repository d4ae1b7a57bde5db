// Everything that works on one thread's memory: no static data, so the module can live in any memory it is given.
export { gemm } from "./gemm";
export { biasAct, reluBackward, columnSums, unitRows, unitRowsBackward } from "./dense";
export { softmaxRows, tripletRows } from "./losses";
export { teachRows } from "./teaching";
export { bagForward, sumSpans, sumWeightedSpans, scaleRows, countRows, startRows, orderRows, placeRows, placeSpans, clearRows } from "./rows";
export { cutWords, invertWords, largestId } from "./words";
export { updateSpan, updateRows, catchUpRows } from "./updates";
