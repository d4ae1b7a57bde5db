import { measureFamilies } from "../metrics/measure.js";

/** What the values of a column are, by its heading; a heading may stand for its column in any table. */
const DEFINITIONS: Readonly<Record<string, string>> = {
  System: "What answered the queries.",
  system: "What answered the queries.",
  Seeds: "Trainings that differ in their random seed alone.",
  seed: "Seed of the training's random numbers.",
  set: "Queries that were asked, by name.",
  slice: "Part of these queries.",
  "typo p": "Probability that a word was misspelled.",
  queries: "Number of queries that the means are over.",
  n: "Number of queries.",
  parameters: "Trained numbers of the encoder.",
  "pairs/s": "Training pairs per second of training.",
  training: "Wall-clock time of the training steps.",
  evaluation: "Wall-clock time of the evaluations.",
  checkpoints: "Wall-clock time of writing checkpoints.",
  Slice: "Queries that share a property, and which.",
  Difference: "Mean of the per-query differences.",
  elsewhere: "The same difference on all other queries.",
  "Words that did it": "Words whose queries add most to the difference.",
  "won · tied · lost": "Queries on which the row is better, equal, worse.",
  Shown: "What of the page comes from there.",
  "Run folder": "Folder of the run, as it was named.",
  File: "File in that folder.",
  "SHA-256": "Hash of the file when the page was made.",
  query: "The query as it was asked.",
  "as meant": "Its value when spelled correctly.",
  misspelled: "Its mean value when misspelled.",
  "t-test": "Probability of such a difference if there were none (paired t-test).",
  Randomisation: "The same by random signs of the differences.",
  Holm: "Corrected for all comparisons: chance of any false one.",
  "Benjamini–Hochberg": "Corrected for the share of false ones among those found.",
  "Effect size": "Mean difference over the deviation of differences.",
  Detectable: "Smallest true difference found in four cases of five.",
};

/**
 * A sentence on a column: of a measure what it measures, with what was done to the queries; of other headings that are known
 * the one they have everywhere. Undefined for others.
 */
export function columnDefinition(label: string): string | undefined {
  if (Object.hasOwn(DEFINITIONS, label)) return DEFINITIONS[label];
  const [, name, cut, typos] =
    /^([A-Za-z0-9]+)(?:\([^()]*\))?(?:@(\d+))?(?:, typos (\d+(?:\.\d+)?))?$/.exec(label) ?? [];
  const family = measureFamilies.find((known) => known.name === name);
  if (family === undefined) return undefined;
  const summary = cut === undefined ? family.summary : family.summary.replace(/\bk\b/g, cut);
  const misspelled = typos === undefined ? "" : `; each word misspelled with probability ${typos}`;
  return `${summary[0]!.toUpperCase()}${summary.slice(1)}${misspelled}.`;
}
