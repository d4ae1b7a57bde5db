import { batchFalseNegatives } from "./batch-false-negatives.js";
import { boilerplate } from "./boilerplate.js";
import { conflictingLabels } from "./conflicting-labels.js";
import { documentLeakage } from "./document-leakage.js";
import { duplicates } from "./duplicates.js";
import { emptyTexts } from "./empty-texts.js";
import { encoding } from "./encoding.js";
import type { DataExamination } from "./finding.js";
import { judgementHoles } from "./judgement-holes.js";
import { languages } from "./languages.js";
import { lengths } from "./lengths.js";
import { popularity } from "./popularity.js";
import { publicOverlap } from "./public-overlap.js";
import { queryLeakage } from "./query-leakage.js";
import { suspects } from "./suspects.js";
import { unanswerable } from "./unanswerable.js";

/** Every examination, in the order of the report. */
export const dataExaminations: readonly DataExamination[] = [
  queryLeakage,
  documentLeakage,
  duplicates,
  conflictingLabels,
  emptyTexts,
  boilerplate,
  encoding,
  languages,
  lengths,
  popularity,
  judgementHoles,
  unanswerable,
  batchFalseNegatives,
  suspects,
  publicOverlap,
];
