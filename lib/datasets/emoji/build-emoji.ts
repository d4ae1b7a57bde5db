import path from "node:path";
import { Random } from "../../engine/random/random.js";
import { replaceFolder } from "../../files/replace-folder.js";
import { UserError } from "../../files/user-error.js";
import { cleanPhrase } from "../../tokenizer/clean-phrase.js";
import { type CleaningName, cleaningOf } from "../../tokenizer/text-cleaning.js";
import { layout } from "../dataset-layout.js";
import { writeJsonLines } from "../json-lines.js";
import { type DatasetManifest, readManifest, verifyFiles, writeManifest } from "../manifest.js";
import { type EvaluationQuery, queryRecord } from "../queries.js";
import type { DictionarySizes } from "../token-counts.js";
import { type AnnotatorTags, annotatorQueries, annotatorTags } from "./annotators.js";
import { type DocumentSources, emojiDocuments } from "./documents.js";
import {
  annotatorsPath,
  emojiBuilder,
  emojiManifest,
  unseenKeywordsPath,
  unseenLocalesPath,
} from "./emoji-manifest.js";
import { wordSetKey } from "./keyword-keys.js";
import { distinctKeywords, type Keyword } from "./keywords.js";
import { type CldrEntry, type EmojiSources, openEmojiSources, plainEmoji } from "./sources.js";
import { type LocaleTable, splitKeywords } from "./training-set.js";
import { keywordQueries, withholdKeywords } from "./unseen-keywords.js";
import { phraseQueries, writeDictionaries, writeItems, writeRows } from "./write-emoji.js";

export interface EmojiOptions {
  /** Folder to write; replaced when the new one is complete. */
  outDir: string;
  /** CLDR locales of the queries, or "all"; the first one names the documents. Default ["en"]. */
  locales?: readonly string[] | "all";
  /** Locales that are tested but not trained on. Default none. */
  unseenLocales?: readonly string[];
  /** Keywords per locale that are tested but in no training query. Default 0. */
  heldOutKeywords?: number;
  /** Default 42. */
  seed?: number;
  /** Phrases of two and three keywords per document and locale, at most. Default 24, fewer with many locales. */
  phrasesPerDocument?: number;
  /** Entries of the token dictionary, at most. Default 150,000 words, 10,000 bigrams, 10,000 trigrams. */
  dictionarySizes?: DictionarySizes;
  /** Only the first documents of the list, for a quick look. Default null = all. */
  maxDocuments?: number | null;
  /** Folder of the npm packages openmoji and cldr-annotations-full. Default node_modules. */
  packages?: string;
  /** Called with the number of steps done. */
  onProgress?: (done: number, total: number, step: string) => void;
}

type Settings = ReturnType<typeof withDefaults>;

/**
 * Builds the embedded data set: emoji as documents, phrases of CLDR's human keywords as queries, OpenMoji's tags as the
 * second opinion. Deterministic: equal options and package versions give equal bytes.
 *
 * @returns the manifest, with counts
 * @throws DataError or RangeError if a package is missing or a locale unknown
 */
export async function buildEmoji(options: EmojiOptions): Promise<DatasetManifest> {
  const sources = openEmojiSources(options.packages ?? "node_modules");
  const settings = withDefaults(options, sources);
  return replaceFolder(options.outDir, async (folder) =>
    writeEmoji(folder, settings, sources, options.onProgress),
  );
}

/** The data set in `outDir` if options and file sizes say that it is up to date; else it is built. */
export async function ensureEmoji(
  options: EmojiOptions,
): Promise<{ manifest: DatasetManifest; built: boolean }> {
  const sources = openEmojiSources(options.packages ?? "node_modules");
  const settings = withDefaults(options, sources);
  try {
    const manifest = readManifest(options.outDir);
    const wanted = emojiManifest(sources, settings, settings.locales.includes("en"));
    const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
    if (
      manifest !== null &&
      same(manifest.builder, emojiBuilder) &&
      same(manifest.options, { ...settings }) &&
      same(manifest.sources, wanted.sources)
    ) {
      verifyFiles(options.outDir, manifest, "size");
      return { manifest, built: false };
    }
  } catch {
    // Damaged or of another version: built again below.
  }
  return { manifest: await buildEmoji(options), built: true };
}

