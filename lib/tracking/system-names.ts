import type { RunFolder } from "./run-folder.js";

/**
 * What runs are called side by side: their system's name, which makes runs that differ in seed one system. Where two runs
 * of a system have the same seed, they are not repetitions of each other, and the run id is added to all runs of it.
 */
export function systemNames(runs: readonly RunFolder[]): (run: RunFolder) => string {
  const manifests = runs.map((run) => run.manifest());
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { system, seed } of manifests) {
    const key = JSON.stringify([system, seed]);
    if (seen.has(key)) repeated.add(system);
    seen.add(key);
  }
  const names = new Map(
    manifests.map(({ system, runId }, i) => [
      runs[i]!.dir,
      repeated.has(system) ? `${system} (${runId})` : system,
    ]),
  );
  return (run) => names.get(run.dir) ?? run.manifest().system;
}
