import { describe, expect, it } from "vitest";
import { importTypos, writeTypos } from "../../../lib/datasets/importers/typos.js";
import { readMisspellings, readTypoQueries } from "../../../lib/datasets/misspellings.js";
import { openDataset } from "../../../lib/datasets/open-dataset.js";
import { localCopy } from "../local-copies.js";
import { put, testFolder } from "../test-folder.js";

const folder = testFolder();
const sources = (change: Record<string, string> = {}) =>
  new Map(
    Object.entries({
      "crate-ci-typos-words.csv.gz": "teh,the\nadres,address\n",
      "codespell-dictionary.txt.gz":
        "teh->the\nadres->address, adders,\nclas->class, disabled because of name clash\n",
      "wikipedia-common-misspellings.txt.gz": "alot->a lot, allot\n",
      "dl-typo/query.tsv": "1\tclean one\n",
      "dl-typo/query.typo.tsv": "1\tcleen one\n",
      "dl-typo/query.typo.ms.tsv": "1\tclean one\n",
      "dl-typo/query.typo.py.tsv": "1\tcleen one \n",
      "dl-typo/qrels.txt": "1 Q0 5 2\n",
      ...change,
    }).map(([name, text]) => [name, Buffer.from(text)]),
  );

describe("writeTypos", () => {
  it("merges the lists, corrections in order of the lists, remarks left out", async () => {
    const dir = `${folder}/typos`;
    const { counts } = await writeTypos(sources(), dir);
    expect(readMisspellings(dir)).toEqual([
      { misspelling: "adres", corrections: ["address", "adders"], sources: ["crate-ci", "codespell"] },
      { misspelling: "alot", corrections: ["a lot", "allot"], sources: ["wikipedia"] },
      { misspelling: "clas", corrections: ["class"], sources: ["codespell"] },
      { misspelling: "teh", corrections: ["the"], sources: ["crate-ci", "codespell"] },
    ]);
    expect(readTypoQueries(dir)).toEqual([
      {
        query_id: "1",
        query: "clean one",
        typo: "cleen one",
        bing: "clean one",
        pyspellchecker: "cleen one",
      },
    ]);
    expect(counts).toMatchObject({
      misspellings: 4,
      misspellingsOfCrateCiAndCodespell: 3,
      pairs: 6,
      ambiguousMisspellings: 2,
    });
    expect(openDataset(dir).evaluationSets).toEqual([]);
  });

  it("names a line that is no misspelling", async () => {
    const bad = sources({ "wikipedia-common-misspellings.txt.gz": "alot\n" });
    await expect(writeTypos(bad, `${folder}/bad`)).rejects.toThrow(
      'line must be "misspelling->correction", got "alot"',
    );
    put(folder, "odd/misspellings.json", '{"misspelling":"x","corrections":[]}\n');
    expect(() => readMisspellings(`${folder}/odd`)).toThrow(
      "misspellings.json:1: line must have a misspelling and its corrections",
    );
  });
});

const copy = localCopy("typos");
if (copy !== null)
  it("has the known figures of the real lists", async () => {
    const { counts } = await importTypos({ from: copy, outDir: `${folder}/real` });
    expect(counts).toMatchObject({
      misspellingsOfCrateCiAndCodespell: 97_850,
      misspellings: 97_877,
      dlTypoQueries: 60,
    });
  });
