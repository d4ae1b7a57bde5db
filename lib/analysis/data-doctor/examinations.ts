import { batchFalseNegatives } from "./examinations/batch-false-negatives.js";
import { boilerplate } from "./examinations/boilerplate.js";
import { conflictingLabels } from "./examinations/conflicting-labels.js";
import { documentLeakage } from "./examinations/document-leakage.js";
import { duplicates } from "./examinations/duplicates.js";
import { emptyTexts } from "./examinations/empty-texts.js";
import { encoding } from "./examinations/encoding.js";
import { judgementHoles } from "./examinations/judgement-holes.js";
import { languages } from "./examinations/languages.js";
import { lengths } from "./examinations/lengths.js";
import { popularity } from "./examinations/popularity.js";
import { publicOverlap } from "./examinations/public-overlap.js";
import { queryLeakage } from "./examinations/query-leakage.js";
import { suspects } from "./examinations/suspects.js";
import { unanswerable } from "./examinations/unanswerable.js";
import type { DataExamination } from "./finding.js";

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
