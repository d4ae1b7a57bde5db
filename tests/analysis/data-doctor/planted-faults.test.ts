import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { keyOf, keysOf, plantFaults, rowsBlamed, scoreOf } from "../../../bench/planted-faults.js";
import { suspectPairs } from "../../../lib/analysis/data-doctor/examinations/suspects.js";
import { examineData } from "../../../lib/analysis/data-doctor/examine-data.js";
import { takeCensus } from "../../../lib/analysis/data-doctor/pair-census.js";
import { openPairSource } from "../../../lib/analysis/data-doctor/sources/open-pair-source.js";
import { layout } from "../../../lib/datasets/dataset-layout.js";
import { writeJsonLines } from "../../../lib/datasets/json-lines.js";
import { writeParquet } from "../../../lib/datasets/parquet.js";
import { Random } from "../../../lib/engine/random/random.js";

/** 150 documents, and queries of a word of theirs or two, which several documents may answer; some are held out. */
function writeData(dir: string): void {
  const random = new Random(4);
  const [colours, things, stuffs] = [
    ["red", "blue", "green", "black", "white"],
    ["shoe", "shirt", "lamp", "chair", "phone", "bottle"],
    ["leather", "cotton", "steel", "paper", "glass"],
  ];
  const items = colours!.flatMap((colour) =>
    things!.flatMap((thing) =>
      stuffs!.map((stuff) => ({ words: [colour, thing, stuff], name: `${colour} ${thing} of ${stuff}` })),
    ),
  );
  const queries = new Map<string, number[]>();
  items.forEach(({ words }, document) => {
    for (const asked of [
      [0, 1],
      [1, 2],
      [0, 2],
      [0, 1, 2],
    ])
      for (const before of ["buy", "cheap", "used", "nice"]) {
        const query = `${before} ${asked.map((place) => words[place]).join(" ")}`;
        queries.set(query, [...(queries.get(query) ?? []), document]);
      }
  });
  const rows: { query: string; document: number }[] = [];
  const heldOut: object[] = [];
  for (const [query, documents] of queries)
    if (random.next() < 0.15)
      heldOut.push({ query_search_phrase: query, relevant_document_ids: documents.map((i) => `d${i}`) });
    else for (const document of documents) rows.push({ query, document });
  writeParquet(path.join(dir, layout.training, "part-00000.parquet"), {
    query_search_phrase: rows.map(({ query }) => query),
    document_id: rows.map(({ document }) => `d${document}`),
    document_name: rows.map(({ document }) => items[document]!.name),
  });
  writeJsonLines(
    path.join(dir, layout.items),
    items.map(({ name }, i) => ({ document_id: `d${i}`, document_name: name })),
  );
  writeJsonLines(path.join(dir, layout.queries), heldOut);
}

it("finds leaks, duplicates, swapped and removed labels that were planted at 5 %", async () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-planted-"));
  try {
    const dir = path.join(root, "clean");
    writeData(dir);
    const source = await openPairSource(dir);
    const before = await takeCensus(source, []);
    const faults = plantFaults(before, 0.05, new Random(1));
    const leaks = [...faults.leaks.exact, ...faults.leaks.normalised];
    const adds = [...leaks, ...faults.duplicates, ...faults.swapped];
    const damaged = path.join(root, "damaged");
    await source.writeMended(damaged, {
      keeps: (row) => !faults.removed.has(row),
      rewrite: null,
      adds: adds.map(([query, document]) => ({ query, document })),
      note: "",
    });
    const { report } = await examineData(damaged, {
      listener: {},
      near: 1,
      only: ["query-leakage", "duplicates:rows"],
    });
    const kept = before.rows - before.firstTraining - faults.removed.size;
    const places = (from: number, count: number) =>
      new Set(Array.from({ length: count }, (_, i) => `${kept + from + i}`));
    const leaked = [
      ...rowsBlamed(report.findings, "query-leakage:exact"),
      ...rowsBlamed(report.findings, "query-leakage:normalised"),
    ];
    expect(scoreOf(places(0, leaks.length), leaked.map(String))).toMatchObject({ precision: 1, recall: 1 });
    const repeated = rowsBlamed(report.findings, "duplicates:rows").map(String);
    const again = scoreOf(places(leaks.length, faults.duplicates.length), repeated);
    // a swapped document may answer its new query, whose label then comes again
    expect([again.recall, again.precision > 0.98]).toEqual([1, true]);
    const census = await takeCensus(await openPairSource(damaged), []);
    const { falseNegatives, wrongPositives } = await suspectPairs(census, { run: null, listener: {} });
    const swapped = new Set(faults.swapped.map(keyOf));
    const missing = new Set(faults.missing.map(keyOf));
    // by chance: .05, and for missing labels less than .01
    expect(scoreOf(swapped, keysOf(census, wrongPositives).slice(0, swapped.size)).precision).toBeGreaterThan(
      0.9,
    );
    expect(scoreOf(missing, keysOf(census, falseNegatives).slice(0, missing.size)).precision).toBeGreaterThan(
      0.5,
    );
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
});
