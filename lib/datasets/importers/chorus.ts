import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { strFromU8 } from "fflate";
import { Random } from "../../engine/random/random.js";
import { DataError } from "../../files/data-error.js";
import { unzip } from "../../files/unzip.js";
import { phraseKey, phraseSetKey } from "../comparison-keys.js";
import { readCsv } from "../csv.js";
import { type JudgedQuery, judgedQueries, relevantPairs, splitQueries } from "../judged-split.js";
import type { DatasetManifest } from "../manifest.js";
import { type PinnedFile, readJudgingSources } from "../source-files.js";
import { defaultDictionarySizes, writeDataset } from "../write-dataset.js";
import type { ImportOptions } from "./msrd.js";

const commit = "https://raw.githubusercontent.com/querqy/chorus/96edf8b536e521be06cab910e0f6a9b25e3016fc";
const products = `${commit}/data-encoder/ecommerce/vectors/data`;
const ratings = "Broad_Query_Set_rated.csv";

const chorusFiles: readonly PinnedFile[] = [
  ...[
    "15b622a11a6267aa0c450919a84b0fc41d7748db552f4c9c0e04167bbc7c38cb",
    "17d95160289440d03ca50af65c1363d9edd1d5e82678ddb874b27aeac1f87c33",
    "d4d088908fa648da7e79682872a77771ba42f065b253c4fb0f333e630d94f45a",
    "533329e5173eac349ce61512fc86a352d5f6651e31694e03aa6e8428cbeaf3c0",
  ].map((sha256, i) => ({ name: `${i + 1}.json.zip`, url: `${products}/${i + 1}.json.zip`, sha256 })),
  {
    name: ratings,
    url: `${commit}/katas/${ratings}`,
    sha256: "065b79c6c19b9ea8fa2dc2b0b8dae3f40c6389454a1f26aac3d3f8a7d43731b2",
  },
];

/** A product as Icecat describes it; attributes are `attr_t_…` and more. */
export interface IcecatProduct {
  id: string;
  name: string;
  title: string;
  supplier?: string;
  short_description?: string;
  [attribute: string]: unknown;
}

/**
 * Imports Chorus: 19,406 electronics products and 135 searches with human grades 0–3, all of them for the test. There
 * are no clicks, so training queries are made from the catalogue: see {@link catalogueQueries}.
 *
 * @throws DataError if a source is missing or differs from the pinned one
 */
