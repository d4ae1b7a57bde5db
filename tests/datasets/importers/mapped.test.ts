import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
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
      "k1/mapping.yaml:3: license is not a known key; did you mean licence?",
    );
    await expect(bad("k2", "id: sku", "id: 3")).rejects.toThrow(
      "k2/mapping.yaml:6: documents.id must be a string, got 3",
    );
    await expect(
      bad("k3", "category_column: document_category_id", "category_column: shelf"),
    ).rejects.toThrow(
      'category_column must be one of the document columns (document_category_id, document_name), got "shelf"',
    );
    await expect(bad("k4", "title", "titel")).rejects.toThrow('products.csv: column "titel" must be present');
    await expect(bad("k5", "grade: stars", "grade: search")).rejects.toThrow(
      'clicks: row 1: grade must be a number, got "shoe number0"',
    );
    await expect(bad("k6", "name: shop", "name: [")).rejects.toThrow("k6/mapping.yaml:");
    await expect(importMapped(`${folder}/nowhere.yaml`, outDir)).rejects.toThrow(
      "nowhere.yaml: must exist, found none",
    );
    await expect(bad("k7", "min_grade: 2", "min_grade: 9")).rejects.toThrow(
      "shop: pairs must name at least one document of the pool",
    );
    expect(() => openDataset(outDir)).toThrow("data set folder must exist");
  });

  it("says what a mapping is and offers to write one when it is given a table", async () => {
    makeShop("table");
    const sentence = (got: string, file: string) =>
      `mapping must be a YAML file that says what the columns are, got a ${got}; "qdrl init ${file}" writes one`;
    for (const [file, got] of [
      [`${folder}/table/products.csv`, "table"],
      [`${folder}/table/clicks`, "folder"],
    ] as const)
      await expect(importMapped(file, `${folder}/none`)).rejects.toThrow(`${file}: ${sentence(got, file)}`);
  });

  it("tests on several sets with slices", async () => {
    const set = (name: string, file: string) =>
      `  - { name: ${name}, from: ${file}, document_id: sku, columns: { query_search_phrase: q }, slice: kind }\n`;
    const yaml = `${mapping}evaluation:\n${set("heads", "heads.csv")}${set("tails", "tails.csv")}`;
    const file = makeShop("sets", yaml);
    put(`${folder}/sets`, "heads.csv", "q,sku,kind\nbig shoe,A,short\nbig shoe,B,long\n");
    put(`${folder}/sets`, "tails.csv", "q,sku,kind\na box of cardboard,B,long\nshoe 48,A,\n");
    const { manifest } = await importMapped(file, `${folder}/sets-out`);
    expect(manifest.evaluationSets.map(({ name }) => name)).toEqual(["heads", "tails", "validation"]);
    const dataset = openDataset(`${folder}/sets-out`);
    const slices = async (name: string) =>
      (await readQueries(evaluationFilesOf(dataset, name).queriesPath)).queries.map((query) => [
        query.id,
        query.relevantIds,
        query.slice,
      ]);
    expect(await slices("heads")).toEqual([["e0", ["A", "B"], "short"]]);
    expect(await slices("tails")).toEqual([
      ["e1-0", ["B"], "long"],
      ["e1-1", ["A"], undefined],
    ]);
    const same = `${mapping}evaluation:\n${set("heads", "heads.csv")}${set("heads", "tails.csv")}`;
    put(`${folder}/sets`, "same.yaml", same);
    await expect(importMapped(`${folder}/sets/same.yaml`, `${folder}/none`)).rejects.toThrow(
      'evaluation.1.name must differ from the other sets\' names, got "heads" again',
    );
  });

  it("deals rows out by a column that says their part", async () => {
    const dir = `${folder}/parts`;
    const rows = [
      "red shoe,A,train",
      "blue shoe,A,train",
      "a box,B,dev",
      "green shoe,A,Test",
      "red shoe,B,train",
    ];
    put(dir, "pairs.csv", `q,sku,split\n${rows.join("\n")}\n`);
    put(dir, "products.csv", "sku,title\nA,Shoe\nB,Box\n");
    const settings = {
      name: "parts",
      documents: { from: `${dir}/products.csv`, id: "sku", columns: { document_name: "title" } },
      pairs: {
        from: `${dir}/pairs.csv`,
        document_id: "sku",
        columns: { query_search_phrase: "q" },
        part: "split",
      },
    };
    const { manifest } = await importMapped(settings, `${dir}-out`);
    expect(manifest.counts).toMatchObject({
      trainingRows: 3,
      validationRows: 1,
      testQueries: 1,
      testPairs: 1,
    });
    put(dir, "pairs.csv", "q,sku,split\nred shoe,A,fold1\n");
    await expect(importMapped(settings, `${dir}-out`)).rejects.toThrow(
      'row 1: part must be one of train, val, test, got "fold1"',
    );
  });

  it("copies pictures in by the hash of their bytes and counts those that are not there", async () => {
    const dir = `${folder}/pictured`;
    put(dir, "images/a.PNG", "same bytes");
    put(dir, "images/sub/b.png", "same bytes");
    put(dir, "images/c.jpg", "others");
    const rows = ["red shoe,A,a.PNG", "a box,B,sub/b.png", "green shoe,C,c.jpg", "hat,D,gone.png", "cap,E,"];
    put(dir, "shop.csv", `q,sku,image\n${rows.join("\n")}\n`);
    const yaml = `name: pictured
documents:
  from: shop.csv
  id: sku
  columns: { document_name: q, document_picture: image }
  pictures: { document_picture: images }
pairs: { from: shop.csv, document_id: sku, columns: { query_search_phrase: q } }
split: { validation: 0, test: 0.2 }
`;
    const file = put(dir, "mapping.yaml", yaml);
    const { manifest, warnings } = await importMapped(file, `${dir}-out`);
    expect(manifest.counts).toMatchObject({ pictures: 2, picturesMissing: 1 });
    expect(warnings.at(-1)).toContain("1 pictures are not there, their cells are empty; first: ");
    const { items } = await readItems(`${dir}-out/recall_validation_items_dataset/items.json`);
    const named = items.map((item) => item["document_picture"]!);
    const digest = createHash("sha256").update("same bytes").digest("hex").slice(0, 24);
    expect(named[0]).toBe(`pictures/${digest}.png`);
    expect(named[1]).toBe(named[0]);
    expect(named.slice(3)).toEqual(["", ""]);
    expect(readFileSync(`${dir}-out/${named[2]}`, "utf8")).toBe("others");
    expect(Object.keys(manifest.files).filter((name) => name.startsWith("pictures/"))).toHaveLength(2);
    put(dir, "shop.csv", "q,sku,image\nred shoe,A,../shop.csv\n");
    await expect(importMapped(file, `${dir}-out`)).rejects.toThrow(
      'pictures must be inside this folder, got "../shop.csv"',
    );
  });
});
