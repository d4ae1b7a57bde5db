// What a page computes, without its page: bundled as the page is, so that Node can ask the very code and bytes that a
// reader will have. See check-fidelity.ts.
export { openSystems } from "./open-payload.js";
export { PayloadBytes } from "./payload-bytes.js";
