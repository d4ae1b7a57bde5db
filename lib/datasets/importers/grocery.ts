import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { DataError, describeFileError } from "../../files/data-error.js";
import { readTar } from "../../files/tar.js";
import type { DatasetManifest } from "../manifest.js";
import type { EvaluationQuery } from "../queries.js";
import { defaultDictionarySizes, writeDataset } from "../write-dataset.js";

const repository =
  "https://github.com/marcusklasson/GroceryStoreDataset/tree/fc80ba90f803d79d0383df52c5a4ac5de99ff6fc";

/** Reads a file of the source by its path below `dataset/`; undefined if there is none. */
type ReadSource = (name: string) => Uint8Array | undefined;

interface Product {
  document_id: string;
  document_name: string;
  document_text: string;
  document_category_id: string;
  document_picture: string;
}

interface Photo {
  file: string;
  product: Product;
}

/**
 * Imports the Grocery Store Dataset: 81 products with an iconic picture, a description and a coarse class; photos taken
 * in shops search for them. Photos that the lists name but the copy lacks are left out and counted.
 *
 * @param options.from  a folder with `dataset/` (the repository) or with `grocery_subset.tar`
 * @throws DataError if the lists are missing or name classes that are not there
 */
export async function importGrocery(options: { from: string; outDir: string }): Promise<DatasetManifest> {
  const read = openSource(options.from);
  const products = readProducts(read);
  const missing: Record<string, number> = {};
  const photos = Object.fromEntries(
    ["train", "val", "test"].map((part) => {
      const listed = readPhotos(read, part, products);
      const present = listed.filter(({ file }) => read(file) !== undefined);
      missing[`${part}PhotosMissing`] = listed.length - present.length;
      return [part, present];
    }),
  ) as Record<"train" | "val" | "test", Photo[]>;
  const pictures = [
    ...Object.values(photos).flatMap((list) => list.map(({ file }) => file)),
    ...products.map((product) => product.document_picture.replace("pictures/", "")),
  ];
  return writeDataset(options.outDir, {
    documents: products.map((product) => ({ ...product })),
    training: rowsOf(photos.train),
    validation: rowsOf(photos.val),
    evaluation: [
      {
        name: "photos",
        description: "photos of the test part; relevant: the product on them; slices: coarse class",
        queries: queriesOf(photos.test, "test"),
        judgedNegatives: false,
      },
      {
        name: "validation",
        description: "photos of the validation part, for choices made before the test",
        queries: queriesOf(photos.val, "val"),
        judgedNegatives: false,
      },
    ],
    textColumns: ["document_name", "document_text"],
    categoryColumn: "document_category_id",
    dictionarySizes: defaultDictionarySizes,
    cleaning: "published",
    counts: { pictures: pictures.length, ...missing },
    describe: description,
    writeFiles: (folder) => {
      for (const name of new Set(pictures)) atomicWriteFile(path.join(folder, "pictures", name), read(name)!);
    },
  });
}

function openSource(from: string): ReadSource {
  const tar = from.endsWith(".tar") ? from : path.join(from, "grocery_subset.tar");
  if (existsSync(tar)) {
    const files = readTar(readFileSync(tar), tar);
    return (name) => files.get(`dataset/${name}`);
  }
  const folder = path.join(from, "dataset");
  if (!existsSync(folder))
    throw new DataError(`${from}: must hold dataset/ or grocery_subset.tar, found neither`);
  return (name) => {
    try {
      return readFileSync(path.join(folder, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw describeFileError(path.join(folder, name), error);
    }
  };
}

function textOf(read: ReadSource, name: string): string {
  const bytes = read(name);
  if (bytes === undefined) throw new DataError(`grocery: dataset/${name} must exist, found none`);
  return Buffer.from(bytes).toString("utf8");
}

function readProducts(read: ReadSource): Product[] {
  const [, ...lines] = textOf(read, "classes.csv").trim().split(/\r?\n/);
  return lines.map((line, i) => {
    const cells = line.split(",");
    if (cells.length !== 6)
      throw new DataError(`classes.csv:${i + 2}: row must have 6 cells, got ${cells.length}`);
    const [name, id, coarse, , picture, text] = cells as [string, string, string, string, string, string];
    return {
      document_id: id,
      document_name: name.replaceAll("-", " "),
      document_text: textOf(read, text.replace(/^\//, "")).replace(/\s+/g, " ").trim(),
      document_category_id: coarse,
      document_picture: `pictures/${picture.replace(/^\//, "")}`,
    };
  });
}

function readPhotos(read: ReadSource, part: string, products: readonly Product[]): Photo[] {
  const byId = new Map(products.map((product) => [product.document_id, product]));
  const lines = textOf(read, `${part}.txt`).trim().split(/\r?\n/);
  return lines.map((line, i) => {
    const [file, id] = line.split(",").map((cell) => cell.trim());
    const product = byId.get(id ?? "");
    if (file === undefined || product === undefined)
      throw new DataError(`${part}.txt:${i + 1}: must be a path, a class and a coarse class, got "${line}"`);
    return { file, product };
  });
}

function rowsOf(photos: readonly Photo[]): Record<string, string[]> {
  const columns: Record<string, string[]> = { query_picture: photos.map(({ file }) => `pictures/${file}`) };
  for (const name of Object.keys(photos[0]?.product ?? {}) as (keyof Product)[])
    columns[name] = photos.map(({ product }) => product[name]);
  return columns;
}

function queriesOf(photos: readonly Photo[], part: string): EvaluationQuery[] {
  return photos.map(({ file, product }, i) => ({
    id: `${part}-${i}`,
    fields: { query_picture: `pictures/${file}` },
    relevantIds: [product.document_id],
    slice: product.document_category_id,
  }));
}

const description = {
  name: "grocery",
  builder: { name: "grocery", version: 1 },
  options: {},
  sources: [
    { name: "Grocery Store Dataset (Klasson, Zhang, Kjellström 2019)", url: repository, licence: "MIT" },
  ],
  licence: "MIT",
  splitRule: "The publication's: training, validation and test photos were taken in different shops.",
  notes: ["Iconic pictures and descriptions were taken by the authors from a shop's web pages."],
  columns: {
    query: { query_picture: "photo taken in a shop" },
    document: {
      document_id: "fine class",
      document_name: "product",
      document_text: "description",
      document_category_id: "coarse class",
      document_picture: "iconic picture",
    },
  },
};
