import { expect, it } from "vitest";
import { importMapped } from "../../../lib/datasets/importers/mapped.js";
import { folderDataset } from "../../../lib/studies/thesis/datasets.js";
import { sweepRuns } from "../../../lib/studies/thesis/sweep-runs.js";
import { put, testFolder } from "../../datasets/test-folder.js";

const folder = testFolder();

async function shop(name: string, columns: Record<string, string>): Promise<string> {
  const rows = Array.from({ length: 300 }, (_, i) => `query${i} word${i},D${i},thing${i},shelf${i % 3}`);
  put(folder, "shop.csv", `q,id,title,shelf\n${rows.join("\n")}\n`);
  const from = `${folder}/shop.csv`;
  const pairs = { from, document_id: "id", columns: { query_search_phrase: "q" } };
  const category = "document_category_id" in columns ? { category_column: "document_category_id" } : {};
  await importMapped(
    { name, documents: { from, id: "id", columns }, pairs, ...category },
    `${folder}/${name}`,
  );
  return `${folder}/${name}`;
}

it("takes a folder of one's own for the thesis' experiments, all of its evaluation sets but validation", async () => {
  const dir = await shop("own", { document_name: "title", document_category_id: "shelf" });
  expect(folderDataset(dir)).toMatchObject({
    name: "own",
    sets: ["test"],
    overrides: [
      `dataset_dir=${dir}`,
      "model.text_embedding.num_embeddings=auto",
      'recall_validation.sets=["test"]',
    ],
  });
  expect(folderDataset("./data/emoji")).toMatchObject({ name: "emoji", sets: ["phrases", "annotators"] });
});

it("says what an experiment would miss, before anything is trained", async () => {
  const dir = await shop("plain", { document_name: "title" });
  const refused = sweepRuns("margin", { size: "full", datasets: [dir] });
  await expect(refused).rejects.toThrow(
    "plain: the thesis' experiments read the document column document_category_id, got document_id, document_name",
  );
  await expect(sweepRuns("margin", { size: "full", datasets: ["./nowhere"] })).rejects.toThrow(
    "./nowhere: must be a data set's folder with a manifest, found none (qdrl init makes one)",
  );
});
