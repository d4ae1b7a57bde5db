import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hashFolder, readManifest, writeManifest } from "../../lib/datasets/manifest.js";
import { evaluationFilesOf, openDataset } from "../../lib/datasets/open-dataset.js";
import { writeParquet } from "../../lib/datasets/parquet.js";
import { put, testFolder } from "./test-folder.js";

const folder = testFolder();
let sets = 0;

function makeSet(withManifest: boolean): string {
  const dir = `${folder}/set${sets++}`;
  put(dir, "training_dataset/part-00000.jsonl", '{"q":"a"}\n');
  put(dir, "recall_validation_items_dataset/items.json", '{"document_id":"1"}\n');
  put(dir, "recall_validation_queries_dataset/queries.json", '{"q":"a","relevant_document_ids":["1"]}\n');
  if (!withManifest) return dir;
  writeManifest(dir, {
    name: "made up",
    builder: { name: "test", version: 1 },
    options: {},
    sources: [],
    licence: "CC0-1.0",
    splitRule: "none",
    notes: [],
    columns: { query: { q: "query" }, document: {} },
    counts: { trainingRows: 1 },
    evaluationSets: [
      {
        name: "all",
        queriesPath: "recall_validation_queries_dataset/queries.json",
        itemsPath: "recall_validation_items_dataset/items.json",
        description: "",
        judgedNegatives: false,
      },
    ],
  });
  return dir;
}

describe("openDataset", () => {
  it("verifies the files and gives the manifest's fingerprint and evaluation sets", () => {
    const dir = makeSet(true);
    const dataset = openDataset(dir);
    expect(dataset.name).toBe("made up");
    expect(dataset.fingerprint).toBe(readManifest(dir)!.fingerprint);
    expect(evaluationFilesOf(dataset)).toMatchObject({
      name: "all",
      queriesPath: `${dir}/recall_validation_queries_dataset/queries.json`,
      itemsPath: `${dir}/recall_validation_items_dataset/items.json`,
    });
    expect(() => evaluationFilesOf(dataset, "other")).toThrow(
      `unknown evaluation set "other" of ${dir}; known: all`,
    );
  });

  it("refuses every one of 200 flipped bits of a Parquet file that the manifest names", () => {
    const dir = `${folder}/flips`;
    const file = `${dir}/training_dataset/part-00000.parquet`;
    put(dir, "recall_validation_items_dataset/items.json", '{"document_id":"1"}\n');
    mkdirSync(`${dir}/training_dataset`);
    writeParquet(file, { q: Array.from({ length: 300 }, (_, row) => `query ${row}`) });
    const { files: _, fingerprint: __, datasetFormat: ___, ...facts } = readManifest(makeSet(true))!;
    writeManifest(dir, { ...facts, evaluationSets: [] });
    openDataset(dir);
    const whole = readFileSync(file);
    for (let flip = 0; flip < 200; flip++) {
      const changed = Buffer.from(whole);
      changed[Math.floor((flip * whole.length) / 200)]! ^= 1 << (flip % 8);
      writeFileSync(file, changed);
      expect(() => openDataset(dir), `flip ${flip}`).toThrow(`${file}: SHA-256 must be `);
    }
  });

  it("gives a folder without manifest the fingerprint it would have with one", () => {
    const plain = openDataset(makeSet(false));
    expect(plain.manifest).toBeNull();
    expect(plain.fingerprint).toBe(openDataset(makeSet(true)).fingerprint);
    expect(plain.evaluationSets.map((set) => set.name)).toEqual(["queries"]);
  });

  it("hashes files as `sha256sum` does", () => {
    const dir = `${folder}/hash`;
    put(dir, "a/b", "abc");
    // FIPS 180-2, example B.1.
    expect(hashFolder(dir)).toEqual({
      "a/b": { sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", bytes: 3 },
    });
  });

  it("notices a changed, a cut, a missing and an added file", () => {
    const file = "training_dataset/part-00000.jsonl";
    const changed = makeSet(true);
    put(changed, file, '{"q":"b"}\n');
    expect(() => openDataset(changed)).toThrow(`${changed}/${file}: SHA-256 must be `);
    expect(openDataset(changed, { verify: "size" }).name).toBe("made up");
    const cut = makeSet(true);
    put(cut, file, '{"q"');
    expect(() => openDataset(cut, { verify: "size" })).toThrow(
      `${cut}/${file}: must have 10 bytes as in the manifest, got 4`,
    );
    const missing = makeSet(true);
    rmSync(`${missing}/recall_validation_items_dataset/items.json`);
    expect(() => openDataset(missing)).toThrow("items.json: file of the manifest must exist, found none");
    const added = makeSet(true);
    put(added, "training_dataset/part-00001.jsonl", "");
    expect(() => openDataset(added)).toThrow("part-00001.jsonl: part-files must be in the manifest");
  });

  it("names what is wrong with a folder or its manifest", () => {
    expect(() => openDataset(`${folder}/none`)).toThrow(
      `${folder}/none: data set folder must exist, found none`,
    );
    put(folder, "hollow/readme", "");
    expect(() => openDataset(`${folder}/hollow`)).toThrow("must hold training_dataset, found none");
    const broken = makeSet(true);
    put(broken, "manifest.json", "{");
    expect(() => openDataset(broken)).toThrow(`${broken}/manifest.json: must be JSON, got: `);
    put(broken, "manifest.json", '{"datasetFormat": 2}');
    expect(() => openDataset(broken)).toThrow(`${broken}/manifest.json: datasetFormat: `);
  });
});
