import { hasRobustness, readRobustness } from "../evaluation/robustness.js";
import {
  changedQueries,
  damageByError,
  type RobustnessCurve,
  robustnessCurves,
  worstQueries,
} from "../evaluation/robustness-views.js";
import { recallVsTypo } from "../reporting/figures/recall-vs-typo.js";
import type { Figure } from "../reporting/figures/theme.js";
import type { Block } from "../reporting/page-blocks.js";
import { plainTable } from "../reporting/table.js";
import type { RunFolder } from "../tracking/run-folder.js";
import { changedTable, damageTable, robustnessTable } from "./tables/robustness-table.js";

const MEASURE = "Recall@10";

/** One line per kind of typo, from the clean queries on. */
export function robustnessFigure(curves: readonly RobustnessCurve[], measure: string): Figure {
  const clean = curves.find(({ model }) => model === "clean")!.points[0]!;
  const lines = curves.filter(({ model }) => !model.startsWith("clean"));
  return recallVsTypo(
    lines.map(({ model, points }) => ({ name: model, points: [clean, ...points] })),
    measure,
  );
}

/**
 * The report's section on typos of every kind: for each run on which `qdrl evaluate --robustness` was called, curves, what
 * one misspelled word costs by kind, place and word length, and the queries that lose most. No section without such runs.
 */
export function robustnessSections(
  runs: readonly RunFolder[],
  nameOf: (run: RunFolder) => string,
): { title: string; intro: string; blocks: Block[] }[] {
  const tested = runs
    .filter(hasRobustness)
    .map((run) => ({ name: nameOf(run), results: readRobustness(run) }));
  if (tested.length === 0) return [];
  const blocks: Block[] = [];
  for (const { name, results } of tested) {
    const curves = robustnessCurves(results, MEASURE);
    blocks.push(
      {
        kind: "figure",
        figure: robustnessFigure(curves, MEASURE),
        title: `${name}: ${MEASURE} by kind of typo`,
      },
      { kind: "table", table: robustnessTable(curves, `${name}: ${MEASURE} by kind of typo`) },
      { kind: "table", table: damageTable(damageByError(results, MEASURE), `${name}: ${MEASURE}`) },
      {
        kind: "table",
        table: plainTable(
          ["query", "as meant", "misspelled"],
          worstQueries(results, MEASURE, 10).map(({ query, clean: before, misspelled }) => [
            query,
            before.toFixed(2),
            misspelled.toFixed(2),
          ]),
          { title: `${name}: queries that lose most` },
        ),
      },
    );
  }
  const real = tested.map(({ name, results }) => ({
    name,
    damage: changedQueries(results, MEASURE, "real", 1),
  }));
  if (real.some(({ damage }) => damage))
    blocks.unshift({ kind: "table", table: changedTable(real, MEASURE) });
  return [
    {
      title: "Typo-proof",
      intro:
        "The same queries under many kinds of typing errors, of which a run has been trained on few or none. “real” draws from misspellings that people made.",
      blocks,
    },
  ];
}
