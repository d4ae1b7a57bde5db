import { expect, it } from "vitest";
import { importScifact, writeScifact } from "../../../lib/datasets/importers/scifact.js";
import { readItems } from "../../../lib/datasets/items.js";
import { readQueries } from "../../../lib/datasets/queries.js";
import { localCopy } from "../local-copies.js";
import { put, testFolder } from "../test-folder.js";

const folder = testFolder();

it("joins abstracts, claims and judgements, leaving out training claims with the words of a tested one", async () => {
  const abstract = `"['It''s one.'\n ""Two's \\xa0end.""]"`.replace("''", "\\'");
  put(
    folder,
    "in/corpus_train.csv",
    `doc_id,title,abstract,structured\n7,"A, title",${abstract},False\n8,B,[],True\n`,
  );
  put(folder, "in/claims_train.csv", "id,claim\n1,x causes y\n1,x causes y\n2,z is w\n3,old claim one\n");
  put(folder, "in/claims_validation.csv", 'id,claim\n9,"y causes x"\n');
  put(folder, "in/train.tsv", "query-id\tcorpus-id\tscore\n1\t7\t1\n2\t8\t1\n3\t7\t1\n3\t8\t1\n");
  put(folder, "in/test.tsv", "query-id\tcorpus-id\tscore\n9\t8\t1\n");
  const { counts } = await writeScifact(`${folder}/in`, { outDir: `${folder}/out` });
  expect(counts).toMatchObject({
    documents: 2,
    beirTrainingClaims: 3,
    claimsDroppedAsTested: 1,
    testQueries: 1,
    testPairs: 1,
  });
  const { items } = await readItems(`${folder}/out/recall_validation_items_dataset/items.json`);
  expect(items).toEqual([
    { document_id: "7", document_name: "A, title", document_text: "A, title It's one. Two's \xa0end." },
    { document_id: "8", document_name: "B", document_text: "B" },
  ]);
  const { queries } = await readQueries(`${folder}/out/recall_validation_queries_dataset/queries.json`);
  expect(queries).toEqual([
    { id: "9", fields: { query_search_phrase: "y causes x" }, relevantIds: ["8"], grades: { 8: 1 } },
  ]);
});

it("names a judged query that is no claim", async () => {
  put(folder, "bad/corpus_train.csv", "doc_id,title,abstract\n7,A,[]\n");
  put(folder, "bad/claims_train.csv", "id,claim\n1,x\n");
  put(folder, "bad/claims_validation.csv", "id,claim\n");
  put(folder, "bad/train.tsv", "query-id\tcorpus-id\tscore\n5\t7\t1\n");
  put(folder, "bad/test.tsv", "query-id\tcorpus-id\tscore\n9\t7\t1\n");
  await expect(writeScifact(`${folder}/bad`, { outDir: `${folder}/none` })).rejects.toThrow(
    "train.tsv: query 5 must be among the claims, found none",
  );
});

const copy = localCopy("scifact");
if (copy !== null)
  it("has the known figures of the real SciFact", async () => {
    const { counts } = await importScifact({ from: copy, outDir: `${folder}/real` });
    expect(counts).toMatchObject({
      documents: 5183,
      beirTrainingClaims: 809,
      testQueries: 300,
      testPairs: 339,
    });
  });
