import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  cellKinds,
  csvDocuments,
  csvLayout,
  linkedClasses,
  publishedClasses,
} from "../../../lib/training/fit/csv-documents.js";
import { documentKind } from "../../../lib/training/fit/fit-documents.js";
import { vector } from "../../support/vectors.js";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-fit-csv-"));
let files = 0;
function fileOf(text: string): string {
  const file = path.join(folder, `${files++}.csv`);
  fs.writeFileSync(file, text);
  return file;
}

describe("csvLayout", () => {
  it("is told by the width (vector csv_kind)", () => {
    const { inputs, expected } = vector("4-finetuner/csv_kind");
    const layouts = inputs.cases.map(({ columns, is_labeled }: { columns: number; is_labeled: boolean }) => {
      try {
        return csvLayout(columns, is_labeled);
      } catch (error) {
        expect((error as Error).message).toBe(
          `csvLayout: rows must have 2 columns (query, document) or 3 (with a score), got ${columns}`,
        );
        return "error";
      }
    });
    expect(layouts).toEqual(expected);
    expect(() => csvLayout(3, true)).toThrow("2 columns (text, class), got 3");
    expect(() => csvLayout(4, false, "wide.csv")).toThrow("wide.csv: rows must have 2 columns");
  });
});

describe("cells of a row", () => {
  it("are text or pictures by the task (vector check_columns)", () => {
    const { inputs, expected } = vector("4-finetuner/check_columns");
    const kinds = inputs.cases.map(
      ([task, ...cells]: [string, string, string]) => cellKinds(task as never, cells) ?? "error",
    );
    expect(kinds).toEqual(expected);
  });
});

describe("classes of query–document rows", () => {
  const { inputs, expected } = vector("4-finetuner/csv_query_document_relations");

  it("are the published ones (vector csv_query_document_relations)", () => {
    expect(publishedClasses(inputs.rows)).toEqual(expected.documents);
    // a row of two known texts that links two classes is lost
    const linking = [
      ["a", "x"],
      ["b", "y"],
      ["a", "y"],
    ] as const;
    expect(publishedClasses(linking)).toEqual([
      ["a", 0],
      ["x", 0],
      ["b", 1],
      ["y", 1],
    ]);
    expect(linkedClasses(linking)).toEqual([
      ["a", 0],
      ["x", 0],
      ["b", 0],
      ["y", 0],
    ]);
  });

  it("hold each text once when linked texts are merged", () => {
    expect(linkedClasses(inputs.rows)).toEqual([
      ["winter coat", 0],
      ["wool coat long", 0],
      ["down jacket", 0],
      ["running shoe", 1],
      ["trail trainer", 1],
      ["rain coat", 0],
    ]);
  });

  it("are the components of the graph of rows, by flooding it", () => {
    // a linear congruence for links of 40 texts: some 25 rows leave several components
    const pairs = Array.from(
      { length: 25 },
      (_, i) => [`t${(i * 17) % 40}`, `t${(i * i * 7 + 3) % 40}`] as const,
    );
    const found = new Map(linkedClasses(pairs));
    const reached = (from: string) => {
      const seen = new Set([from]);
      for (let size = 0; size < seen.size; ) {
        size = seen.size;
        for (const [a, b] of pairs) if (seen.has(a) || seen.has(b)) seen.add(a).add(b);
      }
      return seen;
    };
    expect(new Set(found.values()).size).toBeGreaterThan(2);
    for (const text of found.keys())
      expect(new Set([...found].filter(([, label]) => label === found.get(text)).map(([t]) => t))).toEqual(
        reached(text),
      );
  });
});

describe("csvDocuments", () => {
  it("reads each layout into what fit trains on", () => {
    const labelled = csvDocuments(fileOf('linen dress,dress\n"coat, long",coat\n'), { isLabeled: true });
    expect(labelled.documents).toEqual([
      { text: "linen dress", tags: { finetuner_label: "dress" } },
      { text: "coat, long", tags: { finetuner_label: "coat" } },
    ]);
    const pairs = csvDocuments(fileOf("summer dress\tlinen dress, knee length\n"));
    expect(pairs.documents).toEqual([
      { chunks: [{ text: "summer dress" }, { text: "linen dress, knee length" }] },
    ]);
    const scored = csvDocuments(fileOf("rain today;wet weather;0.8\n"));
    expect(scored.documents[0]!.tags).toEqual({ finetuner_score: 0.8 });
    const kinds = [labelled, pairs, scored].map(({ documents }) => documentKind(documents));
    expect(kinds).toEqual(["class", "pairs", "scored"]);
    const file = fileOf("a,x\nb,x\n");
    for (const relations of ["classes", "published"] as const)
      expect(csvDocuments(file, { relations }).documents).toHaveLength(relations === "classes" ? 3 : 4);
  });

  it("counts rows it cannot use, and stops where too many are", () => {
    const file = fileOf("a,b,0.5\nc,d\ne,f,2\n,g,0.1\nh,i,1\n");
    const { documents, report } = csvDocuments(file);
    expect(documents.map(({ tags }) => tags!.finetuner_score)).toEqual([0.5, 1]);
    expect(report.malformedExamples.map(({ line, reason }) => [line, reason])).toEqual([
      [2, "record must have 3 cells as the header, got 2"],
      [3, 'score must be in [0, 1], got "2"'],
      [4, 'cells must not be empty, got ["","g","0.1"]'],
    ]);
    expect(() => csvDocuments(file, { maxMalformed: 1 })).toThrow();
    expect(() => csvDocuments(fileOf("a\nb\n"))).toThrow("got 1");
    expect(() => csvDocuments(fileOf(""))).toThrow("must have a record, got none");
  });

  it("takes the first rows, or a share of them that the seed decides", () => {
    const file = fileOf(Array.from({ length: 400 }, (_, i) => `q${i},d${i}\n`).join(""));
    expect(csvDocuments(file, { size: 7 }).documents).toHaveLength(7);
    const some = csvDocuments(file, { samplingRate: 0.25, seed: 3 }).documents;
    // 100 expected, standard deviation 8.7
    expect(Math.abs(some.length - 100)).toBeLessThan(35);
    expect(csvDocuments(file, { samplingRate: 0.25, seed: 3 }).documents).toEqual(some);
    expect(csvDocuments(file, { samplingRate: 0.25, seed: 4 }).documents).not.toEqual(some);
    expect(() => csvDocuments(file, { samplingRate: 0 })).toThrow("samplingRate must be in (0, 1], got 0");
    expect(() => csvDocuments(file, { size: 0 })).toThrow("size must be a positive integer or null, got 0");
  });
});
