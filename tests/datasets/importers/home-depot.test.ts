import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { importHomeDepot } from "../../../lib/datasets/importers/home-depot.js";
import { loadConfig } from "../../../lib/experiment/load-config.js";
import { train } from "../../../lib/training/train.js";
import { put, testFolder } from "../test-folder.js";

const folder = testFolder();

function makeInputs(dir: string): string {
  const train = [
    "id,product_uid,product_title,search_term,relevance",
    '1,100,"Bracket, 12"" Angle",angle bracket,3',
    '2,100,"Bracket, 12"" Angle",l bracket,2.0',
    "3,101,Dół Paint,paint,2.33",
  ];
  put(dir, "train.csv", Buffer.from(`${train.join("\n")}\n`, "utf8"));
  const test = [
    "id,product_uid,product_title,search_term",
    "10,200,Caf\xe9 Table,table",
    "11,201,Chair,Table!",
    "12,202,Lamp,lamp",
    "13,203,Cut off,table",
  ];
  put(dir, "test.csv", Buffer.from(`${test.join("\n")}\n`, "latin1"));
  put(dir, "solution.csv", "id,relevance,Usage\n11,2.67,Public\n10,3,Private\n12,2,Public\n13,3,Public\n");
  return dir;
}

it("writes the four folders of the older revision", async () => {
  const from = makeInputs(`${folder}/in`);
  const { counts } = await importHomeDepot({ from, outDir: `${folder}/out`, evaluationRows: 3 });
  expect(counts).toMatchObject({
    documents: 3,
    trainingRows: 2,
    trainingDocuments: 2,
    testQueries: 1,
    testPairs: 2,
  });
  const part = (name: string) => readFileSync(`${folder}/out/older_revision/${name}/part-00000.csv`, "utf8");
  // The row with relevance 2.0 is out of the pairs but its product stays; Latin-1 "Ã³" of the UTF-8 bytes is cleaned away.
  expect(part("training/qd_pairs")).toBe(
    "query_search_phrase,document_id,document_name\nangle bracket,100,bracket 12 angle\npaint,101,da3a paint\n",
  );
  expect(part("evaluation/documents")).toBe(
    "document_id,document_name\n200,cafe table\n201,chair\n202,lamp\n",
  );
  expect(part("evaluation/queries")).toBe(
    'query_search_phrase,relevant_document_ids\ntable,"[""200"",""201""]"\n',
  );
});

it("makes a data set that trains and finds", async () => {
  const from = makeInputs(`${folder}/trained`);
  await importHomeDepot({ from, outDir: `${folder}/data`, evaluationRows: 3 });
  const file = put(
    folder,
    "home-depot.yaml",
    `base: configs/emoji/baseline.yaml
task_id: home-depot
run_id: run
dataset_dir: ${folder}/data
output_dir: ${folder}/runs
num_epochs: 1
batch_size: 2
tensorboard: false
model: { text_embedding: { num_embeddings: auto, embedding_dim: 8 }, hidden_layers: [], output_dim: 8 }
recall_validation: { every_epochs: 1, k: [3], query_typo_probabilities: [0] }
`,
  );
  const run = await train(loadConfig(file));
  expect(run.queries()[0]).toMatchObject({ query: "table", relevant: ["200", "201"] });
});

it("names what is wrong with the files and leaves no folder", async () => {
  const from = makeInputs(`${folder}/bad`);
  put(from, "solution.csv", "id,relevance\n10,none\n");
  await expect(importHomeDepot({ from, outDir: `${folder}/none` })).rejects.toThrow(
    'solution.csv: row 1: relevance must be a number, got "none"',
  );
  put(from, "solution.csv", "id,score\n");
  await expect(importHomeDepot({ from, outDir: `${folder}/none` })).rejects.toThrow(
    'column "relevance" must be present, got columns id, score',
  );
  expect(() => readFileSync(`${folder}/none`)).toThrow("ENOENT");
});
