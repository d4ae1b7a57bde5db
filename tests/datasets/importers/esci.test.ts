import { describe, expect, it } from "vitest";
import { importEsci, writeEsci } from "../../../lib/datasets/importers/esci.js";
import { readItems } from "../../../lib/datasets/items.js";
import { writeParquet } from "../../../lib/datasets/parquet.js";
import { readQueries } from "../../../lib/datasets/queries.js";
import { importDataset } from "../../../lib/datasets/registry.js";
import { readTrainingRows } from "../../../lib/datasets/training-rows.js";
import { put, testFolder } from "../test-folder.js";

const folder = testFolder();

const columnsOf = (rows: readonly Record<string, string>[]) =>
  Object.fromEntries(Object.keys(rows[0]!).map((name) => [name, rows.map((row) => row[name]!)]));

/** Judgements and products by the columns that the source documents. */
function write(name: string, change: Record<string, string> = {}) {
  const product = (i: number, locale: string) => ({
    product_id: `B${i}`,
    product_title: `Lamp ${i}`,
    product_description: i % 2 === 0 ? "" : `<p>Shines ${i}</p>`,
    product_bullet_point: `bright\nwarm ${i}`,
    product_brand: "Acme",
    product_color: "White",
    product_locale: locale,
  });
  const example = (q: number, p: number, label: string, more: Record<string, string> = {}) => ({
    example_id: `${q * 100 + p}`,
    query: `lamp number${q}`,
    query_id: `${q}`,
    product_id: `B${p}`,
    product_locale: "us",
    esci_label: label,
    small_version: "1",
    large_version: "1",
    split: q < 40 ? "train" : "test",
    ...more,
  });
  const examples = Array.from({ length: 50 }, (_, q) => q).flatMap((q) => [
    example(q, q % 20, "E"),
    example(q, (q + 1) % 20, "S"),
    example(q, (q + 2) % 20, "C"),
    example(q, 20 + (q % 3), "I"),
  ]);
  examples.push(
    example(70, 30, "E", { small_version: "0" }),
    example(71, 31, "E", { product_locale: "es", ...change }),
    example(72, 5, "E", { query: "number41 lamp", split: "train" }),
  );
  const products = Array.from({ length: 40 }, (_, i) => product(i, "us"));
  products.push({ ...product(1, "es"), product_title: "Lámpara" });
  put(folder, `${name}/x`, "");
  const [a, b] = [`${folder}/${name}/examples.parquet`, `${folder}/${name}/products.parquet`];
  writeParquet(a, columnsOf(examples));
  writeParquet(b, columnsOf(products));
  return { examples: a, products: b, outDir: `${folder}/${name}/out` };
}

describe("writeEsci", () => {
  it("takes one market's judged products and the reduced version's searches, exact ones relevant", async () => {
    const { examples, products, outDir } = write("small");
    const { counts } = await writeEsci(examples, products, { outDir });
    expect(counts).toMatchObject({
      documents: 23,
      testQueries: 10,
      testPairs: 10,
      queriesDroppedAsTested: 1,
    });
    expect(counts["trainingQueries"]! + counts["validationQueries"]!).toBe(40);
    const { queries } = await readQueries(`${outDir}/recall_validation_queries_dataset/queries.json`);
    expect(queries[0]).toEqual({
      id: "40",
      fields: { query_search_phrase: "lamp number40" },
      relevantIds: ["B0"],
      grades: { B0: 100, B1: 10, B2: 1, B21: 0 },
    });
    const { items } = await readItems(`${outDir}/recall_validation_items_dataset/items.json`);
    expect(items.find((item) => item["document_id"] === "B1")).toEqual({
      document_id: "B1",
      document_name: "Lamp 1",
      document_brand: "Acme",
      document_color: "White",
      document_bullets: "bright\nwarm 1",
      document_description: "<p>Shines 1</p>",
    });
    const { columns } = await readTrainingRows(outDir, "training", ["query_search_phrase", "document_id"]);
    expect(columns["query_search_phrase"]).toHaveLength(counts["trainingRows"]!);
    columns["query_search_phrase"]!.forEach((phrase, row) => {
      const q = Number(phrase.match(/number(\d+)/)![1]);
      expect(columns["document_id"]![row]).toBe(`B${q % 20}`);
    });
  });

  it("takes the large version's searches too where it is asked for", async () => {
    const { examples, products, outDir } = write("large");
    const { counts } = await writeEsci(examples, products, { outDir, large: true });
    expect(counts).toMatchObject({ documents: 24, testQueries: 11 });
  });

  it("names what is wrong: a market without searches, another label, another file, options of others", async () => {
    const { examples, products, outDir } = write("bad", { product_locale: "us", esci_label: "X" });
    await expect(writeEsci(examples, products, { outDir, locale: "jp" })).rejects.toThrow(
      /must hold searches of the market jp to train and to test on, got 0 and 0/,
    );
    await expect(writeEsci(examples, products, { outDir })).rejects.toThrow(
      /esci_label must be E, S, C or I, got "X"/,
    );
    const from = `${folder}/other`;
    put(from, "shopping_queries_dataset_examples.parquet", "not it");
    await expect(importEsci({ from, outDir })).rejects.toThrow(/examples\.parquet: SHA-256 must be 4a735b69/);
    await expect(importDataset("beir", { from, outDir, locale: "es" })).rejects.toThrow(/they are of esci/);
  });
});
