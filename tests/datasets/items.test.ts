import { describe, expect, it } from "vitest";
import { readItems } from "../../lib/datasets/items.js";
import { jsonLines, put, testFolder } from "./test-folder.js";

const folder = testFolder();

describe("readItems", () => {
  it("reads the published example with all of its fields", async () => {
    const record = {
      document_id: "p-000417",
      document_name: "Loose sweater, wool, size XL",
      document_category_id: "1190",
    };
    const { items, ids } = await readItems(put(folder, "one.json", jsonLines([record])));
    expect(items).toEqual([record]);
    expect(ids).toEqual(["p-000417"]);
  });

  it("keeps the last line of a repeated id, at its place, and counts the others", async () => {
    const file = put(
      folder,
      "twice.json",
      jsonLines([
        { document_id: "a", n: "old" },
        { document_id: "b", n: "b" },
        { document_id: "a", n: "older" },
        { document_id: "a", n: "new" },
      ]),
    );
    const { items, ids, report } = await readItems(file);
    expect(ids).toEqual(["b", "a"]);
    expect(items[1]).toEqual({ document_id: "a", n: "new" });
    expect(report).toMatchObject({ rows: 2, duplicateIds: 2 });
  });

  it("leaves out lines without an id or with a wrong type, reads empty cells as empty text", async () => {
    const file = put(
      folder,
      "mixed.json",
      `${jsonLines([
        { document_id: 7, name: null, shelf: 48 },
        { name: "no id" },
        { document_id: "", name: "x" },
        { document_id: "c", name: ["list"], shelf: "1" },
        { document_id: "d", shelf: "2" },
      ])}not json\n`,
    );
    const { items, report } = await readItems(file, { columns: ["name", "shelf"] });
    expect(items).toEqual([
      { document_id: "7", name: "", shelf: "48" },
      { document_id: "d", name: "", shelf: "2" },
    ]);
    expect(report.malformedExamples.map((row) => row.line)).toEqual([2, 3, 4, 6]);
    expect(report.nullCells).toEqual({ name: 2 });
    expect(report.convertedCells).toEqual({ shelf: 1 });
  });

  it("ignores fields that are not asked for, lists included", async () => {
    const file = put(folder, "extra.json", jsonLines([{ document_id: "a", name: "x", tags: ["y"], z: "w" }]));
    expect((await readItems(file, { columns: ["name"] })).items).toEqual([{ document_id: "a", name: "x" }]);
    expect((await readItems(file)).items).toEqual([{ document_id: "a", name: "x", z: "w" }]);
  });

  it("refuses a pool without documents and a field that no document has", async () => {
    await expect(readItems(put(folder, "empty.json", ""))).rejects.toThrow(
      "empty.json: file must hold at least one document, got 0 (0 malformed lines)",
    );
    await expect(readItems(`${folder}/none.json`)).rejects.toThrow("none.json: file must exist, found none");
    const file = put(folder, "noname.json", jsonLines([{ document_id: "a" }]));
    await expect(readItems(file, { columns: ["name"] })).rejects.toThrow(
      'field "name" must be present, got no line',
    );
    await expect(readItems(put(folder, "bad.json", "{\n".repeat(3)), { maxMalformed: 1 })).rejects.toThrow(
      "at most 1 malformed rows are allowed, got 2",
    );
  });
});
