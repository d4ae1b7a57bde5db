import { PartRegistry } from "../../config/part-registry.js";
import type { ChoicePart } from "./choices/choice-part.js";
import { diverseChoice } from "./choices/diverse.js";
import { nearestChoice } from "./choices/nearest.js";
import { marginChoice, uncertainChoice } from "./choices/uncertain.js";
import { inOrderChoice, randomChoice } from "./choices/unordered.js";

/** Ways to choose the next question, by kind. A new one is a line here. */
export const labelChoices = new PartRegistry<ChoicePart>("choice of questions", [
  nearestChoice,
  uncertainChoice,
  marginChoice,
  diverseChoice,
  randomChoice,
  inOrderChoice,
]);

/** Makes a choice of questions available under its kind, to `qdrl label --choice` and to code; replaces one of the same name. */
export function registerChoice(kind: string, rank: ChoicePart["rank"]): void {
  labelChoices.register({ kind, summary: "registered", settings: {}, rank });
}
