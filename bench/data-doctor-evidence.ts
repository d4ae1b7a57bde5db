/**
 * What the data doctor finds of faults that were planted at 5 % in a data set, and what training without its suspects brings.
 *
 *   npx tsx bench/data-doctor-evidence.ts planted data/msrd [configuration of the run that ranks suspects]
 *   npx tsx bench/data-doctor-evidence.ts mended data/msrd configs/recipes/words.yaml
 *
 * planted: half a minute without a run; with one, its training beside. mended: 11 trainings. The threshold of
 * wrong positives that are left out, and of false negatives that become positives, is chosen on validation with the first of three
 * seeds; test is looked at once. With a folder as a fourth argument its runs are kept, and a call that was stopped goes on.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { type Suspicion, suspectPairs } from "../lib/analysis/data-doctor/examinations/suspects.js";
import { examineData } from "../lib/analysis/data-doctor/examine-data.js";
import { comparedCost } from "../lib/analysis/data-doctor/measure-cost.js";
import { mendDataset } from "../lib/analysis/data-doctor/mend-dataset.js";
import { takeCensus } from "../lib/analysis/data-doctor/pair-census.js";
import { openPairSource } from "../lib/analysis/data-doctor/sources/open-pair-source.js";
import { comparisonKey } from "../lib/datasets/comparison-keys.js";
import { Random } from "../lib/engine/random/random.js";
import { runExperiment } from "../lib/runs/run-experiment.js";
import type { RunFolder } from "../lib/tracking/run-folder.js";
import {
  keyOf,
  keysOf,
  type Pair,
  plantFaults,
  rowsBlamed,
  type Score,
  scoreAtPlanted,
  scoreOf,
} from "./planted-faults.js";

const [mode, dataset, config, kept] = process.argv.slice(2);
const scratch = kept ?? fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-evidence-"));
const SHARE = 0.05;

async function trained(dir: string, seed: number, name: string): Promise<RunFolder> {
  return runExperiment(config!, {
    listener: {},
    overrides: [
      `dataset_dir=${dir}`,
      `seed=${seed}`,
      "task_id=evidence",
      `run_id=${name}-${seed}`,
      `output_dir=${path.join(scratch, "runs")}`,
      ...(mode === "mended" ? ["recall_validation.sets=[test,validation]"] : []),
      "recall_validation.query_typo_probabilities=[0]",
    ],
  });
}

function line(what: string, { planted, found, right, precision, recall }: Score): void {
  console.log(
    `${what.padEnd(44)} planted ${String(planted).padStart(5)}, found ${String(found).padStart(5)}, right ${String(right).padStart(5)}: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`,
  );
}

async function planted(): Promise<void> {
  const source = await openPairSource(dataset!);
  const before = await takeCensus(source, []);
  const faults = plantFaults(before, SHARE, new Random(7).fork("faults"));
  const kinds = Object.values(faults.leaks).flat();
  const adds = [...kinds, ...faults.duplicates, ...faults.swapped];
  const dir = path.join(scratch, "planted");
  await source.writeMended(dir, {
    keeps: (row) => !faults.removed.has(row),
    rewrite: null,
    adds: adds.map(([query, document]) => ({ query, document })),
    note: "faults planted",
  });
  const { report: asItWas } = await examineData(dataset!, {
    listener: {},
    only: ["query-leakage", "duplicates"],
  });
  const { report, source: damaged } = await examineData(dir, {
    listener: {},
    only: ["query-leakage", "duplicates"],
  });
  const kept = before.rows - before.firstTraining - faults.removed.size;
  const placeOf = (list: readonly Pair[], from: number) => new Set(list.map((_, i) => `${kept + from + i}`));
  // rows of queries that leaked before are found rightly and were not planted
  const leaked = new Set(
    asItWas.findings
      .filter(({ check }) => check === "query-leakage")
      .flatMap(({ drop }) => [...(drop ?? [])])
      .map((at) => comparisonKey(before.queries.text(before.pairs.query.at(before.firstTraining + at))!)),
  );
  const isOurs = (at: number) =>
    at >= kept && (at < kept + kinds.length || !leaked.has(comparisonKey(adds[at - kept]![0])));
  let from = 0;
  for (const [kind, list] of Object.entries(faults.leaks)) {
    const blamed = rowsBlamed(report.findings, `query-leakage:${kind}`);
    // rows that were leaks before are none of ours; planted ones stand behind all others
    const were = rowsBlamed(asItWas.findings, `query-leakage:${kind}`).length;
    const own = blamed.filter(isOurs);
    line(`leak, ${kind} (${were} rows before)`, scoreOf(placeOf(list, from), own.map(String)));
    from += list.length;
  }
  const all = ["exact", "normalised", "near"].flatMap((kind) =>
    rowsBlamed(report.findings, `query-leakage:${kind}`),
  );
  line("leaks, any kind", scoreOf(placeOf(kinds, 0), [...new Set(all.filter(isOurs).map(String))]));
  const repeated = rowsBlamed(report.findings, "duplicates:rows");
  const wasRepeated = rowsBlamed(asItWas.findings, "duplicates:rows").length;
  line(
    `duplicate rows (${wasRepeated} before)`,
    scoreOf(placeOf(faults.duplicates, kinds.length), repeated.filter((at) => at >= kept).map(String)),
  );
  const after = await takeCensus(damaged, []);
  const runs = [null, ...(config === undefined ? [] : [(await trained(dir, 1, "planted")).dir])];
  const [missing, swapped] = [new Set(faults.missing.map(keyOf)), new Set(faults.swapped.map(keyOf))];
  for (const run of runs) {
    // a census knows one system
    const census = run === null ? after : await takeCensus(damaged, []);
    const { falseNegatives, wrongPositives } = await suspectPairs(census, { run, listener: {} });
    const [negatives, positives] = [keysOf(census, falseNegatives), keysOf(census, wrongPositives)];
    const by = run === null ? "BM25" : "run";
    const from = (list: readonly Suspicion[], threshold: number) =>
      keysOf(
        census,
        list.filter(({ score }) => score >= threshold),
      );
    line(`swapped labels, first as many, ${by}`, scoreAtPlanted(swapped, positives));
    line(`removed labels, first as many, ${by}`, scoreAtPlanted(missing, negatives));
    line(`swapped labels, first quarter, ${by}`, scoreOf(swapped, positives.slice(0, swapped.size / 4)));
    line(`removed labels, first quarter, ${by}`, scoreOf(missing, negatives.slice(0, missing.size / 4)));
    line(`swapped labels, score ≥ .6, ${by}`, scoreOf(swapped, from(wrongPositives, 0.6)));
    line(`removed labels, score ≥ .8, ${by}`, scoreOf(missing, from(falseNegatives, 0.8)));
  }
}

async function mended(): Promise<void> {
  const seeds = [1, 2, 3];
  const before: RunFolder[] = [];
  for (const seed of seeds) before.push(await trained(dataset!, seed, "as-it-is"));
  const run = before[0]!.dir;
  const show = (what: string, cost: ReturnType<typeof comparedCost>) =>
    console.log(
      `${what}: ${cost.measure} on ${cost.set} ${cost.before.toFixed(4)} → ${cost.after.toFixed(4)}, ${cost.difference.toFixed(4)} [${cost.low.toFixed(4)}, ${cost.high.toFixed(4)}], ${cost.seeds} seeds`,
    );
  const kinds = ["wrong", "missing"] as const;
  const best = new Map<string, { name: string; dir: string; first: RunFolder; gain: number }>();
  for (const [wrong, missing] of [
    [0.6, 0.8],
    [0.7, 0.9],
  ] as const) {
    const { report, source } = await examineData(dataset!, {
      listener: {},
      only: ["suspects"],
      run,
      wrong,
      missing,
    });
    for (const kind of kinds) {
      const finding = report.findings.find((one) => one.name === `suspects:${kind}`)!;
      if (finding.count === 0) continue;
      const name = `${kind}-${kind === "wrong" ? wrong : missing}`;
      const dir = path.join(scratch, name);
      await mendDataset(source, [finding], dir);
      const first = await trained(dir, 1, name);
      const cost = comparedCost(before.slice(0, 1), [first], "validation");
      show(`${name}, ${finding.count} pairs`, cost);
      if (cost.difference > (best.get(kind)?.gain ?? Number.NEGATIVE_INFINITY))
        best.set(kind, { name, dir, first, gain: cost.difference });
    }
  }
  for (const { name, dir, first } of best.values()) {
    const runs = [first];
    for (const seed of seeds.slice(1)) runs.push(await trained(dir, seed, name));
    show(`chosen: ${name}`, comparedCost(before, runs, "validation"));
    show(`chosen: ${name}`, comparedCost(before, runs, "test"));
  }
}

try {
  if (
    dataset === undefined ||
    (mode !== "planted" && mode !== "mended") ||
    (mode === "mended" && config === undefined)
  )
    throw new Error("planted DATASET [CONFIG], or mended DATASET CONFIG");
  await (mode === "planted" ? planted() : mended());
} finally {
  if (kept === undefined) fs.rmSync(scratch, { recursive: true, force: true });
}
