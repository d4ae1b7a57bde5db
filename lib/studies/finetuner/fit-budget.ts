import { UserError } from "../../files/user-error.js";
import type { Interval } from "../../metrics/bootstrap.js";
import { intervalCurve } from "../../reporting/figures/interval-curve.js";
import type { Figure } from "../../reporting/figures/theme.js";
import { plainTable, type Table } from "../../reporting/table.js";
import type { CsvDocumentOptions } from "../../training/fit/csv-documents.js";
import { readDocumentFile } from "../../training/fit/document-files.js";
import { fit } from "../../training/fit/fit.js";
import type { FitOptions } from "../../training/fit/fit-options.js";

/** Improvement over the untrained model, by what it cost. */
export interface Returns {
  /** (tuned − untrained) / untrained */
  relativeImprovement: number;
  perItem: number;
  perSecond: number;
}

/**
 * Relative improvement divided by the investment.
 *
 * @throws UserError unless all are positive
 * @see specs/4-finetuner.md section 8.6, vector roi
 */
export function returnOnInvestment(spent: {
  pretrained: number;
  finetuned: number;
  labelledItems: number;
  seconds: number;
}): Returns {
  const { pretrained, finetuned, labelledItems, seconds } = spent;
  if (!(pretrained > 0 && labelledItems > 0 && seconds > 0))
    throw new UserError(
      `returnOnInvestment: quality before, items and seconds must be > 0, got ${pretrained}, ${labelledItems}, ${seconds}`,
    );
  const relativeImprovement = (finetuned - pretrained) / pretrained;
  return {
    relativeImprovement,
    perItem: relativeImprovement / labelledItems,
    perSecond: relativeImprovement / seconds,
  };
}

/** One fit of a budget study. */
export interface BudgetPoint extends Returns {
  labels: number;
  epochs: number;
  seconds: number;
  before: number;
  after: Interval;
}

/**
 * What labels and epochs bring: fits on the first rows of a file, each from the start, measured on the same held-out file.
 *
 * @param options  of fit; trainData and evalData are files
 * @param budgets  rows and epochs of each fit
 */
export async function fitBudget(
  options: FitOptions & { evalData: string; trainData: string },
  budgets: readonly { labels: number; epochs: number }[],
  measure = "reciprocal_rank",
): Promise<BudgetPoint[]> {
  const points: BudgetPoint[] = [];
  const { csvOptions = {} as CsvDocumentOptions, trainData, evalData } = options;
  const held = await readDocumentFile(evalData, csvOptions);
  for (const { labels, epochs } of budgets) {
    const documents = await readDocumentFile(trainData, { ...csvOptions, size: labels });
    if (documents.length < labels)
      throw new UserError(`fitBudget: ${trainData} must have ${labels} rows, got ${documents.length}`);
    const { csvOptions: _read, ...rest } = options;
    let began = 0;
    let seconds = 0;
    const clock = {
      name: "clock",
      on: {
        fit_begin: () => void (began = performance.now()),
        fit_end: () => void (seconds = (performance.now() - began) / 1000),
      },
    };
    const { report } = await fit({
      ...{ ...rest, trainData: documents, evalData: held, epochs, report: true },
      callbacks: [...(options.callbacks ?? []), clock],
    });
    const row = report!.find((one) => one.measure === measure);
    if (!row)
      throw new UserError(
        `fitBudget: measure must be one of ${report!.map((one) => one.measure).join(", ")}, got "${measure}"`,
      );
    const returns = returnOnInvestment({
      ...{ pretrained: row.before, finetuned: row.after, labelledItems: labels, seconds },
    });
    points.push({ ...returns, labels, epochs, seconds, before: row.before, after: row.afterInterval });
  }
  return points;
}

/** What each budget brought, as the talk's table of returns. */
export function budgetTable(points: readonly BudgetPoint[], measure = "reciprocal_rank"): Table {
  return plainTable(
    [
      "labels",
      "epochs",
      "seconds",
      `${measure.replaceAll("_", " ")} before`,
      "after",
      "change",
      "% per 100 labels",
      "% per second",
    ],
    points.map(({ labels, epochs, seconds, before, after, relativeImprovement, perItem, perSecond }) => [
      ...[labels, epochs, Number(seconds.toFixed(2)), before.toFixed(3)],
      { text: after.mean.toFixed(3), detail: `[${after.low.toFixed(3)}, ${after.high.toFixed(3)}]` },
      ...[
        (100 * relativeImprovement).toFixed(0),
        (10_000 * perItem).toFixed(1),
        (100 * perSecond).toFixed(1),
      ].map((text) => `${text} %`),
    ]),
    { notes: ["Each fit starts anew; all are measured on the same held-out rows."] },
  );
}

/** Quality by labels, or by seconds of training. */
export function budgetFigure(
  points: readonly BudgetPoint[],
  by: "labels" | "seconds",
  measure = "reciprocal_rank",
): Figure {
  return intervalCurve([{ name: "", points: points.map((point) => ({ x: point[by], ...point.after })) }], {
    xTitle: by === "labels" ? "labelled rows" : "seconds of training",
    yTitle: measure.replaceAll("_", " "),
    logarithmic: true,
  });
}
