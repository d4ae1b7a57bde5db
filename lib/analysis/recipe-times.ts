import { plainTable, type Table } from "../reporting/table.js";
import type { RunFolder } from "../tracking/run-folder.js";
import { pairsPerSecond, secondsSpent } from "./curves.js";

/**
 * What each system of a sweep took to train, means over its seeds: seconds, pairs a second, seconds beside the first
 * system's, and the size of its model file. Runs trained while the machine had other work took longer.
 */
export function recipeTimes(runs: readonly RunFolder[], title = "Time per recipe"): Table {
  const systems = [...new Set(runs.map((run) => run.manifest().system))];
  const first = trainingSeconds(runs, systems[0]!);
  const rows = systems.map((system) => {
    const own = runs.filter((run) => run.manifest().system === system);
    const seconds = trainingSeconds(runs, system);
    const rates = own.map((run) => pairsPerSecond(run) ?? Number.NaN);
    const bytes = own[0]!.manifest().counts["model file bytes"];
    return [
      system,
      seconds.toFixed(1),
      (seconds / first).toFixed(1),
      Math.round(mean(rates)).toLocaleString("en"),
      bytes === undefined ? "–" : (bytes / 1e6).toFixed(1),
      own[0]!.manifest().engine,
    ];
  });
  return plainTable(
    ["recipe", "training, s", `× ${systems[0]}`, "pairs / s", "model file, MB", "engine"],
    rows,
    { title, notes: ["Means over seeds, by the clock: other work on the machine counts."] },
  );
}

function trainingSeconds(runs: readonly RunFolder[], system: string): number {
  return mean(
    runs
      .filter((run) => run.manifest().system === system)
      .map((run) => secondsSpent(run)["train"] ?? Number.NaN),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
