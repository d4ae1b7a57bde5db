import fs from "node:fs";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { readMisspellings } from "../datasets/misspellings.js";
import { atomicWriteFile } from "../engine/atomic-write.js";
import { bootstrapInterval } from "../metrics/bootstrap.js";
import { cleanPhrase } from "../tokenizer/clean-phrase.js";
import { createTypos, typoModelNames } from "../typos/create-typos.js";
import { misspellableShare, misspellingTable } from "../typos/real-misspellings.js";
import { evaluate } from "./evaluate.js";
import { openRanker } from "./open-ranker.js";
import type { Listener } from "./progress.js";
import type { RunFolder } from "./run-folder.js";

/** One query under one kind of typo: a line of robustness.jsonl.gz. */
export interface RobustnessResult {
  model: string;
  typo: number;
  id: string;
  query: string;
  values: Record<string, number>;
}

export interface RobustnessOptions {
  /** Typo models by name; default: all, "real" where its misspellings have been imported. */
  models?: readonly string[];
  /** Probabilities per word. Default 0.25, 0.5, 0.75. */
  probabilities?: readonly number[];
  /** Evaluation set; default: the first. */
  set?: string;
  /** An encoder's weights from this checkpoint instead of the final ones. */
  checkpoint?: string;
  /** Where `real` finds its misspellings. */
  misspellingsDir?: string;
  listener?: Listener;
}

const FILE = "robustness.jsonl.gz";

/**
 * Evaluates a run under every kind of typo and probability, clean queries included (model "clean"), and keeps one line
 * per query in the run folder. Kinds that the run was trained on and kinds that it never met can so be told apart.
 *
 * @returns the results, and the share of the queries' words that "real" can misspell (null if it was not asked)
 */
export async function evaluateRobustness(
  dir: string,
  options: RobustnessOptions = {},
): Promise<{ results: RobustnessResult[]; misspellableWords: number | null }> {
  const { probabilities = [0.25, 0.5, 0.75], misspellingsDir = "data/typos", listener = {} } = options;
  const available = fs.existsSync(path.join(misspellingsDir, "manifest.json"));
  const names = options.models ?? typoModelNames().filter((name) => name !== "real" || available);
  const table = names.includes("real")
    ? misspellingTable(readMisspellings(misspellingsDir), cleanPhrase)
    : null;
  const models = names.map((name) => createTypos(name, table));
  const opened = await openRanker(dir, options);
  try {
    const set = opened.sets.find((candidate) => candidate.name === (options.set ?? opened.sets[0]!.name));
    if (!set)
      throw new RangeError(
        `evaluateRobustness: set must be one of ${opened.sets.map((s) => s.name).join(", ")}, got "${options.set}"`,
      );
    const results: RobustnessResult[] = [];
    const run = async (
      model: string,
      typoProbabilities: readonly number[],
      typos?: (typeof models)[number],
    ) => {
      const { perQuery } = await evaluate({
        ...opened,
        sets: [set],
        ks: [10],
        typoProbabilities,
        listener,
        ...(typos ? { typos } : {}),
      });
      for (const { typo, id, query, values } of perQuery) results.push({ model, typo, id, query, values });
    };
    await run("clean", [0]);
    for (const typos of models) await run(typos.name, probabilities, typos);
    const text = results.map((result) => `${JSON.stringify(result)}\n`).join("");
    atomicWriteFile(path.join(opened.run.dir, FILE), gzipSync(text));
    const queries = set.queries.map(({ fields }) => cleanPhrase(fields[opened.textColumns[0]!] ?? ""));
    return { results, misspellableWords: table && misspellableShare(table, queries) };
  } finally {
    opened.close();
  }
}

/** What {@link evaluateRobustness} left in a run folder. @throws RangeError if nothing */
export function readRobustness(run: RunFolder): RobustnessResult[] {
  const file = path.join(run.dir, FILE);
  if (!fs.existsSync(file))
    throw new RangeError(
      `${file}: must exist, got a run without it; make it with: qdrl evaluate --robustness`,
    );
  return gunzipSync(fs.readFileSync(file))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** Mean with a 95 % interval per typo model and probability, in the order met. */
export function robustnessCurves(
  results: readonly RobustnessResult[],
  measure: string,
): { model: string; points: { typo: number; mean: number; low: number; high: number }[] }[] {
  const curves = new Map<string, Map<number, number[]>>();
  for (const { model, typo, values } of results) {
    const value = values[measure];
    if (value === undefined)
      throw new RangeError(
        `robustnessCurves: measure must be one of ${Object.keys(values).join(", ")}, got "${measure}"`,
      );
    const points = curves.get(model) ?? new Map<number, number[]>();
    curves.set(model, points);
    const list = points.get(typo) ?? [];
    points.set(typo, list);
    list.push(value);
  }
  return [...curves].map(([model, points]) => ({
    model,
    points: [...points].map(([typo, values]) => ({
      typo,
      ...bootstrapInterval(values, { resamples: 2000 }),
    })),
  }));
}

/** Queries that lose most of a measure under typos, worst first: mean loss over all kinds at the highest probability. */
export function worstQueries(
  results: readonly RobustnessResult[],
  measure: string,
  count: number,
): { id: string; query: string; clean: number; misspelled: number }[] {
  const highest = Math.max(...results.map((result) => result.typo));
  const clean = new Map(results.filter((r) => r.model === "clean").map((r) => [r.id, r]));
  const sums = new Map<string, { total: number; count: number }>();
  for (const { model, typo, id, values } of results) {
    if (model === "clean" || typo !== highest) continue;
    const sum = sums.get(id) ?? { total: 0, count: 0 };
    sum.total += values[measure] ?? 0;
    sum.count++;
    sums.set(id, sum);
  }
  return [...sums]
    .map(([id, sum]) => {
      const { query, values } = clean.get(id)!;
      return { id, query, clean: values[measure] ?? 0, misspelled: sum.total / sum.count };
    })
    .sort((a, b) => b.clean - b.misspelled - (a.clean - a.misspelled))
    .slice(0, count);
}
