import { describe, expect, it } from "vitest";
import { importMsrd, writeMsrd } from "../../../lib/datasets/importers/msrd.js";
import { readItems } from "../../../lib/datasets/items.js";
import { evaluationFilesOf, openDataset } from "../../../lib/datasets/open-dataset.js";
import { readQueries } from "../../../lib/datasets/queries.js";
import { readTrainingRows } from "../../../lib/datasets/training-rows.js";
import { localCopy } from "../local-copies.js";
import { jsonLines, put, testFolder } from "../test-folder.js";

const folder = testFolder();
const film = (id: number, change: object = {}) => ({
  id: String(id),
  title: `Film ${id}`,
  overview: `About ${id}.`,
  tags: ["cult", "night"],
  genres: ["Action", "drama"],
  director: "A. B.",
  actors: ["C", "D"],
  characters: ["E"],
  year: 1999,
  votes: 3,
  ...change,
});

describe("writeMsrd", () => {
  it("turns films and judgements into a data set whose parts share no search", async () => {
    const films = Array.from({ length: 20 }, (_, i) => film(i));
    films[3] = film(3, { genres: ["(no genres listed)"], year: -1, overview: "" });
    const lines = ["query_id\tquery\tdoc_id\tgrade"];
    for (let q = 0; q < 200; q++) {
      // Queries 2k and 2k + 1 have the same words.
      const phrase = q % 2 === 0 ? `search number${q}` : `Number${q - 1} search!`;
      lines.push(
        `qid:${q}\t${phrase}\t${q % 20}\t1`,
        `qid:${q}\t${phrase}\t${(q + 1) % 20}\t0`,
        `qid:${q}\t${phrase}\t999\t1`,
      );
    }
    const dir = `${folder}/msrd`;
    const manifest = await writeMsrd(jsonLines(films), `${lines.join("\n")}\n`, { outDir: dir });
    expect(manifest.counts).toMatchObject({
      documents: 20,
      queries: 200,
      nearDuplicateGroups: 100,
      trainingQueries: 160,
      trainingRows: 160,
      testQueries: 20,
      validationQueries: 20,
      judgements: 600,
      positiveJudgements: 400,
      judgedDocumentsNotInPool: 1,
    });
    const { items } = await readItems(`${dir}/recall_validation_items_dataset/items.json`);
    expect(items[3]).toMatchObject({ document_category_id: "", document_year: "", document_text: "Film 3" });
    expect(items[4]).toMatchObject({
      document_name: "Film 4",
      document_category_id: "action",
      document_text: "Film 4 About 4.",
      document_genres: "action, drama",
      document_cast: "C, D",
      document_tags: "cult, night",
    });
    const words = (text: string) =>
      text
        .toLowerCase()
        .replace(/[^a-z0-9 ]/g, "")
        .split(" ")
        .sort()
        .join(" ");
    const dataset = openDataset(dir);
    const tested = (await readQueries(evaluationFilesOf(dataset, "test").queriesPath)).queries;
    const validated = (await readQueries(evaluationFilesOf(dataset, "validation").queriesPath)).queries;
    const trained = (await readTrainingRows(dir, "training", ["query_search_phrase"])).columns[
      "query_search_phrase"
    ]!;
    const sides = [tested, validated].map(
      (list) => new Set(list.map((query) => words(query.fields["query_search_phrase"]!))),
    );
    for (const phrase of trained) for (const side of sides) expect(side.has(words(phrase))).toBe(false);
    for (const phrase of sides[0]!) expect(sides[1]!.has(phrase)).toBe(false);
    const query = tested[0]!;
    expect(Object.keys(query.grades!).length).toBe(3);
    expect(query.relevantIds.length).toBe(2);
  });

  it("names a judgement that is not one", async () => {
    const text = "query_id\tquery\tdoc_id\tgrade\nqid:1\tx\t5\n";
    await expect(writeMsrd(jsonLines([film(5)]), text, { outDir: `${folder}/bad` })).rejects.toThrow(
      "movies-judgments.tsv:2: line must have query id, query, document id and grade",
    );
  });

  it("refuses files other than the pinned ones", async () => {
    put(folder, "other/movies-corpus.jsonl.gz", "x");
    await expect(importMsrd({ from: `${folder}/other`, outDir: `${folder}/no` })).rejects.toThrow(
      "movies-corpus.jsonl.gz: SHA-256 must be",
    );
  });
});

const copy = localCopy("msrd_movies");
if (copy !== null)
  it("has the known figures of the real MSRD", async () => {
    const { counts } = await importMsrd({ from: copy, outDir: `${folder}/real` });
    expect(counts).toMatchObject({
      documents: 9750,
      queries: 16_279,
      judgements: 384_755,
      positiveJudgements: 56_245,
      judgedDocumentsNotInPool: 1,
      testQueries: 1628,
      validationQueries: 1628,
    });
  });
