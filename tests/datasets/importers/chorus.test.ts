import { expect, it } from "vitest";
import {
  catalogueQueries,
  type IcecatProduct,
  importChorus,
  writeChorus,
} from "../../../lib/datasets/importers/chorus.js";
import { readItems } from "../../../lib/datasets/items.js";
import { readQueries } from "../../../lib/datasets/queries.js";
import { localCopy } from "../local-copies.js";
import { put, testFolder } from "../test-folder.js";

const folder = testFolder();
const products: IcecatProduct[] = [
  {
    id: "1",
    name: "X-10",
    title: "Acme X-10 speaker",
    supplier: "Acme",
    attr_t_product_type: "Speaker",
    short_description: "Loud speaker, blue",
  },
  { id: "2", name: "Y", title: "Acme Y speaker", supplier: "Acme", attr_t_product_type: "Speaker" },
  { id: "3", name: "", title: "Nameless", short_description: "speaker loud" },
];

it("makes queries from brand, type, model and description, each relevant to all products that give it", () => {
  const made = catalogueQueries(products, new Set(["loud speaker"]));
  expect(made.map((query) => [query.fields["query_search_phrase"], Object.keys(query.grades)])).toEqual([
    ["acme speaker", ["1", "2"]],
    ["acme x-10", ["1"]],
    ["acme y", ["2"]],
  ]);
});

it("keeps the grades, irrelevant ones too, and tests on all rated searches", async () => {
  const ratings = put(folder, "ratings.csv", "query,docid,rating\nspeaker,1,3\nspeaker,2,0\nnothing,3,0\n");
  const { counts } = await writeChorus(products, ratings, { outDir: `${folder}/out` });
  expect(counts).toMatchObject({
    documents: 3,
    ratedQueries: 2,
    ratedQueriesWithRelevant: 1,
    judgements: 3,
    positiveJudgements: 1,
  });
  const { queries } = await readQueries(`${folder}/out/recall_validation_queries_dataset/queries.json`);
  expect(queries.map((query) => [query.relevantIds, query.grades])).toEqual([
    [["1"], { 1: 3, 2: 0 }],
    [[], { 3: 0 }],
  ]);
  const { items } = await readItems(`${folder}/out/recall_validation_items_dataset/items.json`);
  expect(items[0]!["document_text"]).toBe("Acme X-10 speaker Acme Loud speaker, blue");
  expect(items[2]).toMatchObject({ document_category_id: "", document_text: "Nameless speaker loud" });
  const bad = put(folder, "bad.csv", "query,docid,rating\nspeaker,1,\n");
  await expect(writeChorus(products, bad, { outDir: `${folder}/none` })).rejects.toThrow(
    'row 1: rating must be an integer, got ""',
  );
});

const copy = localCopy("chorus_icecat");
if (copy !== null)
  it("has the known figures of the real Chorus", async () => {
    const { counts } = await importChorus({ from: copy, outDir: `${folder}/real` });
    expect(counts).toMatchObject({
      documents: 19_406,
      ratedQueries: 135,
      ratedQueriesWithRelevant: 116,
      judgements: 3668,
    });
  });
