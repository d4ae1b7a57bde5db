import type { RunFolder } from "./run-folder.js";

/**
 * What runs are called side by side: their system's name, which makes runs that differ in seed one system. Where two runs
 * of a system have the same seed, they are not repetitions of each other, and all runs of it get their run id, task, or
 * folder beside it, whichever is the first that tells them apart.
 */
export function systemNames(runs: readonly RunFolder[]): (run: RunFolder) => string {
  const bySystem = new Map<string, RunFolder[]>();
  for (const run of runs) {
    const { system } = run.manifest();
    bySystem.set(system, [...(bySystem.get(system) ?? []), run]);
  }
  const names = new Map<string, string>();
  for (const group of bySystem.values()) {
    const naming = namings.find((name) => tellsApart(group, name)) ?? ((run) => run.dir);
    for (const run of group) names.set(run.dir, naming(run));
  }
  return (run) => names.get(run.dir) ?? run.manifest().system;
}

const namings: ((run: RunFolder) => string)[] = [
  (run) => run.manifest().system,
  (run) => `${run.manifest().system} (${run.manifest().runId})`,
  (run) => `${run.manifest().system} (${run.manifest().taskId}/${run.manifest().runId})`,
  (run) => `${run.manifest().system} (${run.dir})`,
];

/** Whether no two runs of one name have the same seed. */
function tellsApart(runs: readonly RunFolder[], name: (run: RunFolder) => string): boolean {
  return new Set(runs.map((run) => JSON.stringify([name(run), run.manifest().seed]))).size === runs.length;
}
