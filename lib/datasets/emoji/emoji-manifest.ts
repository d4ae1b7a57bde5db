import { layout } from "../dataset-layout.js";
import type { DatasetManifest } from "../manifest.js";
import type { EmojiSources } from "./sources.js";

export const emojiBuilder = { name: "emoji", version: 1 } as const;

/** Queries file of the annotator set, next to the default one. */
export const annotatorsPath = "recall_validation_queries_dataset/annotators.json";
/** Of phrases in locales that are not trained on. */
export const unseenLocalesPath = "recall_validation_queries_dataset/unseen_locales.json";
/** Of keywords that no training query has. */
export const unseenKeywordsPath = "recall_validation_queries_dataset/unseen_keywords.json";

/** What of the builder's settings the manifest tells of. */
export interface EmojiLocales {
  locales: readonly string[];
  unseenLocales?: readonly string[];
  heldOutKeywords?: number;
}

/** Everything about the emoji data set that can be said before it is built. */
export function emojiManifest(
  sources: EmojiSources,
  { locales, unseenLocales = [], heldOutKeywords = 0 }: EmojiLocales,
  withAnnotators: boolean,
): Pick<
  DatasetManifest,
  "name" | "builder" | "sources" | "licence" | "splitRule" | "notes" | "columns" | "evaluationSets"
> {
  const itemsPath = layout.items;
  const phrases = {
    name: "phrases",
    queriesPath: layout.queries,
    itemsPath,
    description:
      "two- and three-keyword phrases whose keyword set occurs in no training phrase; relevant: all emoji that carry all of the keywords; slices: number of keywords (one locale) or locale",
    judgedNegatives: false,
  };
  const annotators = {
    name: "annotators",
    queriesPath: annotatorsPath,
    itemsPath,
    description:
      "tags given by OpenMoji's contributors, minus the pairs that CLDR has as keyword or name; slices: seen or unseen as a training query (never for the same emoji)",
    judgedNegatives: false,
  };
  const inUnseenLocales = {
    name: "unseen_locales",
    queriesPath: unseenLocalesPath,
    itemsPath,
    description: `phrases as in "phrases" in locales without training queries (${unseenLocales.join(", ")}); slices: locale`,
    judgedNegatives: false,
  };
  const keywords = {
    name: "unseen_keywords",
    queriesPath: unseenKeywordsPath,
    itemsPath,
    description: `${heldOutKeywords} keywords per locale that no training query of any locale has; relevant: all emoji that carry the keyword; slices: locale`,
    judgedNegatives: false,
  };
  return {
    name: "emoji",
    builder: emojiBuilder,
    sources: [
      {
        name: `Unicode CLDR annotations (cldr-annotations-full ${sources.cldrVersion})`,
        url: "https://github.com/unicode-org/cldr-json",
        licence: "Unicode-3.0",
      },
      {
        name: `OpenMoji (openmoji ${sources.openMojiVersion})`,
        url: "https://openmoji.org",
        licence: "CC-BY-SA-4.0",
      },
    ],
    licence: "CC-BY-SA-4.0 (tags, groups and pictures from OpenMoji; keywords and names Unicode-3.0)",
    splitRule:
      "By query. Evaluation and validation phrases are drawn first, for all locales; no training phrase contains one of their keyword sets or has the same words in any order. Annotator tags equal no training phrase of several keywords; those that are a single keyword of another emoji are the slice 'seen'.",
    notes: notes(sources, locales, withAnnotators),
    columns: {
      query: {
        query_search_phrase: "keywords as typed: lower case, in any order",
        ...(locales.length > 1 ? { query_locale: "CLDR locale of the keywords" } : {}),
      },
      document: {
        document_id: "OpenMoji hexcode",
        document_name: `CLDR short name (tts), ${locales[0]}`,
        document_group: "OpenMoji group",
        document_category_id: "OpenMoji subgroup",
        document_picture: "SVG file from the workspace root",
        document_emoji: "the characters (candidate pool only)",
      },
    },
    evaluationSets: [
      phrases,
      ...(withAnnotators ? [annotators] : []),
      ...(unseenLocales.length > 0 ? [inUnseenLocales] : []),
      ...(heldOutKeywords > 0 ? [keywords] : []),
    ],
  };
}

function notes(sources: EmojiSources, locales: readonly string[], withAnnotators: boolean): string[] {
  const list = [
    "Documents are the emoji of OpenMoji's list, without skin-tone variants and extras, that CLDR names in the first locale. The others (flags, families and role variants) have neither keywords nor names of their own there, only rules that derive them.",
    "Keywords are never part of a document. Keywords without a letter or digit in any script are left out, as nothing of them is left to search for.",
    "Cleaning keeps a-z and 0-9 only: keywords in other scripts are empty after it (counted as rowsEmptyAfterCleaning). They stay in the data for vectorisers that read them.",
  ];
  if (withAnnotators)
    list.push(
      "Annotator pairs are compared with CLDR's keywords and names in lower case and cleaned. Four tags are listed twice for the same emoji: annotatorListedPairs counts them twice, annotatorPairs once.",
    );
  if (locales.length > 1)
    list.push(
      `Queries in ${locales.length} locales, document names in ${locales[0]} only. CLDR ${sources.cldrVersion} annotates other characters too (punctuation, symbols), which are no documents here.`,
    );
  return list;
}
