import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { titlesAsQueries } from "../../../lib/datasets/init/titles-as-queries.js";
import { put } from "../test-folder.js";

const folder = mkdtempSync(path.join(os.tmpdir(), "qdrl-titles-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dataset = (name: string, rows: [string, string][]) => {
  const text = rows.map(([query, title]) => `"${query}","${title}"\n`).join("");
  put(folder, `${name}/training_dataset/a.csv`, `query_search_phrase,document_name\n${text}`);
  return path.join(folder, name);
};

describe("titlesAsQueries", () => {
  it("fits where titles are as long as queries, not where they are long product names", async () => {
    const films = dataset("films", [
      ["space odyssey", "2001 A Space Odyssey"],
      ["mary and max", "Mary and  Max"],
    ]);
    expect(await titlesAsQueries(films)).toEqual({ queryWords: 2.5, titleWords: 3.5, fit: true });
    const shop = dataset("shop", [["laptop", "Acme Notebook 15 inch 8 GB black"]]);
    expect(await titlesAsQueries(shop)).toEqual({ queryWords: 1, titleWords: 7, fit: false });
  });

  it("does not fit where documents have no titles", async () => {
    expect((await titlesAsQueries(dataset("untitled", [["a b", ""]]))).fit).toBe(false);
  });
});