export async function importChorus(options: ImportOptions): Promise<DatasetManifest> {
  const sources = await readJudgingSources(chorusFiles, options);
  const list: IcecatProduct[] = [];
  for (const { name } of chorusFiles) {
    if (!name.endsWith(".zip")) continue;
    const inner = unzip(sources.get(name)!, name).get(name.replace(/\.zip$/, ""));
    if (inner === undefined)
      throw new DataError(`${name}: archive must hold ${name.replace(/\.zip$/, "")}, found none`);
    for (const product of JSON.parse(strFromU8(inner)) as IcecatProduct[]) list.push(product);
  }
  const scratch = mkdtempSync(path.join(os.tmpdir(), "qdrl-chorus-"));
  try {
    const file = path.join(scratch, ratings);
    writeFileSync(file, sources.get(ratings)!);
    return await writeChorus(list, file, options);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** {@link importChorus} from the products and the file of rated queries. */
export async function writeChorus(
  list: readonly IcecatProduct[],
  ratingsFile: string,
  { outDir, seed = 42 }: Pick<ImportOptions, "outDir" | "seed">,
): Promise<DatasetManifest> {
  const documents = list.map(productDocument);
  const byId = new Map(documents.map((document) => [document["document_id"]!, document]));
  const rated = readRatings(ratingsFile);
  const tested = new Set(rated.map((query) => phraseSetKey(query.fields["query_search_phrase"]!)));
  const made = catalogueQueries(list, tested);
  const split = splitQueries(made, { test: 0, validation: 0.05 }, seed);
  const random = new Random(seed);
  const grades = rated.flatMap((query) => Object.values(query.grades));
  return writeDataset(outDir, {
    documents,
    training: relevantPairs(split.training, byId, 1, random.fork("training")),
    validation: relevantPairs(split.validation, byId, 1, random.fork("validation")),
    evaluation: [
      {
        name: "rated",
        description: "searches of a shop with human grades 0–3; relevant: grade 1 or more",
        queries: judgedQueries(rated, 1),
        judgedNegatives: true,
      },
    ],
    textColumns: ["query_search_phrase", "document_text"],
    categoryColumn: "document_category_id",
    dictionarySizes: defaultDictionarySizes,
    cleaning: "published",
    counts: {
      judgements: grades.length,
      positiveJudgements: grades.filter((g) => g > 0).length,
      catalogueQueries: made.length,
    },
    describe: describe(seed),
  });
}

/**
 * Queries made from the products themselves, for want of clicks: brand and product type, brand and product name, and
 * the short description. Each is relevant to all products that give it. Those with the same words as a rated search
 * are left out.
 */
export function catalogueQueries(list: readonly IcecatProduct[], tested: ReadonlySet<string>): JudgedQuery[] {
  const queries = new Map<string, JudgedQuery>();
  for (const product of list) {
    const brand = product.supplier ?? "";
    const type = text(product["attr_t_product_type"]) || text(product["attr_t_type"]);
    const phrases = [
      type === "" ? "" : `${brand} ${type}`,
      product.name === "" ? "" : `${brand} ${product.name}`,
      (product.short_description ?? "").split(/[,.;(]/)[0]!,
    ];
    for (const raw of phrases) {
      const phrase = raw.trim().toLowerCase();
      const key = phraseKey(phrase);
      if (key === "" || key === phraseKey(brand) || tested.has(phraseSetKey(phrase))) continue;
      const query = queries.get(key) ?? {
        id: `catalogue-${queries.size}`,
        fields: { query_search_phrase: phrase },
        grades: {},
      };
      query.grades[product.id] = 1;
      queries.set(key, query);
    }
  }
  return [...queries.values()];
}

function productDocument(product: IcecatProduct): Record<string, string> {
  const brand = product.supplier ?? "";
  const description = product.short_description ?? "";
  return {
    document_id: product.id,
    document_name: product.title,
    document_category_id: brand,
    document_text: [product.title, brand, description].filter((part) => part !== "").join(" "),
    document_brand: brand,
    document_description: description,
    document_picture_url: text(product["img_500x500"]),
  };
}

function readRatings(file: string): JudgedQuery[] {
  const { columns } = readCsv(file, ["query", "docid", "rating"], { maxMalformed: 0 });
  const queries = new Map<string, JudgedQuery>();
  columns["query"]!.forEach((phrase, row) => {
    const grade = Number(columns["rating"]![row]);
    if (!Number.isInteger(grade) || columns["rating"]![row] === "")
      throw new DataError(
        `${file}: row ${row + 1}: rating must be an integer, got "${columns["rating"]![row]}"`,
      );
    const query = queries.get(phrase) ?? {
      id: `rated-${queries.size}`,
      fields: { query_search_phrase: phrase },
      grades: {},
    };
    query.grades[columns["docid"]![row]!] = grade;
    queries.set(phrase, query);
  });
  return [...queries.values()];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function describe(seed: number) {
  return {
    name: "chorus",
    builder: { name: "chorus", version: 1 },
    options: { seed },
    sources: [
      {
        name: "Icecat product data, as provided by Chorus",
        url: products,
        licence: "Icecat Open Content License",
      },
      {
        name: "Chorus, Broad Query Set with ratings by Supahands",
        url: `${commit}/katas/${ratings}`,
        licence: "Apache-2.0",
      },
    ],
    licence: "Icecat Open Content License (share alike, not to be sold); ratings Apache-2.0",
    splitRule: "All rated searches are for the test; no training query has the same words as one of them.",
    notes: [
      "There are no clicks. Training and validation queries are made from the catalogue (brand + type, brand + model, start of the short description), so scores on the rated searches are those of a model that never saw a search.",
      "Only rated products have grades; 19 of the 135 rated searches have no relevant product.",
    ],
    columns: {
      query: { query_search_phrase: "search, or a phrase made from the catalogue" },
      document: {
        document_id: "Icecat id",
        document_name: "title",
        document_category_id: "brand",
        document_text: "title, brand and short description",
        document_brand: "brand",
        document_description: "short description",
        document_picture_url: "picture, 500 × 500",
      },
    },
  };
}
