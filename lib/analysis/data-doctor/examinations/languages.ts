import { type DataExamination, type DataFinding, type DoctorSettings, shown } from "../finding.js";
import { LanguageGuesser, scriptOf } from "../guess-language.js";

/** Texts of a side whose language is guessed, the first ones that are long enough. */
const GUESSED = 5000;
const SIDES = ["query", "document"] as const;

/** Scripts of all different texts, languages of the first 5,000 that are long enough to tell. */
export const languages: DataExamination = {
  name: "languages",
  about: "scripts and languages of queries and documents, and queries in a script that no document has",
  begin(settings) {
    const byScript = { query: new Map<string, string[]>(), document: new Map<string, string[]>() };
    const counts = { query: new Map<string, number>(), document: new Map<string, number>() };
    const tongues = { query: new Map<string, string[]>(), document: new Map<string, string[]>() };
    const spoken = { query: new Map<string, number>(), document: new Map<string, number>() };
    const asked = { query: 0, document: 0 };
    const guesser = new LanguageGuesser();
    const count = (
      into: Map<string, number>,
      examples: Map<string, string[]>,
      name: string,
      text: string,
    ) => {
      into.set(name, (into.get(name) ?? 0) + 1);
      const kept = examples.get(name) ?? [];
      if (kept.length < settings.examples) examples.set(name, [...kept, text.slice(0, 200)]);
    };
    return {
      text(text, side) {
        count(counts[side], byScript[side], scriptOf(text) ?? "no letters", text);
        if (asked[side] >= GUESSED) return;
        const language = guesser.guess(text);
        if (language === null) return;
        asked[side]++;
        count(spoken[side], tongues[side], language, text);
      },
      finish: () => [
        ...foreignScripts(counts, byScript, settings),
        ...SIDES.flatMap((side) => otherLanguages(side, spoken[side], tongues[side], settings)),
      ],
    };
  },
};

function foreignScripts(
  counts: Record<"query" | "document", Map<string, number>>,
  examples: Record<"query" | "document", Map<string, string[]>>,
  settings: DoctorSettings,
): DataFinding[] {
  const of = sum(counts.query);
  if (of === 0 || counts.document.size === 0) return [];
  const foreign = [...counts.query].filter(
    ([script]) => script !== "no letters" && !counts.document.has(script),
  );
  const count = foreign.reduce((total, [, queries]) => total + queries, 0);
  return [
    {
      check: "languages",
      what: "queries in a script that no document has",
      outcome: count === 0 ? "ok" : "look",
      count,
      of,
      unit: "different queries",
      examples: foreign
        .flatMap(([script]) => examples.query.get(script)!.map((text) => `${script}: ${shown(text)}`))
        .slice(0, settings.examples),
      cost:
        count === 0
          ? null
          : "no word of theirs is in a document: BM25 finds nothing, an encoder what training taught by heart",
      mend:
        count === 0
          ? null
          : {
              says: "read characters' n-grams, and give documents their names in that script",
              configuration: "text_vectorizer: { type: subword, min_length: 2, max_length: 4 }",
            },
      table: {
        columns: ["script", "queries, %", "documents, %"],
        rows: [...new Set([...counts.query.keys(), ...counts.document.keys()])]
          .sort((a, b) => (counts.document.get(b) ?? 0) - (counts.document.get(a) ?? 0))
          .map((script) => [script, percent(counts.query, script), percent(counts.document, script)]),
      },
    },
  ];
}

function otherLanguages(
  side: (typeof SIDES)[number],
  counts: ReadonlyMap<string, number>,
  examples: ReadonlyMap<string, string[]>,
  settings: DoctorSettings,
): DataFinding[] {
  const of = sum(counts);
  if (of < 20) return [];
  const order = [...counts].sort((a, b) => b[1] - a[1]);
  const [main] = order[0]!;
  const others = of - counts.get(main)!;
  const shownOthers = order.slice(1).flatMap(([language]) =>
    examples
      .get(language)!
      .slice(0, 2)
      .map((text) => `${language}: ${shown(text)}`),
  );
  return [
    {
      check: "languages",
      what: `${side === "query" ? "queries" : "documents"} in another language than ${main} (of the first 5,000 that leave no doubt)`,
      outcome: others > of / 10 ? "look" : "ok",
      count: others,
      of,
      unit: `${side === "query" ? "queries" : "documents"} guessed`,
      examples: shownOthers.slice(0, settings.examples),
      cost:
        others > of / 10
          ? "stemmers and stop words are of one language, and words are shared by chance"
          : null,
      mend:
        others > of / 10
          ? {
              says: "read words of any script, without a stemmer",
              configuration: "text: { cleaning: unicode }",
            }
          : null,
      table: {
        columns: ["language", "share, %"],
        rows: order.slice(0, 12).map(([language]) => [language, percent(counts, language)]),
      },
    },
  ];
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function percent(counts: ReadonlyMap<string, number>, name: string): number {
  return Number(((100 * (counts.get(name) ?? 0)) / Math.max(1, sum(counts))).toFixed(2));
}
