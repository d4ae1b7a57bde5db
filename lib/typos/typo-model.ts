import { UserError } from "../files/user-error.js";
import type { RandomSource } from "./random-source.js";

/** Misspells texts. Pure but for the draws it takes from `random`. */
export interface TypoModel {
  readonly name: string;
  /**
   * @param text         cleaned text
   * @param probability  per word, in [0, 1]; 0 returns the text unchanged and draws nothing
   */
  apply(text: string, probability: number, random: RandomSource): string;
}

/** Refuses what is not a probability. */
export function checkProbability(where: string, probability: number): void {
  if (!(probability >= 0 && probability <= 1))
    throw new UserError(`${where}: probability must be in [0, 1], got ${probability}`);
}