function withDefaults(options: EmojiOptions, sources: EmojiSources) {
  const locales = resolveLocales(options.locales ?? ["en"], sources);
  const unseen =
    (options.unseenLocales ?? []).length === 0 ? [] : resolveLocales(options.unseenLocales!, sources);
  const both = unseen.filter((locale) => locales.includes(locale));
  if (both.length > 0)
    throw new UserError(`buildEmoji: a locale must be trained or unseen, got both for ${both.join(", ")}`);
  const heldOutKeywords = options.heldOutKeywords ?? 0;
  if (!Number.isInteger(heldOutKeywords) || heldOutKeywords < 0)
    throw new UserError(`buildEmoji: heldOutKeywords must be an integer ≥ 0, got ${heldOutKeywords}`);
  return {
    locales,
    // only where they are used, so that other data sets' manifests stay as they were
    ...(unseen.length > 0 ? { unseenLocales: unseen } : {}),
    ...(heldOutKeywords > 0 ? { heldOutKeywords } : {}),
    seed: options.seed ?? 42,
    phrasesPerDocument: options.phrasesPerDocument ?? Math.max(2, Math.round(24 / Math.sqrt(locales.length))),
    dictionarySizes: options.dictionarySizes ?? { unigrams: 150_000, bigrams: 10_000, trigrams: 10_000 },
    maxDocuments: options.maxDocuments ?? null,
    packages: options.packages ?? "node_modules",
  };
}

function resolveLocales(wanted: readonly string[] | "all", sources: EmojiSources): string[] {
  if (wanted === "all") return ["en", ...sources.locales.filter((locale) => locale !== "en")];
  if (wanted.length === 0) throw new UserError("buildEmoji: at least one locale is needed, got none");
  for (const locale of wanted)
    if (!sources.locales.includes(locale))
      throw new UserError(`unknown locale "${locale}"; known: all, ${sources.locales.join(", ")}`);
  return [...new Set(wanted)];
}

