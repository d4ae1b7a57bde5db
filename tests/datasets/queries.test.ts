import { describe, expect, it } from "vitest";
import { queryRecord, readQueries } from "../../lib/datasets/queries.js";
import { jsonLines, put, testFolder } from "./test-folder.js";

const folder = testFolder();

describe("readQueries", () => {
  it("reads the published example", async () => {
    const record = { query_search_phrase: "cardigan xl", relevant_document_ids: ["p-000417", "p-008020"] };
    const { queries } = await readQueries(put(folder, "one.json", jsonLines([record])));
    expect(queries).toEqual([
      { id: "q1", fields: { query_search_phrase: "cardigan xl" }, relevantIds: ["p-000417", "p-008020"] },
    ]);
  });

  it("reads ids, slices and grades, and its own records come back the same", async () => {
    const query = {
      id: "x9",
      fields: { query_search_phrase: "dog", query_locale: "en" },
      relevantIds: ["a", "b"],
      slice: "unseen",
      grades: { a: 3, b: 1, c: 0 },
    };
    const file = put(folder, "round.json", jsonLines([queryRecord(query)]));
    expect((await readQueries(file)).queries).toEqual([query]);
    expect((await readQueries(file, { columns: ["query_search_phrase"] })).queries[0]!.fields).toEqual({
      query_search_phrase: "dog",
    });
  });

  it("uses an id named twice once and counts it; numbers are ids too; an empty list stays", async () => {
    const file = put(
      folder,
      "twice.json",
      jsonLines([
        { q: "a", relevant_document_ids: ["1", 1, "2", "1"] },
        { q: "b", relevant_document_ids: [] },
      ]),
    );
    const { queries, report } = await readQueries(file);
    expect(queries.map((query) => query.relevantIds)).toEqual([["1", "2"], []]);
    expect(report.repeatedRelevantIds).toBe(2);
  });

  it("leaves out lines that are no queries and says why", async () => {
    const file = put(
      folder,
      "bad.json",
      `{"q":\n${jsonLines([
        { q: "a" },
        { q: "a", relevant_document_ids: "1" },
        { q: "a", relevant_document_ids: [{}] },
        { q: ["x"], relevant_document_ids: ["1"] },
        { q: "a", relevant_document_ids: ["1"], grades: { 1: "high" } },
        { q: null, relevant_document_ids: ["1"] },
      ])}`,
    );
    const { queries, report } = await readQueries(file, { columns: ["q"] });
    expect(queries).toEqual([{ id: "q7", fields: { q: "" }, relevantIds: ["1"] }]);
    expect(report.malformedExamples.map((row) => `${row.line}: ${row.reason}`)).toEqual([
      '1: line must be a JSON object, got "{\\"q\\":"',
      '2: "relevant_document_ids" must be a list of ids, got undefined',
      '3: "relevant_document_ids" must be a list of ids, got "1"',
      '4: "relevant_document_ids" must be a list of ids, got [{}]',
      '5: column "q" must be text or a number, got a list',
      '6: "grades" must be an object of numbers, got {"1":"high"}',
    ]);
    expect(report.nullCells).toEqual({ q: 1 });
  });

  it("refuses a file without queries and a field that no query has", async () => {
    await expect(readQueries(put(folder, "empty.json", "\n"))).rejects.toThrow(
      "must hold at least one query, got 0",
    );
    const file = put(folder, "nofield.json", jsonLines([{ q: "a", relevant_document_ids: ["1"] }]));
    await expect(readQueries(file, { columns: ["query_search_phrase"] })).rejects.toThrow(
      `${file}: field "query_search_phrase" must be present, got no line with it`,
    );
  });
});
