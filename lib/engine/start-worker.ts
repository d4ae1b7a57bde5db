import path from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

/**
 * Starts a worker thread from a TypeScript file, whatever runs the main thread: tsx, vitest or a notebook's kernel. The
 * worker loads the file through tsx's import function, because Node 20 does not hand the main thread's loader (nor
 * `--import tsx`) on to workers. It does not keep the process alive.
 *
 * @param filePath    relative to the workspace root, such as "lib/retrieval/indexes/scan-worker.ts"
 * @param workerData  structured-clonable; shared memories stay shared
 */
export function startWorker(filePath: string, workerData: unknown): Worker {
  const url = JSON.stringify(pathToFileURL(path.resolve(filePath)).href);
  const code = `import("tsx/esm/api").then((tsx) => tsx.tsImport(${url}, ${url}))`;
  const worker = new Worker(code, { eval: true, workerData });
  worker.unref();
  return worker;
}
