import fs from "node:fs";
import path from "node:path";
import type { Listener } from "../engine/progress.js";
import { hashFile } from "../files/hash-file.js";
import { makeFolder } from "../files/make-folder.js";
import { UserError } from "../files/user-error.js";
import { writeZip } from "../files/write-zip.js";
import { exportRun } from "../runs/export-run.js";
import type { RunFolder } from "../tracking/run-folder.js";
import { FileStore } from "./file-store.js";

/** The artifact that `getModel` downloads. */
export const MODEL_ARTIFACT = "model.zip";

/** Files that clients gave or get of a run, in its folder. */
export function artifactsOf(dir: string): FileStore {
  return new FileStore(path.join(dir, "artifacts"));
}

/**
 * Packs a finished run as the artifact `model.zip`: configuration, manifest, metrics and weights, and its encoder as ONNX
 * files with their dictionary where it can be exported. Equal runs give equal archives but for their manifests.
 */
export async function packRun(run: RunFolder, listener: Listener): Promise<void> {
  const exported = path.join(run.dir, "onnx");
  if (run.manifest().kind === "dense")
    try {
      await exportRun(run.dir, exported, { listener });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      fs.rmSync(exported, { recursive: true, force: true });
      listener.line?.(`no ONNX files: ${error.message}`);
    }
  const store = artifactsOf(run.dir);
  makeFolder(store.folder);
  const packed = [
    "config.yaml",
    "fit.yaml",
    "manifest.json",
    "metrics.jsonl",
    "models",
    "onnx",
    "threshold.json",
  ];
  const entries = packed
    .flatMap((name) => filesUnder(run.dir, name))
    .map((name) => ({ name, file: path.join(run.dir, name) }));
  const file = store.fileOf(MODEL_ARTIFACT);
  writeZip(file, entries);
  store.describe({
    name: MODEL_ARTIFACT,
    ...hashFile(file),
    public: store.get(MODEL_ARTIFACT)?.public ?? false,
  });
  listener.line?.(`artifact: ${MODEL_ARTIFACT}, ${(fs.statSync(file).size / 2 ** 20).toFixed(1)} MiB`);
}

/** A file, or those of a folder, by their paths with slashes; none if it is not there. */
function filesUnder(base: string, name: string): string[] {
  const stat = fs.statSync(path.join(base, name), { throwIfNoEntry: false });
  if (!stat) return [];
  if (!stat.isDirectory()) return [name];
  return fs
    .readdirSync(path.join(base, name))
    .sort()
    .flatMap((entry) => filesUnder(base, `${name}/${entry}`));
}
