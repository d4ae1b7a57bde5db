import { partialMeasures } from "../metrics/partial-measures.js";
import type { RecallValidationConfig } from "./sections/evaluation.js";

/** The further measures of an evaluation: those named, or where further judgements are counted those of partial ones. */
export function askedMeasures({
  measures,
  judgements,
}: Pick<RecallValidationConfig, "measures" | "judgements">): string[] {
  return judgements === null ? measures : partialMeasures(measures);
}
