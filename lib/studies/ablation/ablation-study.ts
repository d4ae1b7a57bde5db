import { compareRuns, evaluatedOn, type MetricSelection } from "../../analysis/compare-runs.js";
import { UserError } from "../../files/user-error.js";
import type { ReportPage } from "../../reporting/html-page.js";
import { type ResultsTable, resultsTable } from "../../reporting/results-table.js";
import { formatDelta } from "../../reporting/results-table-view.js";
import type { Table } from "../../reporting/table.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { type AblationEffect, ablationEffects } from "./ablation-effects.js";
import { designNotes, effectsFigure, effectsTable, partsOf } from "./ablation-table.js";
import type { LoadedAblation } from "./load-ablation.js";

/** What an ablation found. */
export interface AblationStudy {
  effects: AblationEffect[];
  table: Table;
  /** The rows themselves, against the whole. */
  results: ResultsTable;
  page: ReportPage;
  numbers: object;
}

/**
 * Tests what the finished runs of an ablation say of its parts, on one evaluation set.
 *
 * @param choices.set      default: the first that the runs were evaluated on
 * @param choices.measure  default: nDCG@10 where it was measured, else Recall@10, else the first
 * @throws UserError for a set or a measure that the runs have not
 */
export function ablationStudy(
  study: LoadedAblation,
  runs: readonly RunFolder[],
  choices: { set?: string | undefined; measure?: string | undefined } = {},
): AblationStudy {
  const { sets, typos } = evaluatedOn(...runs);
  const set = choices.set ?? sets[0];
  if (set === undefined || !sets.includes(set))
    throw new UserError(
      `--eval-set: must be one that every run was evaluated on (${sets.join(", ") || "none"}), got "${set}"`,
    );
  const known = Object.keys(runs[0]!.queries().find((result) => result.set === set)!.values);
  const measure =
    choices.measure ?? ["nDCG@10", "Recall@10"].find((name) => known.includes(name)) ?? known[0]!;
  if (!known.includes(measure))
    throw new UserError(
      `--measure: must be one that the runs measured (${known.join(", ")}), got "${measure}"`,
    );
  const selections = typos.map(
    (typo): MetricSelection => ({
      label: typo === 0 ? measure : `${measure}, typos ${typo}`,
      set,
      measure,
      typo,
    }),
  );
  const labels = selections.map(({ label }) => label);
  const effects = ablationEffects(study, runs, selections);
  const systems = compareRuns(runs, selections);
  const { title, task_id } = study.config;
  const results = resultsTable(systems, {
    title: `${title}: rows (${set})`,
    baseline: study.rows[0]!.name,
    metrics: labels,
  });
  const [first] = systems;
  const about = { set, queries: first!.values[labels[0]!]![0]!.length, seeds: first!.runs.length };
  const table = effectsTable(study, effects, labels, about);
  return {
    effects,
    table,
    results,
    page: {
      title,
      eyebrow: "qdrl study ablation",
      question: "What does each part bring, and is it certain?",
      answer: answerOf(study, effects, labels),
      sections: [
        { title: "Parts", blocks: [{ kind: "table", table }] },
        {
          title: "Figure",
          blocks: labels.map((label, i) => ({
            kind: "figure" as const,
            figure: effectsFigure(study, effects, i, label),
            title: label,
          })),
        },
        { title: "Rows", blocks: [{ kind: "results", results }] },
      ],
      sources: [],
    },
    numbers: {
      ...{ study: "ablation", task: task_id, title, ...about, measures: labels, correction: "holm" },
      design: study.factorial === null ? "one_by_one" : "factorial",
      notes: designNotes(study),
      ...(study.factorial !== null && {
        resolution: Number.isFinite(study.factorial.design.resolution)
          ? study.factorial.design.resolution
          : "full",
        aliases: study.factorial.design.aliases.map((group) =>
          group.map((effect) => partsOf(study, { parts: effect })),
        ),
      }),
      rows: study.rows.map(({ name, has }) => ({
        name,
        parts: study.config.parts.filter((_, i) => has[i]).map((part) => part.name),
        runs: systems.find(({ system }) => system === name)!.runs,
      })),
      effects: effects.map((effect) => ({
        parts: effect.parts.map((part) => study.config.parts[part]!.name),
        kind: effect.kind,
        contrast: Object.fromEntries(effect.weights.map(([row, weight]) => [study.rows[row]!.name, weight])),
        tests: Object.fromEntries(effect.tests.map((test, i) => [labels[i]!, test])),
      })),
    },
  };
}

function answerOf(
  study: LoadedAblation,
  effects: readonly AblationEffect[],
  labels: readonly string[],
): string[] {
  const kind = effects.some((effect) => effect.kind === "left_out") ? "left_out" : "alone";
  const how = kind === "left_out" ? "in the whole" : "alone";
  const found = effects.filter((effect) => effect.kind === kind);
  return labels.map((label, m) => {
    const certain = found
      .filter(({ tests }) => tests[m]!.adjustedP <= 0.05)
      .sort((a, b) => b.tests[m]!.difference - a.tests[m]!.difference);
    const named = (wanted: (difference: number) => boolean) =>
      certain
        .filter(({ tests }) => wanted(tests[m]!.difference))
        .map((effect) => `${partsOf(study, effect)} (${formatDelta(effect.tests[m]!.difference, 3)})`)
        .join(", ");
    const [helps, costs] = [named((difference) => difference > 0), named((difference) => difference < 0)];
    if (certain.length === 0) return `${label}: no part is shown to change it ${how}.`;
    return `${label}: ${[helps && `${helps} helps ${how}`, costs && `${costs} costs`].filter(Boolean).join("; ")}${certain.length < found.length ? `; of the other ${found.length - certain.length} nothing is shown` : ""}.`;
  });
}
