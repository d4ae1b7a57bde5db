import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { compiledFolder, moduleFile } from "../files/package-files.js";

/**
 * Starts a worker thread from a file of lib, whatever runs the main thread: tsx, vitest, a notebook's kernel, or plain
 * Node with the compiled package. TypeScript is loaded through tsx's import function, because Node 20 does not hand the
 * main thread's loader (nor `--import tsx`) on to workers. It does not keep the process alive.
 *
 * @param filePath    relative to the root, such as "lib/retrieval/indexes/scan-worker.ts"
 * @param workerData  structured-clonable; shared memories stay shared
 */
export function startWorker(filePath: string, workerData: unknown): Worker {
  const worker = new Worker(workerCode(urlOf(moduleFile(filePath))), { eval: true, workerData });
  worker.unref();
  return worker;
}

function workerCode(url: string): string {
  const folder = compiledFolder();
  if (folder === null) return `import("tsx/esm/api").then((tsx) => tsx.tsImport(${url}, ${url}))`;
  const own = urlOf(moduleFile("lib/files/package-files.ts"));
  return `import(${own}).then((own) => { own.runsCompiled(${JSON.stringify(folder)}); return import(${url}); })`;
}

function urlOf(file: string): string {
  return JSON.stringify(pathToFileURL(file).href);
}
