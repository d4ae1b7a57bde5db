import { describe, expect, it } from "vitest";
import { FeaturePipeline } from "../../lib/features/feature-pipeline.js";
import { CategoricalMapper } from "../../lib/tokenizer/categorical-mapper.js";
import { DictionaryVectorizer } from "../../lib/tokenizer/dictionary-vectorizer.js";

const vectorizer = new DictionaryVectorizer({
  dictionary: new Map([
    ["red", 1],
    ["shoe", 2],
  ]),
  numOovTokens: 2,
  wordUnigramsLimit: 3,
  wordBigramsLimit: 0,
  charTrigramsLimit: 0,
});
const shelf = new CategoricalMapper({ dictionary: new Map([["48", 1]]), numOovCategories: 2 });
const features = [
  { name: "name", type: "text" },
  { name: "shelf", type: "categorical" },
];
const records = [
  { name: "Réd SHOE", shelf: "48" },
  { name: "…", shelf: "9" },
];

describe("FeaturePipeline", () => {
  it("cleans, vectorises and maps every row, and counts what was empty or unknown", () => {
    const pipeline = new FeaturePipeline({ features, vectorizer, categories: { shelf } });
    const batch = pipeline.encode(records);
    expect(batch.size).toBe(2);
    expect(batch.columns).toEqual({
      name: { kind: "text", length: 3, ids: Int32Array.from([1, 2, 0, 3, 0, 0]) },
      shelf: { kind: "categorical", ids: Int32Array.from([1, 2]) },
    });
    pipeline.encode(records);
    expect(pipeline.counts).toEqual({ rows: 4, emptyTexts: { name: 2 }, unknownCategories: { shelf: 2 } });
  });

  it("gives the same for columns as for records, and an empty batch for none", () => {
    const pipeline = new FeaturePipeline({ features, vectorizer, categories: { shelf } });
    const columns = { name: records.map((r) => r.name), shelf: records.map((r) => r.shelf) };
    expect(pipeline.encodeColumns(columns, 2)).toEqual(pipeline.encode(records));
    expect(pipeline.encode([]).columns["name"]).toEqual({ kind: "text", length: 3, ids: new Int32Array(0) });
  });

  it("transforms the cleaned text, not the raw one, and no category", () => {
    const pipeline = new FeaturePipeline({ features, vectorizer, categories: { shelf } });
    const met: string[] = [];
    const batch = pipeline.encode(records.slice(0, 1), {
      transformText: (cleaned) => {
        met.push(cleaned);
        return "shoe red";
      },
    });
    expect(met).toEqual(["red shoe"]);
    expect(batch.columns["name"]).toMatchObject({ ids: Int32Array.from([2, 1, 0]) });
  });

  it("names what is wrong with a declaration or a record", () => {
    const make = (list: { name: string; type: string }[], rest: object = { vectorizer }) =>
      new FeaturePipeline({ features: list, ...rest });
    expect(() => make([{ name: "a", type: "image" }])).toThrow(
      'unknown type "image" of feature "a"; known: categorical, text',
    );
    expect(() => make([features[0]!, features[0]!])).toThrow('names must be unique, got "name" twice');
    expect(() => make([features[0]!], {})).toThrow('text feature "name" needs a vectorizer');
    expect(() => make(features)).toThrow('categorical feature "shelf" needs a mapper');
    const pipeline = make([features[0]!]);
    expect(() => pipeline.encode([{ name: "a" }, { title: "b" }])).toThrow(
      'record 1 must have a text "name", got undefined',
    );
    expect(() => pipeline.encodeColumns({ name: ["a"] }, 2)).toThrow('record 1 must have a text "name"');
  });
});
