import { type CleaningName, cleaningOf } from "../tokenizer/text-cleaning.js";
import { fromRandom } from "../typos/random-source.js";
import { trainingTypos } from "./misspelled-pairs.js";
import type { TyposConfig } from "./sections/typos.js";
import type { StreamMisspelling } from "./stream/row-misspelling.js";

/**
 * The misspelling of streamed queries that a configuration asks for. Every row draws for itself, where pairs in memory
 * have one misspelling for each distinct query and epoch: the same distribution of a pair's query, other draws.
 *
 * @throws RangeError for an unknown typo model, or "real" without the imported misspellings
 */
export function streamTypos(typos: TyposConfig, cleaning: CleaningName): StreamMisspelling {
  const { probability, augment, from_epoch: fromEpoch, self_teaching, contrastive } = typos;
  const model = trainingTypos(typos, cleaningOf(cleaning));
  return {
    fromEpoch,
    teaching: self_teaching > 0 || contrastive > 0,
    make: (random) => {
      const draws = fromRandom(random.fork("typos"));
      const choice = random.fork("choice");
      return {
        chooses: () => choice.next() < augment,
        apply: (cleaned) => model.apply(cleaned, probability, draws),
      };
    },
    worker: "lib/experiment/stream-typos-worker.ts",
    workerData: { typos, cleaning },
  };
}
