import { cleanUnicode } from "../../../tokenizer/unicode-words.js";
import { type DataExamination, shown } from "../finding.js";
import { hash32 } from "../text-hash.js";

/** Documents looked at, the first ones. */
const SAMPLE = 20_000;
const WORDS = 6;
/** Words of a long text that are looked at, at its beginning and its end. */
const ENDS = 150;
const SHARE = 0.02;
const LEAST = 5;

/**
 * Runs of six words that many documents share (at least 2 % of them, and 5): delivery terms, navigation, licences. Counted in
 * the first 20,000 documents, the first and last 150 words of each.
 */
export const boilerplate: DataExamination = {
  name: "boilerplate",
  about: "runs of six words that at least 2 % of the documents share",
  begin(settings) {
    const sample: string[] = [];
    return {
      text(text, side) {
        if (side === "document" && sample.length < SAMPLE)
          sample.push(text.length > 4000 ? `${text.slice(0, 2000)} ${text.slice(-2000)}` : text);
      },
      finish() {
        const counts = new Uint16Array(2 ** 22);
        for (const text of sample)
          for (const run of runsOf(text)) counts[hash32(run) & (counts.length - 1)]!++;
        const least = Math.max(LEAST, Math.ceil(SHARE * sample.length));
        const exact = new Map<string, number>();
        const carriers: number[] = [];
        sample.forEach((text, i) => {
          const often = [...runsOf(text)].filter(
            (run) => counts[hash32(run) & (counts.length - 1)]! >= least,
          );
          for (const run of often) exact.set(run, (exact.get(run) ?? 0) + 1);
          if (often.length > 0) carriers.push(i);
        });
        const runs = [...exact].filter(([, count]) => count >= least).sort((a, b) => b[1] - a[1]);
        const known = new Set(runs.map(([run]) => run));
        const count = carriers.filter((i) => [...runsOf(sample[i]!)].some((run) => known.has(run))).length;
        return [
          {
            check: "boilerplate",
            what: `documents with a run of ${WORDS} words that at least ${least.toLocaleString("en")} documents share`,
            outcome: count === 0 ? "ok" : "look",
            count,
            of: sample.length,
            unit: "documents looked at",
            examples: apart(runs)
              .slice(0, settings.examples)
              .map(([run, times]) => `${times.toLocaleString("en")} × ${shown(run)}`),
            cost:
              count === 0
                ? null
                : "words that all documents have tell none apart, and push others out of what the encoder reads of a long text",
            mend:
              count === 0
                ? null
                : {
                    says: "take them out of the source, or let the encoder weigh words by how rare they are",
                    configuration: "model: { token_weights: idf }",
                  },
          },
        ];
      },
    };
  },
};

/** Runs that overlap are one passage: each next one must share no more than half of its words with those before. */
function apart(runs: readonly [string, number][]): [string, number][] {
  const taken: Set<string>[] = [];
  return runs.filter(([run]) => {
    const words = run.split(" ");
    if (taken.some((before) => words.filter((one) => before.has(one)).length > WORDS / 2)) return false;
    taken.push(new Set(words));
    return true;
  });
}

function runsOf(text: string): Set<string> {
  const words = cleanUnicode(text).split(" ");
  const looked = words.length <= 2 * ENDS ? [words] : [words.slice(0, ENDS), words.slice(-ENDS)];
  const runs = new Set<string>();
  for (const part of looked)
    for (let i = 0; i + WORDS <= part.length; i++) runs.add(part.slice(i, i + WORDS).join(" "));
  return runs;
}
