import { describe, expect, it } from "vitest";
import { importMapped } from "../../../lib/datasets/importers/mapped.js";
import { readItems } from "../../../lib/datasets/items.js";
import { evaluationFilesOf, openDataset } from "../../../lib/datasets/open-dataset.js";
import { writeParquet } from "../../../lib/datasets/parquet.js";
import { readQueries } from "../../../lib/datasets/queries.js";
import { readTrainingRows } from "../../../lib/datasets/training-rows.js";
import { jsonLines, put, testFolder } from "../test-folder.js";

const folder = testFolder();
const mapping = `
name: shop
licence: ours
documents:
  from: products.csv
  id: sku
  columns: { document_name: title, document_category_id: shelf }
pairs:
  from: clicks
  document_id: sku
  columns: { query_search_phrase: search }
  grade: stars
min_grade: 2
category_column: document_category_id
`;

function makeShop(name: string, yaml = mapping): string {
  const dir = `${folder}/${name}`;
  put(dir, "products.csv", 'sku,title,shelf\nA,"Shoe, red",48\nB,Box,49\nA,"Shoe, dark red",48\n');
  put(
    dir,
    "clicks/a.jsonl",
    `${jsonLines(Array.from({ length: 20 }, (_, i) => ({ search: `shoe number${i}`, sku: "A", stars: 3 })))}{bad\n`,
  );
  writeParquet(`${dir}/clicks/b.parquet`, {
    search: ["box", "box", "box"],
    sku: ["B", "B", "gone"],
    stars: ["1", "2", "5"],
  });
  return put(dir, "mapping.yaml", yaml);
}

describe("importMapped", () => {
  it("makes a data set of files of three formats and says what it left out", async () => {
    const outDir = `${folder}/out`;
    const { manifest, warnings } = await importMapped(makeShop("shop"), outDir);
    expect(manifest.counts).toMatchObject({
      documents: 2,
      queries: 21,
      trainingQueries: 17,
      testQueries: 2,
      validationQueries: 2,
      malformedRows: 1,
      judgedDocumentsNotInPool: 1,
      categories: 2,
    });
    expect(warnings[0]).toContain("1 malformed rows left out: ");
    const { items } = await readItems(`${outDir}/recall_validation_items_dataset/items.json`);
    expect(items.map((item) => item["document_name"])).toEqual(["Box", "Shoe, dark red"]);
    const names = ["query_search_phrase", "document_name", "document_category_id"];
    const { columns } = await readTrainingRows(outDir, "training", names);
    const tested = (await readQueries(evaluationFilesOf(openDataset(outDir)).queriesPath)).queries;
    const phrases = new Set(tested.map((query) => query.fields["query_search_phrase"]));
    for (const phrase of columns["query_search_phrase"]!) expect(phrases.has(phrase)).toBe(false);
  });

  it("tests on the evaluation pairs where they are given, and trains on none of their words", async () => {
    const yaml = `${mapping.replace("stars", "stars\nevaluation:\n  from: test.csv\n  document_id: sku\n  columns: { query_search_phrase: q }")}split: { test: 0, validation: 0 }\n`;
    const file = makeShop("tested", yaml);
    put(`${folder}/tested`, "test.csv", "q,sku\nnumber4 shoe,A\nnew one,B\n");
    const { manifest } = await importMapped(file.replace("min_grade", "min_grade"), `${folder}/tested-out`);
    expect(manifest.counts).toMatchObject({ testQueries: 2, queriesDroppedAsTested: 1, trainingQueries: 20 });
    expect(manifest.evaluationSets.map((set) => set.name)).toEqual(["test"]);
  });

  it("takes the same keys as an object", async () => {
    makeShop("object");
    const { manifest } = await importMapped(
      {
        name: "object",
        documents: { from: `${folder}/object/products.csv`, id: "sku", columns: { document_name: "title" } },
        pairs: {
          from: `${folder}/object/clicks`,
          document_id: "sku",
          columns: { query_search_phrase: "search" },
        },
      },
      `${folder}/object-out`,
    );
    expect(manifest.name).toBe("object");
    expect(manifest.counts["queries"]).toBe(21);
  });

  it("names the key, column or row that is wrong", async () => {
    const outDir = `${folder}/none`;
    const bad = (name: string, from: string, to: string) =>
      importMapped(makeShop(name, mapping.replace(from, to)), outDir);
    await expect(bad("k1", "licence: ours", "license: ours")).rejects.toThrow(
      "k1/mapping.yaml: mapping: Unrecognized key",
    );
    await expect(bad("k2", "id: sku", "id: 3")).rejects.toThrow("k2/mapping.yaml: documents.id: ");
    await expect(
      bad("k3", "category_column: document_category_id", "category_column: shelf"),
    ).rejects.toThrow(
      'category_column must be one of the document columns (document_category_id, document_name), got "shelf"',
    );
    await expect(bad("k4", "title", "titel")).rejects.toThrow('products.csv: column "titel" must be present');
    await expect(bad("k5", "grade: stars", "grade: search")).rejects.toThrow(
      'clicks: row 1: grade must be a number, got "shoe number0"',
    );
    await expect(bad("k6", "name: shop", "name: [")).rejects.toThrow("k6/mapping.yaml: must be YAML, got: ");
    await expect(importMapped(`${folder}/nowhere.yaml`, outDir)).rejects.toThrow(
      "nowhere.yaml: file must exist, found none",
    );
    await expect(bad("k7", "min_grade: 2", "min_grade: 9")).rejects.toThrow(
      "shop: pairs must name at least one document of the pool",
    );
    expect(() => openDataset(outDir)).toThrow("data set folder must exist");
  });
});
