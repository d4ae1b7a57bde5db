import { beforeAll, describe, expect, it } from "vitest";
import { readDictionary } from "../../../lib/datasets/dictionary-file.js";
import { buildEmoji, ensureEmoji } from "../../../lib/datasets/emoji/build-emoji.js";
import { openEmojiSources, plainEmoji } from "../../../lib/datasets/emoji/sources.js";
import { type Items, readItems } from "../../../lib/datasets/items.js";
import type { DatasetManifest } from "../../../lib/datasets/manifest.js";
import { evaluationFilesOf, openDataset } from "../../../lib/datasets/open-dataset.js";
import { type EvaluationQuery, readQueries } from "../../../lib/datasets/queries.js";
import { readTrainingRows } from "../../../lib/datasets/training-rows.js";
import { cleanPhrase } from "../../../lib/tokenizer/clean-phrase.js";
import { put, testFolder } from "../test-folder.js";

const folder = testFolder();
const dir = `${folder}/emoji`;
const columns = ["query_search_phrase", "document_id", "document_name", "document_category_id"];
let manifest: DatasetManifest;
let training: Record<string, string[]>;
let validation: Record<string, string[]>;
let items: Items;
let phrases: EvaluationQuery[];
let annotators: EvaluationQuery[];

/** Words in any order, as a rule written anew for this test. */
const words = (text: string) => [...new Set(cleanPhrase(text).split(" ").filter(Boolean))].sort().join(" ");
const textOf = (query: EvaluationQuery) => query.fields["query_search_phrase"]!;

/** hexcode → lower-case CLDR keywords, straight from the package. */
function keywordsById(): Map<string, Set<string>> {
  const sources = openEmojiSources("node_modules");
  const english = sources.readLocale("en");
  return new Map(
    sources.entries.flatMap((entry) => {
      const known = english.get(plainEmoji(entry.emoji));
      return known === undefined ? [] : [[entry.hexcode, new Set(known.keywords.map((k) => cleanPhrase(k)))]];
    }),
  );
}

beforeAll(async () => {
  manifest = await buildEmoji({ outDir: dir });
  training = (await readTrainingRows(dir, "training", columns)).columns;
  validation = (await readTrainingRows(dir, "validation", columns)).columns;
  const dataset = openDataset(dir);
  items = await readItems(evaluationFilesOf(dataset).itemsPath);
  phrases = (await readQueries(evaluationFilesOf(dataset, "phrases").queriesPath)).queries;
  annotators = (await readQueries(evaluationFilesOf(dataset, "annotators").queriesPath)).queries;
});

describe("the English emoji data set", () => {
  it("has the emoji that CLDR annotates, described by name, group, subgroup and picture", () => {
    expect(items.ids.length).toBe(1597);
    const dog = items.items.find((item) => item["document_emoji"] === "🐶");
    expect(dog).toEqual({
      document_id: "1F436",
      document_name: "dog face",
      document_group: "animals-nature",
      document_category_id: "animal-mammal",
      document_picture: "node_modules/openmoji/color/svg/1F436.svg",
      document_emoji: "🐶",
    });
    expect(manifest.counts["documentsWithoutPicture"]).toBe(0);
  });

  it("has the annotators' 946 queries and 1,837 listed pairs, about half never a training query", () => {
    expect(annotators.length).toBe(946);
    expect(manifest.counts).toMatchObject({
      annotatorListedPairs: 1837,
      annotatorPairs: 1833,
      annotatorQueriesUnseen: 508,
    });
    expect(annotators.reduce((sum, query) => sum + query.relevantIds.length, 0)).toBe(1833);
    const trained = new Set(training["query_search_phrase"]!.map(words));
    for (const query of annotators)
      expect(query.slice, textOf(query)).toBe(trained.has(words(textOf(query))) ? "seen" : "unseen");
  });

  it("trains on no annotator pair, whatever the word order", () => {
    const pairs = new Set(
      training["query_search_phrase"]!.map((text, i) => `${words(text)}\t${training["document_id"]![i]}`),
    );
    for (const query of annotators)
      for (const id of query.relevantIds)
        expect(pairs.has(`${words(textOf(query))}\t${id}`), textOf(query)).toBe(false);
  });

  it("trains on every keyword of every emoji alone, and on nothing that is not one to three of its keywords", () => {
    const byId = keywordsById();
    const alone = new Map(
      [...byId].map(([id, keywords]) => [id, new Set([...keywords].filter((k) => k !== ""))]),
    );
    training["query_search_phrase"]!.forEach((text, row) => {
      const id = training["document_id"]![row]!;
      const typed = cleanPhrase(text).split(" ");
      expect(typed.length).toBeLessThanOrEqual(3); // English keywords are single words
      for (const word of typed) expect(byId.get(id)!.has(word), `${text} of ${id}`).toBe(true);
      if (typed.length === 1) alone.get(id)!.delete(typed[0]!);
    });
    expect([...alone.values()].every((rest) => rest.size === 0)).toBe(true);
  });

  it("tests phrases with keyword sets that no training phrase has, and finds all emoji that carry them", () => {
    const byId = keywordsById();
    const rowsOfWord = new Map<string, Set<number>>();
    training["query_search_phrase"]!.forEach((text, row) => {
      for (const word of words(text).split(" "))
        rowsOfWord.set(word, (rowsOfWord.get(word) ?? new Set()).add(row));
    });
    for (const query of phrases) {
      const typed = words(textOf(query)).split(" ");
      const rest = typed.slice(1).map((word) => rowsOfWord.get(word)!);
      const containing = [...rowsOfWord.get(typed[0]!)!].filter((row) => rest.every((rows) => rows.has(row)));
      expect(containing, textOf(query)).toEqual([]);
      const carriers = items.ids.filter((id) => typed.every((word) => byId.get(id)!.has(word)));
      expect(query.relevantIds, textOf(query)).toEqual(carriers);
      expect(query.slice).toBe(`${typed.length} keywords`);
    }
    expect(phrases.length).toBe(2000);
    expect(phrases.filter((query) => query.slice === "2 keywords").length).toBe(1200);
  });

  it("keeps training, validation and evaluation apart by query", () => {
    const trained = new Set(training["query_search_phrase"]!.map(words));
    const tested = new Set(phrases.map((query) => words(textOf(query))));
    expect(tested.size).toBe(phrases.length);
    for (const text of validation["query_search_phrase"]!) {
      expect(trained.has(words(text)), text).toBe(false);
      expect(tested.has(words(text)), text).toBe(false);
    }
    expect(validation["query_search_phrase"]!.length).toBe(2000);
  });

  it("has dictionaries that number what occurs, the most frequent first", () => {
    const tokens = readDictionary(`${dir}/token_dictionary`, "token");
    const categories = readDictionary(`${dir}/category_dictionary`, "category");
    expect(categories.size).toBe(new Set(items.items.map((item) => item["document_category_id"])).size);
    expect(tokens.get("face")).toBe(1);
    for (const name of training["document_name"]!)
      for (const word of cleanPhrase(name).split(" "))
        expect(word === "" || tokens.has(word), word).toBe(true);
  });

  it("says what it made in its manifest", () => {
    expect(manifest.counts["trainingRows"]).toBe(training["query_search_phrase"]!.length);
    expect(manifest.counts["trainingRows"]).toBeGreaterThan(25_000);
    expect(manifest.evaluationSets.map((set) => set.name)).toEqual(["phrases", "annotators"]);
    expect(manifest.sources.map((source) => source.licence)).toEqual(["Unicode-3.0", "CC-BY-SA-4.0"]);
  });

  it("is not built again while it is current, and is when an option differs or a file is damaged", async () => {
    expect(await ensureEmoji({ outDir: dir })).toMatchObject({ built: false });
    const small = { outDir: `${folder}/ensured`, maxDocuments: 40 };
    expect((await ensureEmoji(small)).built).toBe(true);
    expect((await ensureEmoji(small)).built).toBe(false);
    expect((await ensureEmoji({ ...small, seed: 7 })).built).toBe(true);
    put(small.outDir, "training_dataset/part-00001.parquet", "cut");
    expect((await ensureEmoji({ ...small, seed: 7 })).built).toBe(true);
    expect(openDataset(small.outDir).manifest!.options["seed"]).toBe(7);
  });
});

