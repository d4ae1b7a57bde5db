import { encodeAll } from "../../encoders/encode-all.js";
import type { Encoder } from "../../encoders/encoder.js";
import type { EvaluatorOptions } from "../../evaluation/evaluate-retrieval.js";
import { evaluateRetrieval } from "../../evaluation/evaluate-retrieval.js";
import { bootstrapInterval, type Interval } from "../../metrics/bootstrap.js";
import type { FinetunerMeasures } from "../../metrics/finetuner-measures.js";
import { pairedRandomizationTest } from "../../metrics/randomization-test.js";
import { type ChangeRow, relativeChange } from "../callbacks/evaluation.js";
import type { Side } from "../objectives/batch-task.js";
import type { FitData } from "./fit-data.js";
import { heldOutSet } from "./held-out.js";

/** A measure before and after training, each with its 95 % interval over queries, and a paired test of the difference. */
export interface ReportRow extends ChangeRow {
  beforeInterval: Interval;
  afterInterval: Interval;
  /** paired randomisation test, two-sided */
  p: number;
}

/** Values of each measure, one a query. */
type Measured = Record<string, number[]>;

/**
 * Measures an encoder on held-out data when called; `null` where the data say nothing that can be measured.
 * Rankings: the evaluator's measures among the first 20. Scored pairs: agreement with the scores, see {@link agreement}.
 */
export function heldOutMeasure(
  train: FitData,
  held: FitData,
  side: Side,
): ((encoder: Encoder) => Measured) | null {
  if (held.kind === "scored") return (encoder) => ({ squared_error: agreement(encoder, held) });
  const set = heldOutSet(train, held, side);
  return set && ((encoder) => byMeasure(set, encoder));
}

function byMeasure(set: EvaluatorOptions, encoder: Encoder): Measured {
  const { perQuery } = evaluateRetrieval(set, encoder);
  const names = Object.keys(perQuery[0]!) as (keyof FinetunerMeasures)[];
  return Object.fromEntries(names.map((name) => [name, perQuery.map((one) => one[name])]));
}

/** (cosine − score)² of each pair; smaller is better. */
function agreement(
  encoder: Encoder,
  { left, right, scores }: Extract<FitData, { kind: "scored" }>,
): number[] {
  const dim = encoder.outputDim;
  const [a, b] = [encodeAll(encoder, left, "query"), encodeAll(encoder, right, "document")];
  return Array.from(scores, (score, row) => {
    let [dot, x, y] = [0, 0, 0];
    for (let i = row * dim; i < (row + 1) * dim; i++) {
      dot += a[i]! * b[i]!;
      x += a[i]! ** 2;
      y += b[i]! ** 2;
    }
    return (dot / Math.max(Math.sqrt(x * y), 1e-12) - score) ** 2;
  });
}

/** What training brought, measure by measure. */
export function reportRows(before: Measured, after: Measured): ReportRow[] {
  return Object.keys(before).map((measure) => {
    const [first, last] = [before[measure]!, after[measure]!];
    const [beforeInterval, afterInterval] = [bootstrapInterval(first), bootstrapInterval(last)];
    return {
      measure,
      ...{ before: beforeInterval.mean, after: afterInterval.mean, beforeInterval, afterInterval },
      change: relativeChange(beforeInterval.mean, afterInterval.mean),
      p: pairedRandomizationTest(last, first).p,
    };
  });
}