function writeEmoji(
  folder: string,
  settings: Settings,
  sources: EmojiSources,
  onProgress: EmojiOptions["onProgress"],
): DatasetManifest {
  const { locales, unseenLocales = [], heldOutKeywords = 0 } = settings;
  const total = 2 * locales.length + unseenLocales.length + 4;
  let steps = 0;
  const step = (name: string) => onProgress?.(++steps, total, name);
  const names = sources.readLocale(locales[0]!);
  const source = emojiDocuments(sources, settings.packages, locales[0]!, names, settings.maxDocuments);
  const tags = locales.includes("en")
    ? annotators(source, locales[0] === "en" ? names : sources.readLocale("en"))
    : null;
  const counts: Record<string, number> = {
    keywordPairs: 0,
    keywordPairsOfAllCharacters: 0,
    keywordsWithoutLetters: 0,
  };
  const readTables = (wanted: readonly string[], into: Record<string, number>) =>
    wanted.flatMap((locale): LocaleTable[] => {
      const found = readTable(locale, source, sources.readLocale(locale), into);
      step(`keywords ${locale}`);
      return found.table.some((keywords) => keywords.length > 0) ? [found] : [];
    });
  const full = readTables(locales, counts);
  const untrained = readTables(unseenLocales, { ...counts });
  const unseen = withholdKeywords(full, untrained, heldOutKeywords, new Random(settings.seed));
  const { tables } = unseen;
  const cleaning = cleaningFor([...full, ...untrained]);
  const split = splitKeywords(tables, {
    seed: settings.seed,
    evaluation: Math.max(20, Math.ceil(2000 / tables.length)),
    validation: Math.max(20, Math.ceil(2000 / tables.length)),
    phrasesPerDocument: settings.phrasesPerDocument,
    watched: new Set([...[...(tags?.queries.keys() ?? [])].map(wordSetKey), ...unseen.wordSets]),
    untrained,
    onLocale: (done) => step(`phrases ${tables[done - 1]!.locale}`),
  });
  writeItems(folder, source.documents);
  writeRows(folder, source.documents, tables, split, locales.length > 1);
  step("rows");
  const phrases = phraseQueries(source.documents, tables, split.heldOut, locales.length > 1);
  writeJsonLines(path.join(folder, layout.queries), phrases.map(queryRecord));
  if (untrained.length > 0) {
    const queries = phraseQueries(source.documents, untrained, split.untrained, true);
    writeJsonLines(path.join(folder, unseenLocalesPath), queries.map(queryRecord));
    counts["unseenLocaleQueries"] = queries.length;
  }
  if (heldOutKeywords > 0) {
    const queries = keywordQueries(source.documents, unseen.drawn);
    writeJsonLines(path.join(folder, unseenKeywordsPath), queries.map(queryRecord));
    counts["unseenKeywordQueries"] = queries.length;
  }
  const localeField = (locale: string): Record<string, string> =>
    locales.length > 1 ? { query_locale: locale } : {};
  const annotated = annotatorQueries(tags ?? { queries: new Map(), listedPairs: 0 }, split.seen, (text) => ({
    query_search_phrase: text,
    ...localeField("en"),
  }));
  if (tags !== null) writeJsonLines(path.join(folder, annotatorsPath), annotated.map(queryRecord));
  step("queries");
  Object.assign(
    counts,
    writeDictionaries(folder, source.documents, split, settings.dictionarySizes, cleaning),
  );
  step("dictionaries");
  Object.assign(counts, {
    documents: source.documents.length,
    emojiWithoutNameAndKeywords: source.unnamed,
    documentsWithoutPicture: source.documents.filter((document) => document.document_picture === "").length,
    locales: tables.length,
    trainingRows: split.training.texts.length,
    trainingRowsOfOneKeyword: split.training.singles,
    validationRows: split.heldOut.reduce((sum, held) => sum + held.validation.length, 0),
    rowsEmptyAfterCleaning: split.training.texts.filter((text) => cleaningOf(cleaning).clean(text) === "")
      .length,
    phraseQueries: phrases.length,
    phrasePairs: pairsOf(phrases),
    annotatorQueries: annotated.length,
    annotatorPairs: pairsOf(annotated),
    annotatorListedPairs: tags?.listedPairs ?? 0,
    annotatorQueriesUnseen: annotated.filter((query) => query.slice === "unseen").length,
  });
  const manifest = writeManifest(folder, {
    ...emojiManifest(sources, settings, tags !== null),
    options: { ...settings },
    cleaning,
    counts,
  });
  step("manifest");
  return manifest;
}

/** The published cleaning, unless it would leave nothing of most keywords of some locale. */
function cleaningFor(tables: readonly LocaleTable[]): CleaningName {
  const lost = (keywords: readonly Keyword[]) =>
    keywords.filter(({ text }) => cleanPhrase(text) === "").length;
  return tables.some(({ table }) => 2 * lost(table.flat()) > table.flat().length) ? "unicode" : "published";
}

function annotators(source: DocumentSources, english: ReadonlyMap<string, CldrEntry>): AnnotatorTags {
  return annotatorTags(
    source.entries.map((entry) => {
      const known = english.get(plainEmoji(entry.emoji));
      return {
        id: entry.hexcode,
        tags: entry.annotatorTags,
        known: [...(known?.keywords ?? []), known?.name ?? ""],
      };
    }),
  );
}

function readTable(
  locale: string,
  source: DocumentSources,
  annotations: ReadonlyMap<string, CldrEntry>,
  counts: Record<string, number>,
): LocaleTable {
  for (const { keywords } of annotations.values()) counts["keywordPairsOfAllCharacters"]! += keywords.length;
  const table = source.entries.map((entry) => {
    const raw = annotations.get(plainEmoji(entry.emoji))?.keywords ?? [];
    const keywords = distinctKeywords(raw);
    counts["keywordPairs"]! += keywords.length;
    counts["keywordsWithoutLetters"]! += raw.filter((text) => !/[\p{L}\p{N}]/u.test(text)).length;
    return keywords;
  });
  return { locale, table };
}

function pairsOf(queries: readonly EvaluationQuery[]): number {
  return queries.reduce((sum, query) => sum + query.relevantIds.length, 0);
}
