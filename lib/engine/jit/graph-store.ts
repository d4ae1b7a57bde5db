import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { arch, cpus, platform, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { readSealedBytes, writeSealedBytes } from "../../files/sealed-bytes.js";
import { type NativeOptions, type NativeSession, openNative, runtimeVersion } from "./native-session.js";

/**
 * SHA-256 of a graph, of what rewrites it (ONNX Runtime and its provider) and of the processor it is rewritten for: equal
 * names, equal files.
 */
export function graphHash(graph: Uint8Array, provider: string): string {
  const place = [runtimeVersion(), provider, platform(), arch(), cpus()[0]?.model ?? ""].join("|");
  return createHash("sha256").update(place).update(graph).digest("hex");
}

/**
 * Opens a graph; with a folder, the graph as ONNX Runtime rewrote it is kept there, and opened from there the next time. A
 * file that is damaged is written anew; where the folder cannot be used, graphs are made anew each time.
 */
export function openKept(
  graph: Uint8Array,
  hash: string,
  folder: string | null,
  options: NativeOptions,
): NativeSession {
  if (folder === null) return openNative(graph, options);
  const file = join(folder, `${hash}.graph`);
  const kept = ifItCan(() => readSealedBytes(file));
  if (kept) return openNative(kept, { ...options, optimised: true });
  const scratch = mkdtempSync(join(tmpdir(), "qdrl-graph-"));
  try {
    const optimisedFile = join(scratch, "graph.onnx");
    const session = openNative(graph, { ...options, optimisedFile });
    ifItCan(() => writeSealedBytes(file, readFileSync(optimisedFile)));
    return session;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Files on disk only save time: one that cannot be read or written ends no training. */
function ifItCan<T>(use: () => T): T | null {
  try {
    return use();
  } catch {
    return null;
  }
}

/** ONNX Runtime's records of runs, from files that begin with `prefix`. */
export function readRecords(prefix: string): string[] {
  const folder = dirname(prefix);
  return readdirSync(folder)
    .filter((name) => name.startsWith(basename(prefix)) && name.endsWith(".json"))
    .map((name) => readFileSync(join(folder, name), "utf8"));
}
