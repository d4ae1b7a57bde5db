import { compareRuns, evaluatedOn, type MetricSelection } from "../../analysis/compare-runs.js";
import { UserError } from "../../files/user-error.js";
import { withTypos } from "../../metrics/metric-name.js";
import type { ReportPage } from "../../reporting/html-page.js";
import { type ResultsTable, resultsTable } from "../../reporting/results-table.js";
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
    (typo): MetricSelection => ({ label: withTypos(measure, typo), set, measure, typo }),
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
      answer: answerOf(study, effects, labels[0]!),
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

function answerOf(study: LoadedAblation, effects: readonly AblationEffect[], label: string): string[] {
  const kind = effects.some((effect) => effect.kind === "left_out") ? "left_out" : "alone";
  const found = effects
    .filter((effect) => effect.kind === kind)
    .sort((a, b) => b.tests[0]!.difference - a.tests[0]!.difference);
  const certain = found.filter(({ tests }) => tests[0]!.adjustedP <= 0.05);
  const phrase = ({ parts, tests }: AblationEffect) =>
    `${partsOf(study, { parts })} (${tests[0]!.difference > 0 ? "+" : "−"}${Math.abs(tests[0]!.difference).toFixed(3)})`;
  const sign = (wanted: number) =>
    certain.filter(({ tests }) => Math.sign(tests[0]!.difference) === wanted).map(phrase);
  const [helps, hurts] = [sign(1), sign(-1)];
  const how = kind === "left_out" ? "in the whole" : "alone";
  if (helps.length + hurts.length === 0) return [`No part is shown to change ${label} ${how}.`];
  return [
    ...(helps.length > 0 ? [`What helps ${label} ${how}: ${helps.join(", ")}.`] : []),
    ...(hurts.length > 0 ? [`What costs ${label} ${how}: ${hurts.join(", ")}.`] : []),
    ...(certain.length < found.length
      ? [
          `Not told from nothing: ${found
            .filter((effect) => !certain.includes(effect))
            .map((effect) => partsOf(study, effect))
            .join(", ")}.`,
        ]
      : []),
  ];
}
