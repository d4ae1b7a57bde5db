import { existsSync, mkdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { buildDataset } from "../../lib/datasets/prepare-dataset.js";
import { datasetSources, importDataset } from "../../lib/datasets/registry.js";
import { jsonLines, put, testFolder } from "./test-folder.js";

const folder = testFolder();

describe("importDataset", () => {
  it("lists the known names for an unknown one", async () => {
    const known = Object.keys(datasetSources).sort();
    for (const name of ["beir", "chorus", "emoji", "home-depot", "mapped", "msrd", "scifact", "typos"])
      expect(known).toContain(name);
    await expect(importDataset("wikis", { outDir: folder, from: null })).rejects.toThrow(
      `unknown data set "wikis"; known: ${known.join(", ")}`,
    );
    for (const source of Object.values(datasetSources)) expect(source.description).not.toBe("");
  });

  it("wants --from where there is nothing to fetch, and a path that exists", async () => {
    await expect(importDataset("beir", { outDir: folder, from: null })).rejects.toThrow(
      '"beir" is made from files of your own: give them with --from',
    );
    await expect(importDataset("msrd", { outDir: folder, from: `${folder}/none` })).rejects.toThrow(
      "none: must exist, found nothing there",
    );
  });

  it("finds a source's folder inside a folder of copies", async () => {
    mkdirSync(`${folder}/copies/msrd_movies`, { recursive: true });
    const outDir = `${folder}/out`;
    await expect(importDataset("msrd", { outDir, from: `${folder}/copies` })).rejects.toThrow(
      "copies/msrd_movies/movies-corpus.jsonl.gz: file must exist",
    );
    await expect(importDataset("msrd", { outDir, from: `${folder}/copies/msrd_movies` })).rejects.toThrow(
      "copies/msrd_movies/movies-corpus.jsonl.gz: file must exist",
    );
    expect(existsSync(outDir)).toBe(false);
  });

  it("runs an importer and gives its counts and warnings", async () => {
    put(folder, "mine/items.jsonl", jsonLines([{ id: 1, t: "a" }]));
    put(folder, "mine/clicks.jsonl", jsonLines([{ q: "x", id: 1 }]));
    const yaml =
      "name: mine\ndocuments: { from: items.jsonl, id: id, columns: { document_name: t } }\npairs: { from: clicks.jsonl, document_id: id, columns: { query_search_phrase: q } }\nsplit: { test: 0, validation: 0 }\n";
    const from = put(folder, "mine/mapping.yaml", yaml);
    const { counts, warnings } = await importDataset("mapped", { outDir: `${folder}/mine-out`, from });
    expect(counts).toMatchObject({ documents: 1, trainingRows: 1 });
    expect(warnings).toEqual(['2 cells in column "id" were not text and were written out']);
  });

  it("builds every set that comes from packages, and says of others how they are had", async () => {
    const built = Object.keys(datasetSources).filter((name) => datasetSources[name]!.kind === "packages");
    expect(built).toContain("emoji-pictures");
    const known = `known: ${built.join(", ")}`;
    await expect(buildDataset("wikis", { listener: {} })).rejects.toThrow(
      `unknown data set "wikis"; ${known}`,
    );
    await expect(buildDataset("msrd", { listener: {} })).rejects.toThrow(
      `${known}; this one is imported: qdrl data import msrd`,
    );
    await expect(buildDataset("emoji-pictures", { listener: {}, locales: "all" })).rejects.toThrow(
      'data set "emoji-pictures": locales, unseen locales and held-out keywords must not be given',
    );
  });
});
