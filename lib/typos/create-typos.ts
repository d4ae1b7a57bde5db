import { UserError } from "../files/user-error.js";
import { keyboardLayouts, keyboardTypos } from "./keyboard-typos.js";
import {
  deletionTypos,
  doublingTypos,
  insertionTypos,
  phoneticTypos,
  transpositionTypos,
  vowelTypos,
} from "./letter-typos.js";
import { qwertyTypos } from "./qwerty-typos.js";
import { type MisspellingTable, realMisspellings } from "./real-misspellings.js";
import { spacingTypos } from "./spacing-typos.js";
import { typingLanguages, typingTypos } from "./typing-typos.js";
import type { TypoModel } from "./typo-model.js";

const models = new Map<string, TypoModel>(
  [
    qwertyTypos,
    insertionTypos,
    doublingTypos,
    deletionTypos,
    transpositionTypos,
    vowelTypos,
    phoneticTypos,
    spacingTypos,
    ...keyboardLayouts.map(keyboardTypos),
    ...typingLanguages.map(typingTypos),
  ].map((model) => [model.name, model]),
);

/** Names that {@link createTypos} knows; "real" needs a table of misspellings. */
export function typoModelNames(): string[] {
  return [...models.keys(), "real"];
}

/**
 * Names of the kinds that English texts can have: all but other languages' keyboards, whose letters most texts lack, and
 * "real".
 */
export function usualTypoModels(): string[] {
  return [...models.keys()].filter((name) => !name.startsWith("typing-") || name === "typing-english");
}

/**
 * A typo model by name. "qwerty" is the thesis' generator (slips, deletions and transpositions together).
 *
 * @param misspellings  what "real" draws from
 * @throws RangeError for an unknown name, listing the known ones, or "real" without misspellings
 */
export function createTypos(name: string, misspellings: MisspellingTable | null = null): TypoModel {
  if (name === "real") {
    if (misspellings === null)
      throw new UserError(
        'typo model "real" needs the misspellings; import them with: npm run qdrl -- data import typos',
      );
    return realMisspellings(misspellings);
  }
  const model = models.get(name);
  if (!model) throw new UserError(`unknown typo model "${name}"; known: ${typoModelNames().join(", ")}`);
  return model;
}
