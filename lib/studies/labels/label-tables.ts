import type { Interval } from "../../metrics/bootstrap.js";
import { intervalCurve } from "../../reporting/figures/interval-curve.js";
import type { Figure } from "../../reporting/figures/theme.js";
import type { ReportPage } from "../../reporting/html-page.js";
import { formatDelta, formatP } from "../../reporting/results-table-view.js";
import { plainTable, type Table, type TableCell } from "../../reporting/table.js";
import type { LabelStudy } from "./label-study.js";
import type { LabelPlan } from "./label-sweep.js";

/** The measured curve: each size, and what its labels brought over the size before. */
export function curveTable(plan: LabelPlan, { points, labelsPerHour }: LabelStudy): Table {
  const seeds = points[0]!.runs.length;
  return plainTable(
    ["training queries", "labels", measureOf(plan), "gain", "per 100 labels", "per 60 minutes"],
    points.map(({ queries, labels, gain, ...value }) => [
      queries,
      Math.round(labels),
      valueCell(value),
      gain === null
        ? "–"
        : {
            ...deltaCell({ mean: gain.difference, low: gain.low, high: gain.high }),
            mark:
              gain.p > 0.05
                ? ("same" as const)
                : gain.difference > 0
                  ? ("better" as const)
                  : ("worse" as const),
            hint: `p ${formatP(gain.p)}`,
          },
      gain === null ? "–" : deltaCell(gain.perHundredLabels, 4),
      gain === null ? "–" : deltaCell(gain.perHour, 4),
    ]),
    {
      title: plan.sweep.title,
      notes: [
        `${plan.set}, ${seeds} ${seeds === 1 ? "seed" : "seeds"}; a seed draws its training queries, a smaller number is a part of a larger one. Brackets are 95 % intervals${seeds === 1 ? " over queries" : " over queries and seeds"}; gains are paired by query, against the size before. Minutes are of labelling, at ${labelsPerHour} labels an hour.`,
      ],
    },
  );
}

/** What more labels are expected to bring. */
export function forecastTable(plan: LabelPlan, { forecasts, needed, checks, points }: LabelStudy): Table {
  const now = points.at(-1)!.queries.toLocaleString("en");
  const checked = checks.map(
    ({ queries, expected, measured, covered }) =>
      `${queries.toLocaleString("en")} queries were expected at ${shown(expected)} and measured ${measured.toFixed(3)}, ${covered ? "inside" : "OUTSIDE"}`,
  );
  return plainTable(
    ["training queries", "labels", `expected ${measureOf(plan)}`, `gain over ${now}`, "hours of labelling"],
    forecasts.map(({ queries, labels, hours, value, gain }) => [
      queries,
      Math.round(labels),
      valueCell(value),
      deltaCell(gain),
      hours.toFixed(hours < 10 ? 1 : 0),
    ]),
    {
      title: "More labels",
      notes: [
        "Inverse power laws drawn from what seeds and queries leave open; median, and 95 % of the curves.",
        checked.length === 0
          ? "No size could be held out to check it."
          : `Checked, each size from the smaller ones alone: ${checked.join("; ")}.`,
        `For ${formatDelta(needed.difference, 3)}: ${countRange(needed.labels)} labels more, ${countRange(needed.hours)} hours.`,
      ],
    },
  );
}

/** What test queries can show. */
export function powerTable(plan: LabelPlan, { power, needed, points }: LabelStudy): Table {
  const seeds = points[0]!.runs.length;
  const several = seeds > 1;
  return plainTable(
    ["test queries", ...(several ? [`smallest difference, ${seeds} seeds each`] : []), "one run each"],
    power.rows.map(({ testQueries, means, single }) => [
      testQueries,
      ...(several ? [means.toFixed(4)] : []),
      single.toFixed(4),
    ]),
    {
      title: `What test queries can show, ${measureOf(plan)}`,
      notes: [
        `True difference that a two-sided paired t-test at 5 % finds in four cases of five. From the per-query differences of the two largest sizes (standard deviation ${power.sd.single.toFixed(3)} of one run each); systems that are less alike need more.`,
        `For a difference of ${needed.difference}: ${humanSize(power.needed.single)} test queries with one run each${several ? `, ${humanSize(power.needed.means)} with ${seeds} seeds` : ""}; there are ${power.testQueries.toLocaleString("en")}.`,
      ],
    },
  );
}

