import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { DataError } from "../files/data-error.js";
import { makeFolder } from "../files/make-folder.js";
import { type CleaningName, cleaningOf } from "../tokenizer/text-cleaning.js";
import { writeDictionary } from "./dictionary-file.js";
import { listPartFiles, readPartChunks } from "./part-files.js";
import { emptyReadReport, mergeReports, type ReadLimits, type ReadReport } from "./read-report.js";
import { SpillingCounts } from "./spilling-counts.js";
import { countableTokens, type DictionarySizes, numberByFrequency, type TokenKind } from "./token-counts.js";
import { TrigramCounts } from "./trigram-counts.js";

interface CountOptions extends ReadLimits {
  /** Folders of part-files, or part-files. */
  sources: readonly string[];
  /** Columns whose texts are counted, all together. */
  columns: readonly string[];
  /** Folder that gets dictionary.json. */
  outDir: string;
  /** Different keys of a kind held in memory before they go to files. Default 1,000,000, about 100 MB. */
  maxKeys?: number;
  /** Where those files go. Default: the system's folder for temporary files. */
  scratchDir?: string;
  /** Called after each chunk with the rows so far. */
  onProgress?: (rows: number, file: string) => void;
}

export interface DictionaryOptions extends CountOptions {
  /** Most entries per kind; 0 leaves a kind out. */
  sizes: DictionarySizes;
  /** How texts become words. Default "published". */
  cleaning?: CleaningName;
}

export interface DictionaryResult {
  /** Entries written. */
  entries: number;
  /** Different tokens (or values) met, by kind. */
  distinct: Record<string, number>;
  report: ReadReport;
}

/**
 * Builds a token dictionary from part-files: cleans, tokenises, counts exactly, keeps the most frequent of each kind
 * (ties by code units) and numbers them from 1, words first. Memory does not grow with the rows: see
 * {@link SpillingCounts}.
 *
 * @throws DataError if a file cannot be read (unless `onError` is "skip") or no token was met
 * @see specs: 0-qdrl section 3.4
 */
export async function buildTokenDictionary(options: DictionaryOptions): Promise<DictionaryResult> {
  const { sizes } = options;
  const cleaning = cleaningOf(options.cleaning ?? "published");
  return withScratch(options, async (scratch, maxKeys) => {
    const unigrams = new SpillingCounts(scratch, "unigrams", maxKeys);
    const bigrams = new SpillingCounts(scratch, "bigrams", maxKeys);
    const trigrams =
      cleaning.name === "published" ? new TrigramCounts() : new SpillingCounts(scratch, "trigrams", maxKeys);
    const report = await forEachText(options, (text) => {
      const cleaned = cleaning.clean(text);
      if (cleaned === "") return;
      const tokens = (kind: TokenKind) => (sizes[kind] > 0 ? countableTokens(cleaned, kind, cleaning) : []);
      for (const word of tokens("unigrams")) unigrams.add(word);
      for (const bigram of tokens("bigrams")) bigrams.add(bigram);
      if (trigrams instanceof SpillingCounts) for (const trigram of tokens("trigrams")) trigrams.add(trigram);
      else if (sizes.trigrams > 0) trigrams.add(cleaned);
    });
    const words = unigrams.finish(sizes.unigrams);
    const pairs = bigrams.finish(sizes.bigrams);
    const letters = trigrams.finish(sizes.trigrams);
    const entries = numberByFrequency([words.top, pairs.top, letters.top]);
    if (entries.length === 0)
      throw new DataError(`${options.sources[0]}: texts must have at least one token, got none`);
    writeDictionary(options.outDir, "token", entries);
    const distinct = { unigrams: words.distinct, bigrams: pairs.distinct, trigrams: letters.distinct };
    return { entries: entries.length, distinct, report };
  });
}

async function withScratch<T>(
  { scratchDir = os.tmpdir(), maxKeys = 1_000_000 }: CountOptions,
  count: (scratch: string, maxKeys: number) => Promise<T>,
): Promise<T> {
  makeFolder(scratchDir);
  const scratch = mkdtempSync(path.join(scratchDir, "qdrl-dictionary-"));
  try {
    return await count(scratch, maxKeys);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function forEachText(options: CountOptions, use: (text: string) => void): Promise<ReadReport> {
  let report = emptyReadReport();
  for (const file of options.sources.flatMap(partsOf)) {
    const own = emptyReadReport();
    const limits = { ...options, malformedBefore: report.malformed };
    try {
      for await (const chunk of readPartChunks(file, options.columns, limits, own)) {
        for (const values of Object.values(chunk)) for (const value of values) use(value);
        options.onProgress?.(report.rows + own.rows, file);
      }
    } catch (error) {
      if (!(error instanceof DataError) || options.onError !== "skip") throw error;
      own.skippedFiles.push({ file, reason: error.message });
    }
    report = mergeReports([report, own]);
  }
  return report;
}

function partsOf(source: string): string[] {
  return /\.[a-z]+$/i.test(path.basename(source)) ? [source] : listPartFiles(source);
}
