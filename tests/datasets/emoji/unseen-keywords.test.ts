import { beforeAll, describe, expect, it } from "vitest";
import { buildEmoji } from "../../../lib/datasets/emoji/build-emoji.js";
import { openEmojiSources, plainEmoji } from "../../../lib/datasets/emoji/sources.js";
import type { DatasetManifest } from "../../../lib/datasets/manifest.js";
import { evaluationFilesOf, openDataset } from "../../../lib/datasets/open-dataset.js";
import { type EvaluationQuery, readQueries } from "../../../lib/datasets/queries.js";
import { readTrainingRows } from "../../../lib/datasets/training-rows.js";
import { cleanPhrase } from "../../../lib/tokenizer/clean-phrase.js";
import { testFolder } from "../test-folder.js";

const dir = `${testFolder()}/languages`;
const options = { locales: ["en", "de"], unseenLocales: ["nl"], heldOutKeywords: 15, maxDocuments: 150 };
let manifest: DatasetManifest;
let trained: Set<string>;
let sets: Record<string, EvaluationQuery[]>;

/** Words in any order, as a rule written anew for this test. */
const words = (text: string) => [...new Set(cleanPhrase(text).split(" ").filter(Boolean))].sort().join(" ");
const textOf = (query: EvaluationQuery) => query.fields["query_search_phrase"]!;

beforeAll(async () => {
  manifest = await buildEmoji({ outDir: dir, ...options });
  const read = async (part: "training" | "validation") =>
    (await readTrainingRows(dir, part, ["query_search_phrase"])).columns["query_search_phrase"]!;
  trained = new Set([...(await read("training")), ...(await read("validation"))].map(words));
  const dataset = openDataset(dir);
  sets = Object.fromEntries(
    await Promise.all(
      manifest.evaluationSets.map(async ({ name }) => [
        name,
        (await readQueries(evaluationFilesOf(dataset, name).queriesPath)).queries,
      ]),
    ),
  );
});

describe("languages and keywords that are not trained on", () => {
  it("are evaluation sets of their own, sliced by locale", () => {
    expect(Object.keys(sets)).toEqual(["phrases", "annotators", "unseen_locales", "unseen_keywords"]);
    expect(new Set(sets["phrases"]!.map(({ slice }) => slice))).toEqual(new Set(["en", "de"]));
    expect(new Set(sets["unseen_locales"]!.map(({ slice }) => slice))).toEqual(new Set(["nl"]));
    const perLocale = sets["unseen_keywords"]!.map(({ slice }) => slice);
    expect(["en", "de", "nl"].map((locale) => perLocale.filter((slice) => slice === locale).length)).toEqual([
      15, 15, 15,
    ]);
    expect(manifest.counts).toMatchObject({ unseenKeywordQueries: 45 });
  });

  it("occur in no training query, in any order of words", () => {
    for (const name of ["phrases", "unseen_locales", "unseen_keywords"])
      for (const query of sets[name]!) expect(trained.has(words(textOf(query))), textOf(query)).toBe(false);
  });

  it("have the emoji as relevant that the package gives the keyword to", () => {
    const sources = openEmojiSources("node_modules");
    const english = sources.readLocale("en");
    const named = sources.entries.filter((entry) => english.get(plainEmoji(entry.emoji))?.name);
    const shown = named.slice(0, options.maxDocuments);
    for (const locale of ["de", "nl"]) {
      const annotations = sources.readLocale(locale);
      for (const query of sets["unseen_keywords"]!.filter(({ slice }) => slice === locale)) {
        const carriers = shown.filter((entry) =>
          annotations
            .get(plainEmoji(entry.emoji))
            ?.keywords.some((keyword) => cleanPhrase(keyword) === cleanPhrase(textOf(query))),
        );
        expect(query.relevantIds, textOf(query)).toEqual(carriers.map(({ hexcode }) => hexcode));
      }
    }
  });

  it("are refused where they cannot be had", async () => {
    await expect(buildEmoji({ outDir: dir, locales: ["en"], unseenLocales: ["en"] })).rejects.toThrow(
      "a locale must be trained or unseen, got both for en",
    );
    await expect(buildEmoji({ outDir: dir, unseenLocales: ["xx"] })).rejects.toThrow('unknown locale "xx"');
    await expect(buildEmoji({ outDir: dir, heldOutKeywords: -1 })).rejects.toThrow("got -1");
  });
});
