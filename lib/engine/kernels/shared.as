// The kernels for memory shared between threads.
export * from "./private";
export { barrier } from "./barrier";
