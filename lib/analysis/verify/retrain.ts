import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import type { Listener } from "../../engine/progress.js";
import { runExperiment } from "../../runs/run-experiment.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import type { Finding } from "./compare-pieces.js";

/** What follows from configuration and data alone, byte for byte; the clock is elsewhere. */
const FILES = ["models/model.safetensors", "metrics.jsonl", "queries.jsonl.gz"];

/**
 * Runs a run's configuration again, in a folder that is removed afterwards, and compares bytes.
 *
 * @returns the files found equal, and those that are not. Packed files are compared unpacked: other versions of the packer
 *   pack otherwise
 */
export async function retrain(
  run: RunFolder,
  options: { listener: Listener },
): Promise<{ equal: { file: string; bytes: number }[]; findings: Finding[] }> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-verify-"));
  try {
    const again = await runExperiment(run.configFile, {
      overrides: [`output_dir=${JSON.stringify(folder)}`],
      listener: options.listener,
    });
    const equal: { file: string; bytes: number }[] = [];
    const findings: Finding[] = [];
    for (const file of FILES) {
      const [shown, made] = [contentOf(run.dir, file), contentOf(again.dir, file)];
      if (shown === null && made === null) continue;
      if (shown !== null && made !== null && shown.equals(made)) equal.push({ file, bytes: shown.length });
      else
        findings.push({
          where: `${file} after training again`,
          shown: describe(shown),
          made: describe(made, shown),
        });
    }
    return { equal, findings };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function contentOf(dir: string, file: string): Buffer | null {
  const name = path.join(dir, file);
  if (!fs.existsSync(name)) return null;
  const bytes = fs.readFileSync(name);
  return file.endsWith(".gz") ? gunzipSync(bytes) : bytes;
}

function describe(bytes: Buffer | null, other?: Buffer | null): string | null {
  if (bytes === null) return null;
  const at = other ? bytes.findIndex((byte, i) => byte !== other[i]) : -1;
  return `${bytes.length} bytes${at < 0 ? "" : `, others from byte ${at} on`}`;
}
