/** What cannot be written into a graph, in words that name the op. */
export class TraceError extends Error {}