describe("buildEmoji", () => {
  const build = (name: string, rest: object) =>
    buildEmoji({ outDir: `${folder}/${name}`, maxDocuments: 120, ...rest });

  it("builds the same bytes twice, and others with another seed", async () => {
    const options = { locales: ["en", "pl", "ja"] };
    const first = await build("one", options);
    const second = await build("two", options);
    expect(second.fingerprint).toBe(first.fingerprint);
    expect(second.files).toEqual(first.files);
    expect((await build("three", { ...options, seed: 43 })).fingerprint).not.toBe(first.fingerprint);
  });

  it("names queries' locales when there are several and keeps the first locale's document names", async () => {
    const done: string[] = [];
    const made = await build("several", {
      locales: ["pl", "en"],
      onProgress: (count: number, total: number, step: string) => done.push(`${count}/${total} ${step}`),
    });
    const names = ["query_locale", "query_search_phrase", "document_name"];
    const rows = (await readTrainingRows(`${folder}/several`, "training", names)).columns;
    expect(new Set(rows["query_locale"])).toEqual(new Set(["pl", "en"]));
    expect(rows["document_name"]).toContain("szeroko uśmiechnięta twarz");
    const queries = (await readQueries(`${folder}/several/recall_validation_queries_dataset/queries.json`))
      .queries;
    expect(new Set(queries.map((query) => query.slice))).toEqual(new Set(["pl", "en"]));
    expect(made.evaluationSets.length).toBe(2);
    expect(done.length).toBe(8);
    expect(done[done.length - 1]).toBe("8/8 manifest");
  });

  it("has no annotator set without English, and takes another cleaning where the published one leaves nothing", async () => {
    const made = await build("ru", { locales: ["ru"] });
    expect(made.evaluationSets.map((set) => set.name)).toEqual(["phrases"]);
    expect(made.cleaning).toBe("unicode");
    expect(made.counts["rowsEmptyAfterCleaning"]).toBe(0);
    expect(made.counts["tokens"]).toBeGreaterThan(1000);
  });

  it("refuses unknown and regional locales and a missing package, and leaves no folder", async () => {
    await expect(build("bad", { locales: ["xx"] })).rejects.toThrow('unknown locale "xx"; known: all, af, ');
    await expect(build("bad", { locales: [] })).rejects.toThrow("at least one locale is needed, got none");
    await expect(build("bad", { locales: ["en-GB"] })).rejects.toThrow(
      'as the documents have its names; "en-GB" names 6',
    );
    await expect(build("bad", { packages: "nowhere" })).rejects.toThrow(
      "nowhere/cldr-annotations-full/annotations: file must exist",
    );
    expect(() => openDataset(`${folder}/bad`)).toThrow("data set folder must exist");
  });
});
