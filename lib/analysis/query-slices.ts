import fs from "node:fs";
import path from "node:path";
import { readDictionary } from "../datasets/dictionary-file.js";
import { cleaningOfDataset } from "../datasets/manifest.js";
import { ownEntry } from "../files/own-entry.js";
import { cleaningOf } from "../tokenizer/text-cleaning.js";
import type { QueryResult, RunFolder } from "../tracking/run-folder.js";
import { digitSlice, raritySlice, scriptSlice, typoSlice } from "./finer-slices.js";
import { frequentCategories } from "./frequent-categories.js";
import { documentsOf } from "./run-documents.js";

/** A query's slices: kind of slice → slice, such as "query length" → "2 words". */
export type Slices = Record<string, string>;

/**
 * Divides the queries of an evaluation set in several ways: by the data set's own slices, number of words, whether and how
 * typos changed the text, whether its words are in the data set's dictionary or in a relevant document's name, how rare its
 * rarest word is among the documents' names, digits, script, number of relevant documents, and the category of the first
 * relevant document. A division that the data do not allow is left out.
 *
 * @param options.categoryColumn  document column; categories beyond the ten most frequent become "other"
 * @returns query id → slices
 */
export async function querySlices(
  run: RunFolder,
  options: { set: string; typo?: number; categoryColumn?: string; nameColumn?: string },
): Promise<Map<string, Slices>> {
  const { set, typo = 0, categoryColumn = "document_group", nameColumn = "document_name" } = options;
  const inSet = run.queries().filter((result) => result.set === set);
  const results = inSet.filter((result) => result.typo === typo);
  const clean = new Map(
    inSet.filter((result) => result.typo === 0).map((result) => [result.id, result.query]),
  );
  const documents = await documentsOf(run, set);
  const categories = categoriesOf(results, documents, categoryColumn);
  const words = dictionaryWords(run);
  const wordsOf = wordsIn(run);
  const frequencies = documentFrequencies(documents, nameColumn, wordsOf);
  const hasText = results.some(({ query }) => query !== ""); // pictures that are queries have none
  return new Map(
    results.map((result) => {
      const slices: Slices = {};
      if (result.slice !== undefined) slices["data set"] = result.slice;
      if (hasText) {
        slices["query length"] = lengthSlice(result.query);
        const asTyped = clean.get(result.id);
        if (typo > 0 && asTyped !== undefined)
          slices["typos"] = asTyped === result.query ? "spelled right" : "misspelled";
        if (typo > 0 && asTyped !== undefined) slices["kind of typo"] = typoSlice(asTyped, result.query);
        if (words !== null) slices["dictionary"] = knownWords(wordsOf(result.query), words);
        slices["words shared"] = sharedWords(result, documents, nameColumn, wordsOf);
        slices["digits"] = digitSlice(result.query);
        slices["script"] = scriptSlice(result.query);
        const asked = wordsOf(result.query);
        if (asked.length > 0)
          slices["rarest word"] = raritySlice(asked, (word) => frequencies.get(word) ?? 0);
      }
      slices["relevant documents"] = countSlice(result.relevant.length);
      const category = categories.get(result.id);
      if (category !== undefined) slices["category"] = category;
      return [result.id, slices];
    }),
  );
}

/** Word → documents whose name has it. */
function documentFrequencies(
  documents: ReadonlyMap<string, Record<string, string>>,
  column: string,
  wordsOf: (text: string) => string[],
): Map<string, number> {
  const frequencies = new Map<string, number>();
  for (const document of documents.values())
    for (const word of new Set(wordsOf(ownEntry(document, column) ?? "")))
      frequencies.set(word, (frequencies.get(word) ?? 0) + 1);
  return frequencies;
}

function lengthSlice(query: string): string {
  const words = query.split(" ").filter((word) => word !== "").length;
  return words === 1 ? "1 word" : words >= 4 ? "4 words or more" : `${words} words`;
}

function countSlice(count: number): string {
  return count === 1 ? "1 document" : count <= 5 ? "2 to 5 documents" : "6 documents or more";
}

/** Words of the data set's token dictionary; null if it has none. */
function dictionaryWords(run: RunFolder): ReadonlyMap<string, number> | null {
  const folder = path.join(run.manifest().dataset.dir, "token_dictionary");
  return fs.existsSync(folder) ? readDictionary(folder, "token") : null;
}

/** Cuts texts of a run's data set into words, as its dictionary was made. */
export function wordsIn(run: RunFolder): (text: string) => string[] {
  const { clean, segment } = cleaningOf(cleaningOfDataset(run.manifest().dataset.dir));
  return (text) =>
    segment(clean(text))
      .split(" ")
      .filter((word) => word !== "");
}

function knownWords(all: readonly string[], words: ReadonlyMap<string, number>): string {
  const known = all.filter((word) => words.has(word)).length;
  return known === all.length ? "all words known" : known === 0 ? "no word known" : "some words known";
}

/** Whether any word of the query is in the name of any relevant document. */
function sharedWords(
  { query, relevant }: QueryResult,
  documents: ReadonlyMap<string, Record<string, string>>,
  column: string,
  wordsOf: (text: string) => string[],
): string {
  const inNames = new Set(relevant.flatMap((id) => wordsOf(ownEntry(documents.get(id), column) ?? "")));
  const shares = wordsOf(query).some((word) => inNames.has(word));
  return shares ? "a word of a relevant name" : "no word of any relevant name";
}

const MOST_CATEGORIES = 10;

function categoriesOf(
  results: readonly QueryResult[],
  documents: ReadonlyMap<string, Record<string, string>>,
  column: string,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const { id, relevant } of results) {
    const category = ownEntry(documents.get(relevant[0] ?? ""), column);
    if (category !== undefined && category !== "") found.set(id, category);
  }
  const kept = frequentCategories([...found.values()], MOST_CATEGORIES);
  return new Map([...found.keys()].map((id, i) => [id, kept[i]!]));
}