/** The curve with what is expected beyond it. */
export function labelFigure(plan: LabelPlan, { points, forecasts }: LabelStudy): Figure {
  const last = points.at(-1)!;
  return intervalCurve(
    [
      { name: "measured", points: points.map((point) => ({ x: point.queries, ...pick(point) })) },
      {
        name: "expected",
        points: [
          { x: last.queries, ...pick(last) },
          ...forecasts.map(({ queries, value }) => ({ x: queries, ...pick(value) })),
        ],
      },
    ],
    {
      xTitle: "training queries",
      yTitle: measureOf(plan),
      logarithmic: true,
      tickText: (x) => x.toLocaleString("en"),
    },
  );
}

/** The page, its answer first. */
export function labelPage(plan: LabelPlan, study: LabelStudy): ReportPage {
  const tables = [curveTable(plan, study), forecastTable(plan, study), powerTable(plan, study)];
  const [curve, forecast, power] = tables.map((table) => ({ kind: "table" as const, table }));
  return {
    title: plan.sweep.title,
    eyebrow: "qdrl study labels",
    question: "How many labels are enough, and what can the test queries tell?",
    answer: labelAnswer(plan, study),
    sections: [
      {
        title: "Curve",
        blocks: [{ kind: "figure", figure: labelFigure(plan, study), title: "Learning curve" }, curve!],
      },
      { title: "More labels", blocks: [forecast!] },
      { title: "Test queries", blocks: [power!] },
      {
        title: "Runs",
        blocks: [
          { kind: "details", summary: "every size", blocks: [{ kind: "results", results: study.results }] },
        ],
      },
    ],
    sources: [],
  };
}

/** What came out, in three sentences. */
export function labelAnswer(plan: LabelPlan, { points, forecasts, needed, power }: LabelStudy): string[] {
  const last = points.at(-1)!;
  const [next] = forecasts;
  return [
    `${measureOf(plan)} is ${shown(last)} with ${last.queries.toLocaleString("en")} training queries (${Math.round(last.labels).toLocaleString("en")} labels).`,
    ...(next === undefined
      ? []
      : [
          `With ${next.queries.toLocaleString("en")} it would be about ${shown(next.value)}; ${formatDelta(needed.difference, 3)} takes ${countRange(needed.labels)} labels more.`,
        ]),
    `${power.testQueries.toLocaleString("en")} test queries show a difference of ${power.rows.find(({ testQueries }) => testQueries === power.testQueries)!.single.toFixed(3)} between two runs.`,
  ];
}

function measureOf({ measure, typo, set }: LabelPlan): string {
  return `${measure}${typo === 0 ? "" : `, typos ${typo}`} (${set})`;
}

function pick({ mean, low, high }: Interval): Interval {
  return { mean, low: Math.min(low, mean), high: Math.max(high, mean) };
}

function shown({ mean, low, high }: Interval): string {
  return `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

function valueCell({ mean, low, high }: Interval): TableCell {
  return { text: mean.toFixed(3), detail: `[${low.toFixed(3)}, ${high.toFixed(3)}]` };
}

function deltaCell({ mean, low, high }: Interval, decimals = 3): TableCell {
  return {
    text: formatDelta(mean, decimals),
    detail: `[${formatDelta(low, decimals)}, ${formatDelta(high, decimals)}]`,
  };
}

function countRange({ mean, low, high }: Interval): string {
  return Number.isFinite(mean)
    ? `about ${humanSize(mean)} [${humanSize(low)}, ${humanSize(high)}]`
    : `at least ${humanSize(low)}, and perhaps any number of`;
}

/** Two significant digits, as forecasts have no more. */
function humanSize(value: number): string {
  return Number.isFinite(value)
    ? Number(value.toPrecision(2)).toLocaleString("en", { maximumFractionDigits: 2 })
    : "∞";
}
