import fs from "node:fs";
import path from "node:path";
import { newManifest, RunFolder } from "../../lib/tracking/run-folder.js";

/**
 * A finished run folder with values given for each query, as if a system had been evaluated.
 *
 * @param values  typo probability → one value a query
 */
export function measuredRun(
  root: string,
  facts: { system: string; seed: number; labels?: number; set?: string; measure: string },
  values: Readonly<Record<string, readonly number[]>>,
): RunFolder {
  const { system, seed, labels = 0, set = "test", measure } = facts;
  const runId = `${system.replace(/\W+/g, "-")}-${seed}`;
  const dir = path.join(root, "measured", runId);
  fs.mkdirSync(dir, { recursive: true });
  const run = new RunFolder(dir);
  run.writeQueries(
    Object.entries(values).flatMap(([typo, own]) =>
      own.map((value, q) => ({
        ...{ set, typo: Number(typo), id: `q${q}`, query: `query ${q}`, relevant: [], top: [] },
        values: { [measure]: value },
      })),
    ),
  );
  const manifest = newManifest({
    ...{ kind: "dense", system, taskId: "measured", runId, seed, backend: "none", engine: "none" },
    dataset: { name: "none", dir: "none", fingerprint: "none" },
    commit: "none", // asking git costs more than all the rest
    counts: { "training rows": labels },
  });
  run.writeManifest({ ...manifest, status: "finished", endedAt: manifest.startedAt });
  return run;
}
