import { readMisspellings } from "../datasets/misspellings.js";
import type { Random } from "../engine/random/random.js";
import type { FeaturePipeline } from "../features/feature-pipeline.js";
import { UserError } from "../files/user-error.js";
import type { TextCleaning } from "../tokenizer/text-cleaning.js";
import { createTypos } from "../typos/create-typos.js";
import { fromRandom } from "../typos/random-source.js";
import { misspellingTable } from "../typos/real-misspellings.js";
import type { TypoModel } from "../typos/typo-model.js";
import type { PairSet } from "./pairs.js";
import type { TyposConfig } from "./sections/typos.js";

/** The typo model of a configuration; "real" reads the imported misspellings, cleaned as the texts are. */
export function trainingTypos(
  { model, misspellings_dir: folder }: TyposConfig,
  cleaning: TextCleaning,
): TypoModel {
  return createTypos(
    model,
    model === "real" ? misspellingTable(readMisspellings(folder), cleaning.clean) : null,
  );
}

/**
 * The pairs as one epoch sees them. Every distinct query is misspelled once, in its text features, whatever columns
 * these are read from; row i of the clean queries is row N + i misspelled. A drawn share of the pairs then points at
 * the misspelled row. The identity of queries and documents (`queryOf`, `documentOf`) stays, so masks and negatives do
 * not notice.
 *
 * @throws RangeError if the pairs do not hold their queries' texts
 * @param random  of this epoch alone
 */
export function misspelledPairs(
  pairs: PairSet,
  options: {
    features: FeaturePipeline;
    model: TypoModel;
    probability: number;
    augment: number;
    /** batches also carry their queries misspelled and clean */
    inThreeParts: boolean;
    random: Random;
  },
): PairSet {
  const { features, model, probability, augment, inThreeParts } = options;
  const { queryRows } = pairs;
  if (!queryRows) throw new UserError("misspelledPairs: pairs must hold their queries' texts, got none");
  const draws = fromRandom(options.random.fork("typos"));
  const choice = options.random.fork("choice");
  const distinct = queryRows.length;
  return {
    ...pairs,
    queries: features.encode([...queryRows, ...queryRows], {
      transformText: (cleaned) => model.apply(cleaned, probability, draws),
      transformFrom: distinct,
    }),
    queryRowOf: pairs.queryOf.map((query) => (choice.next() < augment ? distinct + query : query)),
    teaching: inThreeParts ? { misspelledAt: distinct } : null,
  };
}
