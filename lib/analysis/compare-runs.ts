import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import type { MeasuredColumn } from "../reporting/number-source.js";
import { QUERIES_FILE } from "../reporting/results-source.js";
import type { QueryResult, RunFolder } from "../tracking/run-folder.js";

/** One column of a comparison: a measure on one evaluation set at one typo probability. */
export interface MetricSelection {
  label: string;
  set: string;
  /** Key of the per-query values, e.g. "Recall@10". */
  measure: string;
  typo: number;
}

/** Per-query values of one system over its runs, aligned with those of every other system compared. */
export interface ComparedSystem {
  system: string;
  runs: { seed: number; dir: string; sha256: string }[];
  /** Label → one array per run, by query in the same order for all systems. */
  values: Record<string, Float64Array[]>;
  /** Label → what of the runs' per-query files its values are. */
  columns: Record<string, MeasuredColumn>;
}

/**
 * Reads the per-query results of runs and lines them up: runs of the same system and task (differing in seed) become
 * one system with several runs.
 *
 * @param nameOf  what a run's system is called; equal names are seeds of one system
 * @throws UserError if a run lacks a selection, answered other queries than the first run, or is of the same seed as another
 *   of its system
 */
export function compareRuns(
  runs: readonly RunFolder[],
  selections: readonly MetricSelection[],
  nameOf: (run: RunFolder) => string = (run) => run.manifest().system,
): ComparedSystem[] {
  const systems = new Map<string, ComparedSystem>();
  const columns = Object.fromEntries(
    selections.map(({ label, set, measure, typo }) => [label, { set, measure, typo }]),
  );
  const queryOrder = new Map<string, string[]>();
  for (const run of runs) {
    const bySet = groupResults(run.queries());
    const name = nameOf(run);
    let system = systems.get(name);
    if (!system) {
      system = { system: name, runs: [], values: {}, columns };
      systems.set(name, system);
    }
    const { seed } = run.manifest();
    const twin = system.runs.find((other) => other.seed === seed);
    if (twin !== undefined)
      throw new UserError(
        `${name}: its runs must differ in seed to count as repetitions, got seed ${seed} in ${twin.dir} and ${run.dir}`,
      );
    system.runs.push({ seed, dir: run.dir, sha256: run.hashOf(QUERIES_FILE) });
    for (const { label, set, measure, typo } of selections) {
      const results = bySet.get(keyOf(set, typo));
      if (!results)
        throw new UserError(
          `${run.dir}: must hold results of set "${set}" at typo probability ${typo}, got none; run qdrl evaluate`,
        );
      let order = queryOrder.get(set);
      if (!order) {
        order = [...results.keys()];
        queryOrder.set(set, order);
      }
      if (results.size !== order.length)
        throw new UserError(
          `${run.dir}: must answer the same ${order.length} queries of set "${set}" as ${runs[0]!.dir}, got ${results.size}`,
        );
      const values = Float64Array.from(order, (id) =>
        measuredValue(results.get(id), measure, run.dir, set, id),
      );
      (system.values[label] ??= []).push(values);
    }
  }
  return [...systems.values()];
}

/** Sets and typo probabilities that all of the runs were evaluated on, in the order of the first one's file. */
export function evaluatedOn(...runs: readonly RunFolder[]): { sets: string[]; typos: number[] } {
  const found = runs.map((run) => {
    const sets = new Set<string>();
    const typos = new Set<number>();
    for (const result of run.queries()) {
      sets.add(result.set);
      typos.add(result.typo);
    }
    return { sets, typos };
  });
  return {
    sets: [...found[0]!.sets].filter((set) => found.every(({ sets }) => sets.has(set))),
    typos: [...found[0]!.typos].filter((typo) => found.every(({ typos }) => typos.has(typo))),
  };
}

function groupResults(results: readonly QueryResult[]): Map<string, Map<string, QueryResult>> {
  const groups = new Map<string, Map<string, QueryResult>>();
  for (const result of results) {
    const key = keyOf(result.set, result.typo);
    let group = groups.get(key);
    if (!group) {
      group = new Map();
      groups.set(key, group);
    }
    group.set(result.id, result);
  }
  return groups;
}

function keyOf(set: string, typo: number): string {
  return `${typo} ${set}`;
}

function measuredValue(
  result: QueryResult | undefined,
  measure: string,
  dir: string,
  set: string,
  id: string,
): number {
  const value = ownEntry(result?.values, measure);
  if (value === undefined)
    throw new UserError(
      `${dir}: query ${id} of set "${set}" must have a value of ${measure}, got ${result ? Object.keys(result.values).join(", ") : "no such query"}`,
    );
  return value;
}
