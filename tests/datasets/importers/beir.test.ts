import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { exportBeir, importBeir } from "../../../lib/datasets/importers/beir.js";
import { readItems } from "../../../lib/datasets/items.js";
import { writeParquet } from "../../../lib/datasets/parquet.js";
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

describe("BEIR folders of other kinds", () => {
  it("are read from Parquet as from JSON lines, judgements without a score included", async () => {
    const dir = `${folder}/hub`;
    const table = (name: string, columns: Record<string, string[]>) => {
      mkdirSync(path.dirname(`${dir}/${name}`), { recursive: true });
      writeParquet(`${dir}/${name}`, columns);
    };
    table("corpus/train-00000-of-00001.parquet", { _id: ["d1", "d2"], text: ["red shoe", "blue box"] });
    table("queries/train-00000-of-00001.parquet", { _id: ["a", "b"], text: ["shoes", "boxes"] });
    table("qrels/train-00000-of-00001.parquet", { "query-id": ["a", "b"], "corpus-id": ["d1", "d2"] });
    const { counts, splitRule } = await importBeir({ from: dir, outDir: `${folder}/hub-out` });
    expect(counts).toMatchObject({ documents: 2, trainingRows: 0, testQueries: 2, testPairs: 2 });
    expect(splitRule).toContain("No labels to train on");
    // words of documents, since there are no training rows
    expect(counts["tokens"]).toBeGreaterThanOrEqual(4);
  });

  it("give a part with every judged document of its queries, drawn by the seed", async () => {
    const dir = `${folder}/large`;
    const ids = Array.from({ length: 40 }, (_, i) => `d${i}`);
    put(dir, "corpus.jsonl", jsonLines(ids.map((id) => ({ _id: id, text: `text of ${id}` }))));
    put(
      dir,
      "queries.jsonl",
      jsonLines(ids.slice(0, 20).map((id) => ({ _id: `q${id}`, text: `about ${id}` }))),
    );
    const lines = ids.slice(0, 20).map((id, i) => `q${id}\t${id}\t1\nq${id}\td${39 - i}\t0\n`);
    put(dir, "qrels/test.tsv", `query-id\tcorpus-id\tscore\n${lines.join("")}`);
    const take = async (name: string, seed: number) => {
      const outDir = `${folder}/${name}`;
      await importBeir({ from: dir, outDir, seed, subset: { queries: 5, documents: 15 } });
      const { ids: kept } = await readItems(`${outDir}/recall_validation_items_dataset/items.json`);
      const { queries } = await readQueries(`${outDir}/recall_validation_queries_dataset/queries.json`);
      for (const { grades } of queries) for (const id of Object.keys(grades!)) expect(kept).toContain(id);
      return { kept, queries: queries.map(({ id }) => id) };
    };
    const [first, again, other] = [await take("p1", 1), await take("p2", 1), await take("p3", 2)];
    expect([first.kept.length, first.queries.length]).toEqual([15, 5]);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    await expect(
      importBeir({ from: dir, outDir: `${folder}/p4`, subset: { queries: 5, documents: 9 } }),
    ).rejects.toThrow(/must be at least the 10 that are judged, got 9/);
  });

  it("need neither queries nor judgements where no labels are wanted", async () => {
    const dir = `${folder}/bare`;
    put(dir, "corpus.jsonl", jsonLines([1, 2, 3].map((i) => ({ _id: i, text: `only${i} shared word` }))));
    await expect(importBeir({ from: dir, outDir: `${folder}/bare-out` })).rejects.toThrow(/queries\.jsonl/);
    const { counts, evaluationSets } = await importBeir({
      from: dir,
      outDir: `${folder}/bare-out`,
      labels: false,
    });
    expect(counts).toMatchObject({ documents: 3, trainingRows: 0, "known-itemsQueries": 3 });
    expect(evaluationSets[0]!.description).toContain("no real searches");
  });
});
