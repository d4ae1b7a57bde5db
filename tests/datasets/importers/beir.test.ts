import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { exportBeir, importBeir } from "../../../lib/datasets/importers/beir.js";
import { readItems } from "../../../lib/datasets/items.js";
import { readQueries } from "../../../lib/datasets/queries.js";
import { readTrainingRows } from "../../../lib/datasets/training-rows.js";
import { readQrels } from "../../../lib/datasets/trec.js";
import { jsonLines, put, testFolder } from "../test-folder.js";

const folder = testFolder();

function makeBeir(name: string, withDev: boolean): string {
  const dir = `${folder}/${name}`;
  put(
    dir,
    "corpus.jsonl",
    jsonLines([
      { _id: "d1", title: "Red", text: "red shoe" },
      { _id: "d2", text: "blue box", metadata: {} },
    ]),
  );
  const queries = Array.from({ length: 30 }, (_, i) => ({ _id: `q${i}`, text: `query number${i}` }));
  put(dir, "queries.jsonl", jsonLines([...queries, { _id: "t", text: "number3 query" }]));
  const head = "query-id\tcorpus-id\tscore\n";
  put(dir, "qrels/train.tsv", `${head}${queries.map((q) => `${q._id}\td1\t1\n`).join("")}q0\td2\t0\n`);
  put(dir, "qrels/test.tsv", `${head}t\td2\t2\nt\td1\t0\n`);
  if (withDev) put(dir, "qrels/dev.tsv", `${head}q7\td2\t1\n`);
  return dir;
}

describe("BEIR folders", () => {
  it("become data sets, training queries with the words of a tested one left out", async () => {
    const { counts } = await importBeir({ from: makeBeir("in", false), outDir: `${folder}/out` });
    expect(counts).toMatchObject({
      documents: 2,
      queriesDroppedAsTested: 1,
      trainingQueries: 26,
      validationQueries: 3,
      testQueries: 1,
    });
    const { queries } = await readQueries(`${folder}/out/recall_validation_queries_dataset/queries.json`);
    expect(queries).toEqual([
      {
        id: "t",
        fields: { query_search_phrase: "number3 query" },
        relevantIds: ["d2"],
        grades: { d2: 2, d1: 0 },
      },
    ]);
    const { items } = await readItems(`${folder}/out/recall_validation_items_dataset/items.json`);
    expect(items.map((item) => item["document_text"])).toEqual(["Red red shoe", "blue box"]);
  });

  it("use dev as validation where there is one", async () => {
    const { counts } = await importBeir({ from: makeBeir("dev", true), outDir: `${folder}/outdev` });
    expect(counts).toMatchObject({ queriesDroppedAsTested: 2, trainingQueries: 28, validationQueries: 1 });
  });

  it("come back from a data set with the same documents, queries, judgements and training pairs", async () => {
    await importBeir({ from: makeBeir("round", false), outDir: `${folder}/set` });
    const out = `${folder}/export`;
    expect(await exportBeir(`${folder}/set`, out)).toEqual({ documents: 2, queries: 1, trainingQueries: 26 });
    const lines = (name: string) =>
      readFileSync(`${out}/${name}`, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
    expect(lines("corpus.jsonl")).toEqual([
      { _id: "d1", title: "Red", text: "red shoe" },
      { _id: "d2", title: "", text: "blue box" },
    ]);
    expect(readQrels(`${out}/qrels/test.tsv`)).toEqual(readQrels(`${folder}/round/qrels/test.tsv`));
    const texts = new Map(lines("queries.jsonl").map((line) => [line._id, line.text]));
    const { columns } = await readTrainingRows(`${folder}/set`, "training", [
      "query_search_phrase",
      "document_id",
    ]);
    const pairs = [...readQrels(`${out}/qrels/train.tsv`)].flatMap(([id, grades]) =>
      [...grades.keys()].map((d) => `${texts.get(id)} ${d}`),
    );
    expect(pairs.sort()).toEqual(
      columns["query_search_phrase"]!.map((q, i) => `${q} ${columns["document_id"]![i]}`).sort(),
    );
    await importBeir({ from: out, outDir: `${folder}/again` });
  });

  it("name what is missing or wrong", async () => {
    const dir = makeBeir("bad", false);
    put(dir, "qrels/test.tsv", "query-id\tcorpus-id\tscore\nnobody\td1\t1\n");
    const outDir = `${folder}/none`;
    await expect(importBeir({ from: dir, outDir })).rejects.toThrow(
      'qrels/test.tsv: query "nobody" must be in queries.jsonl, found none',
    );
    put(
      dir,
      "corpus.jsonl",
      jsonLines([
        { _id: "d1", text: "x" },
        { _id: "d1", text: "y" },
      ]),
    );
    await expect(importBeir({ from: dir, outDir })).rejects.toThrow(
      'corpus.jsonl:2: each "_id" must occur once, got "d1" again',
    );
    put(dir, "corpus.jsonl", jsonLines([{ id: "d1" }]));
    await expect(importBeir({ from: dir, outDir })).rejects.toThrow(
      'corpus.jsonl:1: "_id" must be text that is not empty, or a number, got none',
    );
    await expect(importBeir({ from: `${folder}/nowhere`, outDir })).rejects.toThrow(
      "nowhere/corpus.jsonl: file must exist",
    );
  });
});
