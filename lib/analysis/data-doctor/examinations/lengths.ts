import { type DataExamination, type DataFinding, type DoctorSettings, shown } from "../finding.js";

/** Words counted exactly; longer texts count as so many. */
const MOST = 10_000;
const LIMITS = [10, 64, 256, 512];
const SIDES = ["query", "document"] as const;

/** How long different queries and documents are, in words between white space, and what an encoder that stops early would not read. */
export const lengths: DataExamination = {
  name: "lengths",
  about: "words of queries and documents: quantiles, skew, and the share of words that a limit cuts off",
  begin(settings) {
    const histogram = { query: new Float64Array(MOST + 1), document: new Float64Array(MOST + 1) };
    const longest = { query: { words: 0, text: "" }, document: { words: 0, text: "" } };
    return {
      text(text, side) {
        const words = wordsOf(text);
        histogram[side][Math.min(words, MOST)]!++;
        if (words > longest[side].words) longest[side] = { words, text: text.slice(0, 200) };
      },
      finish: () => SIDES.flatMap((side) => lengthFinding(side, histogram[side], longest[side], settings)),
    };
  },
};

function lengthFinding(
  side: (typeof SIDES)[number],
  histogram: Float64Array,
  longest: { words: number; text: string },
  settings: DoctorSettings,
): DataFinding[] {
  const texts = histogram.reduce((sum, count) => sum + count, 0);
  if (texts === 0) return [];
  const words = histogram.reduce((sum, count, length) => sum + count * length, 0);
  const quantile = (share: number) => {
    let seen = 0;
    return histogram.findIndex((count) => (seen += count) >= share * texts);
  };
  const mean = words / texts;
  const [m2, m3] = [2, 3].map((order) =>
    histogram.reduce(
      (sum, count, length) =>
        sum + (count / texts) * (order === 2 ? 1 : length - mean) * (length - mean) * (length - mean),
      0,
    ),
  ) as [number, number];
  const skewness = m2 === 0 ? 0 : m3 / (m2 * Math.sqrt(m2));
  const cut = (limit: number) =>
    histogram.reduce((sum, count, length) => sum + count * Math.max(0, length - limit), 0);
  const over = (limit: number) =>
    histogram.reduce((sum, count, length) => sum + (length > limit ? count : 0), 0);
  const limit = side === "query" ? 10 : 64;
  const wanted = Math.max(1, quantile(0.99));
  return [
    {
      check: "lengths",
      what: `${side === "query" ? "queries" : "documents"} of more than ${limit} words (median ${quantile(0.5)}, 99 % within ${quantile(0.99)}, longest ${longest.words.toLocaleString("en")}, skewness ${skewness.toFixed(1)})`,
      outcome: over(limit) > texts / 100 ? "look" : "ok",
      count: over(limit),
      of: texts,
      unit: side === "query" ? "different queries" : "different documents",
      examples: over(limit) > 0 ? [shown(longest.text)].slice(0, settings.examples) : [],
      cost:
        over(limit) === 0
          ? null
          : `an encoder that reads ${limit} words misses ${((100 * cut(limit)) / words).toFixed(1)} % of all words`,
      mend:
        over(limit) > texts / 100
          ? {
              says: "read as many words as 99 % of the texts have",
              configuration: `text_vectorizer: { words_limit: ${wanted} }`,
            }
          : null,
      table: {
        columns: ["limit in words", "texts cut", "words not read, %"],
        rows: LIMITS.map((at) => [at, over(at), Number(((100 * cut(at)) / Math.max(1, words)).toFixed(2))]),
      },
    },
  ];
}

function wordsOf(text: string): number {
  let words = 0;
  let inside = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const isSpace = unit === 32 || (unit >= 9 && unit <= 13) || unit === 0xa0 || unit === 0x3000;
    if (!isSpace && !inside) words++;
    inside = !isSpace;
  }
  return words;
}
