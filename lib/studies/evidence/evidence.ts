/** Lexical search, dense search and their fusion on public data sets: what the public face offers as `evidence`. */
export { evidencePage } from "./evidence-page.js";
export { evidenceViews } from "./evidence-view.js";
export { indexViews } from "./index-view.js";
