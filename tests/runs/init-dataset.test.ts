import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readItems } from "../../lib/datasets/items.js";
import { writeParquet } from "../../lib/datasets/parquet.js";
import { loadAnyConfig } from "../../lib/retrieval/retrievers/load-any-config.js";
import { initDataset } from "../../lib/runs/init-dataset.js";
import { jsonLines, put } from "../datasets/test-folder.js";

const folder = mkdtempSync(path.join(os.tmpdir(), "qdrl-init-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const colours = ["red", "blue", "green", "black", "white"];
const things = ["shoe", "box", "lamp", "chair", "table", "mouse"];
const products = colours.flatMap((colour) =>
  things.map((thing) => ({ sku: `${thing}-${colour}`, title: `${thing} in ${colour}`, shelf: thing })),
);
const pairs = products.flatMap(({ sku }) => {
  const [thing, colour] = sku.split("-");
  return [
    { search: `${colour} ${thing}`, sku },
    { search: `cheap ${thing} ${colour}`, sku },
  ];
});

function shop(root: string, delimiter = ","): string {
  const bySku = new Map(products.map((product) => [product.sku, product]));
  const rows = pairs.map(({ search, sku }) => [search, sku, bySku.get(sku)!.title].join(delimiter));
  return put(root, "files/shop.csv", `${["search", "sku", "title"].join(delimiter)}\n${rows.join("\n")}\n`);
}

const files = (root: string) => readdirSync(`${root}/configs/shop`).sort();

describe("initDataset", () => {
  it("makes data and configurations that load of one table", async () => {
    const root = `${folder}/csv`;
    const made = await initDataset(shop(root), { root });
    expect(made.roles).toEqual({ query: "search", title: "title", id: "sku" });
    expect(made.counts).toMatchObject({ documents: 30, queries: 60, testQueries: 6, validationQueries: 6 });
    expect(files(root)).toEqual(["bm25.yaml", "both.yaml", "encoder.yaml", "mapping.yaml"]);
    const kinds = made.configs.map((file) => loadAnyConfig(path.join(root, file)).kind);
    expect(kinds).toEqual(["bm25", "dense", "fusion"]);
  });

  it("keeps what is there and leaves nothing of what fails", async () => {
    const root = `${folder}/twice`;
    const file = shop(root);
    await initDataset(file, { root });
    const before = readFileSync(`${root}/configs/shop/mapping.yaml`, "utf8");
    await expect(initDataset(file, { root })).rejects.toThrow(
      "data/shop: is there already and stays as it is; choose another name with --name NAME",
    );
    expect(readFileSync(`${root}/configs/shop/mapping.yaml`, "utf8")).toBe(before);
    const one = put(root, "one.csv", "search,title,fold\nred shoe,Shoe,3\n");
    await expect(initDataset(one, { root, columns: { part: "fold" } })).rejects.toThrow(
      "part must be one of",
    );
    expect(existsSync(`${root}/configs/one`)).toBe(false);
    expect(existsSync(`${root}/data/one`)).toBe(false);
  });

  it("reads semicolons, Latin-1, Parquet, JSON lines and folders of two tables alike", async () => {
    const counts: Record<string, unknown>[] = [];
    const take = async (root: string, source: string) => {
      const made = await initDataset(source, { root, name: "shop" });
      counts.push({ documents: made.counts["documents"], queries: made.counts["queries"] });
      return made;
    };
    await take(`${folder}/semicolon`, shop(`${folder}/semicolon`, ";"));
    const latin = `${folder}/latin`;
    const text = readFileSync(shop(latin), "utf8").replace("shoe in red", "shoe in caf\xe9 red");
    await take(
      latin,
      put(
        latin,
        "files/shop.csv",
        Buffer.from(text.replaceAll("shoe in red", "shoe in caf\xe9 red"), "latin1"),
      ),
    );
    const { items } = await readItems(`${latin}/data/shop/recall_validation_items_dataset/items.json`);
    expect(items[0]!["document_name"]).toBe("shoe in café red");
    const two = `${folder}/two`;
    writeParquet(`${two}/in/products/a.parquet`, {
      sku: products.map(({ sku }) => sku),
      title: products.map(({ title }) => title),
      shelf: products.map(({ shelf }) => shelf),
    });
    put(two, "in/clicks/a.jsonl", jsonLines(pairs.slice(0, 30)));
    put(two, "in/clicks/b.jsonl", jsonLines(pairs.slice(30)));
    const made = await take(two, `${two}/in`);
    expect(readFileSync(`${two}/configs/shop/mapping.yaml`, "utf8")).toContain("from: ../../in/products\n");
    expect(made.roles).toEqual({ query: "search", title: "title", id: "sku", category: "shelf" });
    expect(counts).toEqual(Array(3).fill({ documents: 30, queries: 60 }));
  });

  it("tests on the files that say so", async () => {
    const root = `${folder}/parts`;
    const row = ({ search, sku }: { search: string; sku: string }) =>
      `${search},${sku},${sku.replace("-", " of ")}`;
    put(root, "in/train.csv", `search,sku,title\n${pairs.slice(0, 50).map(row).join("\n")}\n`);
    put(root, "in/test.csv", `search,sku,title\n${pairs.slice(50).map(row).join("\n")}\n`);
    const { counts } = await initDataset(`${root}/in`, { root, name: "shop" });
    expect(counts).toMatchObject({ queries: 50, testQueries: 10 });
  });

  it("takes BEIR's and TREC's folders; without training judgements documents are their own queries", async () => {
    const root = `${folder}/layouts`;
    put(root, "beir/corpus.jsonl", jsonLines([{ _id: "A", title: "Shoe", text: "red" }]));
    put(root, "beir/queries.jsonl", jsonLines([{ _id: "1", text: "red shoe" }]));
    put(root, "beir/qrels/test.tsv", "query-id\tcorpus-id\tscore\n1\tA\t1\n");
    const beir = await initDataset(`${root}/beir`, { root });
    expect(beir.configs.map((file) => path.basename(file))).toEqual([
      "bm25.yaml",
      "encoder.yaml",
      "both.yaml",
      "label-free.yaml",
      "bm25-ngrams.yaml",
      "label-free-bm25.yaml",
    ]);
    put(root, "trec/topics.tsv", pairs.map(({ search }, i) => `${i}\t${search}\n`).join(""));
    put(root, "trec/docs.tsv", products.map(({ sku, title }) => `${sku}\t${title}\n`).join(""));
    put(root, "trec/qrels.txt", pairs.map(({ sku }, i) => `${i} 0 ${sku} 1\n`).join(""));
    const trec = await initDataset(`${root}/trec`, { root, name: "shop" });
    expect(files(root)).toEqual(["bm25.yaml", "both.yaml", "encoder.yaml"]);
    expect(loadAnyConfig(path.join(root, trec.configs[1]!)).kind).toBe("dense");
  });

  it("says in one line why something is no search data", async () => {
    const root = `${folder}/bad`;
    const refused = (source: string) => initDataset(source, { root });
    await expect(refused(`${root}/nowhere.csv`)).rejects.toThrow(
      "nowhere.csv: must exist, found nothing there",
    );
    await expect(refused(put(root, "numbers.csv", "a,b\n1,2\n"))).rejects.toThrow(
      "numbers.csv: needs a column of search phrases and one of document titles or texts, got a, b; say which with --column",
    );
    await expect(refused(put(root, "none.csv", "search,title\n"))).rejects.toThrow(
      "must hold at least one row",
    );
    await expect(refused(put(root, "photo.png", "x"))).rejects.toThrow("part-files must be .csv");
    put(root, "text/readme.txt", "x");
    await expect(refused(`${root}/text`)).rejects.toThrow("text: must hold tables");
    expect(existsSync(`${root}/data`)).toBe(false);
  });

  it("makes documents alone searchable: rows numbered, titles and sentences as queries, a teacher's space", async () => {
    const root = `${folder}/free`;
    const rows = products.map(({ title, shelf }) => ({
      title,
      description: `This ${title} is made for those who want a ${shelf}. It comes with a spare ${shelf}.`,
    }));
    const made = await initDataset(put(root, "docs.jsonl", jsonLines(rows)), {
      root,
      name: "shop",
      labels: false,
    });
    expect(made.roles).toEqual({ title: "title", text: "description" });
    expect(made.counts).toMatchObject({ documents: 30, trainingRows: 0, "known-itemsQueries": 30 });
    expect(files(root)).toEqual([
      "bm25-ngrams.yaml",
      "bm25.yaml",
      "both.yaml",
      "encoder.yaml",
      "label-free-bm25.yaml",
      "label-free.yaml",
      "mapping.yaml",
    ]);
    for (const file of made.configs) loadAnyConfig(path.join(root, file));
    const encoder = parse(readFileSync(`${root}/configs/shop/encoder.yaml`, "utf8"));
    expect(encoder.dataset).toMatchObject({
      labelled_pairs: 0,
      document_pairs: "document_name",
      sentence_pairs: { column: "document_text" },
    });
    const { ids } = await readItems(`${root}/data/shop/recall_validation_items_dataset/items.json`);
    expect(ids.slice(0, 2)).toEqual(["1", "2"]);
  });

  it("says in one line what cannot be searched without labels, and asks words of texts without titles", async () => {
    const root = `${folder}/free-bad`;
    const init = (name: string, text: string, more = {}) =>
      initDataset(put(root, name, text), { root, labels: false, ...more });
    await expect(init("one.jsonl", '{"text":"only one"}\n')).rejects.toThrow(
      /must be at least two .*, got 1$/,
    );
    await expect(init("numbers.csv", "a,b\n1,2\n3,4\n")).rejects.toThrow(
      /must have a column of words, got a, b/,
    );
    await expect(init("q.csv", "text\nred\nblue\n", { columns: { query: "text" } })).rejects.toThrow(
      /--column query: is of searches/,
    );
    const words = await init("words.csv", "name\nlamp\nchair\n");
    const { dataset } = parse(readFileSync(path.join(root, "configs/words/encoder.yaml"), "utf8"));
    expect(dataset.document_pairs).toBe("document_name");
    expect(dataset.sentence_pairs).toBeUndefined();
    expect(words.counts["documents"]).toBe(2);
    await expect(
      initDataset(put(root, "plain.csv", "title,price\nred lamp,3\nblue lamp,4\n"), { root }),
    ).rejects.toThrow(/--no-labels/);
  });
});
