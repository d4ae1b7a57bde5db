import { type BarSeries, bars } from "../../reporting/figures/bars.js";
import type { Figure } from "../../reporting/figures/theme.js";
import { formatDelta, formatP } from "../../reporting/results-table-view.js";
import { plainTable, type Table, type TableCell } from "../../reporting/table.js";
import type { AblationEffect, EffectKind } from "./ablation-effects.js";
import type { LoadedAblation } from "./load-ablation.js";

const ALPHA = 0.05;

const kinds: Record<EffectKind, string> = {
  left_out: "left out",
  alone: "alone",
  average: "on average",
  interaction: "interaction",
};

/**
 * What every part brings, in one table: differences with 95 % intervals and marks of the corrected tests.
 *
 * @param labels  of the measures, as the effects have them
 */
export function effectsTable(
  study: LoadedAblation,
  effects: readonly AblationEffect[],
  labels: readonly string[],
  about: { set: string; queries: number; seeds: number },
): Table {
  const rows = effects.map((effect) => [
    partsOf(study, effect),
    kinds[effect.kind],
    ...effect.tests.map(
      (test): TableCell => ({
        text: formatDelta(test.difference, 3),
        detail: `[${formatDelta(test.low, 3)}, ${formatDelta(test.high, 3)}], p ${formatP(test.adjustedP)}`,
        mark: test.adjustedP > ALPHA ? "same" : test.difference > 0 ? "better" : "worse",
      }),
    ),
  ]);
  const { queries, seeds, set } = about;
  const notes = [
    `What a part brings, above 0 where it helps. Left out: ${study.rows[0]!.name} minus the row without it; alone: it by itself minus none. ${queries.toLocaleString("en")} queries of ${set}, ${seeds} ${seeds === 1 ? "seed" : "seeds"}.`,
    `Brackets are 95 % intervals of paired t-tests over ${seeds === 1 ? "queries, which speak of these weights" : "queries and seeds"}; p corrected together for ${effects.length * labels.length} tests (Holm).`,
    ...interactionNote(effects),
    ...designNotes(study),
  ];
  return plainTable(["Part", "Compared", ...labels], rows, { title: study.config.title, notes });
}

/** "a × b" of an interaction. */
export function partsOf({ config }: LoadedAblation, { parts }: { parts: readonly number[] }): string {
  return partNames(config, parts);
}

function interactionNote(effects: readonly AblationEffect[]): string[] {
  return effects.some(({ kind }) => kind === "interaction")
    ? [
        "Interaction: what a part brings beside the other minus what it brings without it; below 0, the two do the same work.",
      ]
    : [];
}

/** The design in words, with its aliases: what it cannot tell apart. */
export function designNotes({ factorial, config }: LoadedAblation): string[] {
  if (factorial === null) return [];
  const { rows, resolution, aliases } = factorial.design;
  const parts = config.parts.length;
  if (aliases.length === 0)
    return [
      resolution === Number.POSITIVE_INFINITY
        ? `On average: over all ${rows.length} combinations.`
        : `On average: over ${rows.length} of ${1 << parts} combinations, a fraction of resolution ${roman(resolution)}; single parts and pairs are aliased with larger groups only.`,
    ];
  const named = aliases.map((group) => group.map((effect) => partNames(config, effect)).join(" = "));
  return [
    `On average: over ${rows.length} of ${1 << parts} combinations, a fraction of resolution ${roman(resolution)}. Aliased, so measured as one: ${named.join("; ")}.`,
  ];
}

function partNames(config: LoadedAblation["config"], effect: readonly number[]): string {
  return effect.map((part) => config.parts[part]!.name).join(" × ");
}

function roman(resolution: number): string {
  return ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII"][resolution] ?? String(resolution);
}

/** Bars of what every part brings by one measure. */
export function effectsFigure(
  study: LoadedAblation,
  effects: readonly AblationEffect[],
  measure: number,
  label: string,
): Figure {
  const labels = [...new Set(effects.map((effect) => partsOf(study, effect)))];
  const present = [...new Set(effects.map(({ kind }) => kind))];
  const series = present.map(
    (kind): BarSeries => ({
      name: kinds[kind],
      values: labels.map((name) => {
        const found = effects.find((effect) => effect.kind === kind && partsOf(study, effect) === name);
        const test = found?.tests[measure];
        return test === undefined ? null : { mean: test.difference, low: test.low, high: test.high };
      }),
    }),
  );
  return bars(labels, series, { valueTitle: `${label}: what a part brings`, horizontal: true });
}
