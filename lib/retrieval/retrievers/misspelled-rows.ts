import { MersenneTwister } from "../../engine/random/mersenne-twister.js";
import type { Row } from "../../experiment/evaluation-set.js";
import { ownEntry } from "../../files/own-entry.js";
import { fromMersenneTwister } from "../../typos/random-source.js";
import type { TypoModel } from "../../typos/typo-model.js";

const TYPO_SEED = 42;

/** The queries' rows with their text columns prepared (cleaned) and, at a probability above 0, misspelled. */
export function misspelledRows(
  queries: readonly { fields: Row }[],
  textColumns: readonly string[],
  probability: number,
  typos: TypoModel,
  prepare: (text: string) => string,
): Row[] {
  const random = fromMersenneTwister(new MersenneTwister(TYPO_SEED));
  return queries.map(({ fields }) => {
    const row = { ...fields };
    for (const column of textColumns)
      row[column] = typos.apply(prepare(ownEntry(row, column) ?? ""), probability, random);
    return row;
  });
}
