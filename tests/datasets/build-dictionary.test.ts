import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { buildTokenDictionary } from "../../lib/datasets/build-dictionary.js";
import { writeParquet } from "../../lib/datasets/parquet.js";
import { SpillingCounts } from "../../lib/datasets/spilling-counts.js";
import { TokenCounts } from "../../lib/datasets/token-counts.js";
import { TrigramCounts } from "../../lib/datasets/trigram-counts.js";
import { Random } from "../../lib/engine/random/random.js";
import { charTrigrams } from "../../lib/tokenizer/tokens.js";
import { jsonLines, put, testFolder } from "./test-folder.js";

const folder = testFolder();

/** Texts with frequent and rare words, double spaces and letters that cleaning removes. */
function makeTexts(count: number): string[] {
  const random = new Random(5);
  const word = () => `w${Math.floor(400 * random.next() ** 3)}`;
  return Array.from(
    { length: count },
    () => `${word()} ${word()}${random.int(9) === 0 ? "  Ł" : " é"}${word()}`,
  );
}

describe("buildTokenDictionary", () => {
  it("writes what counting everything in memory gives, however little memory it has", async () => {
    const texts = makeTexts(3000);
    const half = texts.length / 2;
    put(folder, "parts/a.jsonl", jsonLines(texts.slice(0, half).map((q) => ({ q, d: "Shoe" }))));
    writeParquet(`${folder}/parts/b.parquet`, {
      q: texts.slice(half),
      d: new Array<string>(half).fill("red shoe"),
    });
    const sizes = { unigrams: 300, bigrams: 200, trigrams: 100 };
    const { cleanPhrase } = await import("../../lib/tokenizer/clean-phrase.js");
    const counts = new TokenCounts(sizes);
    for (const text of texts) counts.add(cleanPhrase(text));
    counts.add("shoe", half);
    counts.add("red shoe", half);
    const wanted = counts.entries().map(({ key, id, count }) => ({ token: key, token_id: id, count }));
    for (const maxKeys of [1_000_000, 50, 7]) {
      const scratchDir = `${folder}/scratch-${maxKeys}`;
      const outDir = `${folder}/out-${maxKeys}`;
      const sources = [`${folder}/parts`];
      const result = await buildTokenDictionary({
        sources,
        columns: ["q", "d"],
        outDir,
        sizes,
        maxKeys,
        scratchDir,
      });
      const lines = readFileSync(`${outDir}/dictionary.json`, "utf8").trimEnd().split("\n");
      expect(lines.map((line) => JSON.parse(line))).toEqual(wanted);
      expect(result).toMatchObject({ entries: wanted.length, report: { rows: 3000 } });
      expect(readdirSync(scratchDir)).toEqual([]);
    }
  });

  it("stops at a bad file or leaves it out, and refuses texts without tokens", async () => {
    put(folder, "bad/a.parquet", "nothing");
    put(folder, "bad/b.jsonl", jsonLines([{ q: "red" }]));
    const options = {
      sources: [`${folder}/bad`],
      columns: ["q"],
      outDir: `${folder}/bad-out`,
      sizes: { unigrams: 5, bigrams: 0, trigrams: 0 },
    };
    await expect(buildTokenDictionary(options)).rejects.toThrow("a.parquet: file must be Parquet");
    const { report } = await buildTokenDictionary({ ...options, onError: "skip" });
    expect(report.skippedFiles.length).toBe(1);
    const empty = put(folder, "empty.jsonl", jsonLines([{ q: "…" }]));
    await expect(buildTokenDictionary({ ...options, sources: [empty] })).rejects.toThrow(
      "texts must have at least one token, got none",
    );
  });
});

describe("SpillingCounts", () => {
  it("counts exactly with any number of keys held", () => {
    const random = new Random(9);
    const keys = Array.from({ length: 5000 }, () => `k\t"${Math.floor(700 * random.next() ** 2)}\n`);
    const slow = new Map<string, number>();
    for (const key of keys) slow.set(key, (slow.get(key) ?? 0) + 1);
    const wanted = [...slow].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    mkdirSync(`${folder}/spill`);
    for (const maxKeys of [1, 13, 699, 100_000]) {
      const counts = new SpillingCounts(`${folder}/spill`, "t", maxKeys);
      for (const key of keys) counts.add(key);
      expect(counts.finish(40)).toEqual({ top: wanted.slice(0, 40), distinct: slow.size });
    }
    expect(readdirSync(`${folder}/spill`)).toEqual([]);
  });

  it("refuses to hold more keys than a Map can", () => {
    expect(() => new SpillingCounts(folder, "t", 2 ** 24)).toThrow(
      "maxKeys must be an integer in [1, 16000000], got 16777216",
    );
  });
});

describe("TrigramCounts", () => {
  it("counts as a list of trigrams does", () => {
    const texts = ["silver fork", "", "ab", "a   b   c", "x9 0z", "    z"];
    const counts = new TrigramCounts();
    const slow = new Map<string, number>();
    for (const text of texts) {
      counts.add(text);
      for (const trigram of charTrigrams(text))
        if (trigram.trim() !== "") slow.set(trigram, (slow.get(trigram) ?? 0) + 1);
    }
    expect(new Map([...counts.entries()].sort())).toEqual(new Map([...slow].sort()));
  });
});
