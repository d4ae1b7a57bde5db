import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ExactIndex } from "../../../lib/retrieval/indexes/exact-index.js";
import { Bm25Index } from "../../../lib/retrieval/lexical/bm25.js";
import { loadBm25, saveBm25 } from "../../../lib/retrieval/lexical/bm25-file.js";
import { type Bm25VariantName, bm25VariantNames } from "../../../lib/retrieval/lexical/bm25-variants.js";
import { createAnalyzer } from "../../../lib/retrieval/lexical/text-analysis.js";

interface Fixture {
  documents: string[][];
  queries: string[][];
  cases: { variant: Bm25VariantName; k1: number; b: number; scores: number[][] }[];
}

// made by generate-bm25.py beside it with bm25s 0.3.16
const fixture = JSON.parse(readFileSync("tests/fixtures/retrieval/bm25s.json", "utf8")) as Fixture;
const folder = mkdtempSync(path.join(tmpdir(), "qdrl-bm25-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function scoresOf(index: Bm25Index, query: string[]): number[] {
  const scores = new Array<number>(index.documentCount).fill(0);
  const found = index.search(query, index.documentCount);
  found.ids.forEach((id, i) => {
    scores[id] = found.scores[i]!;
  });
  return scores;
}

describe("BM25's variants", () => {
  it("are the ones named in the fixture", () => {
    expect([...new Set(fixture.cases.map((c) => c.variant))]).toEqual(bm25VariantNames);
  });

  it.each(fixture.cases)("agree with bm25s: $variant, k1 $k1, b $b", ({ variant, k1, b, scores }) => {
    const index = Bm25Index.build(fixture.documents, { variant, k1, b });
    let lacking = 0;
    fixture.queries.forEach((query, q) => {
      scoresOf(index, query).forEach((score, d) => {
        const hasAll = query.every((token) => fixture.documents[d]!.includes(token));
        // bm25s lets bm25+ and bm25l score documents for terms they lack; the papers and this code do not
        if (variant === "bm25+" || variant === "bm25l") {
          if (!hasAll) {
            expect(score).toBeLessThan(scores[q]![d]!);
            lacking++;
            return;
          }
        }
        expect(Math.abs(score - scores[q]![d]!)).toBeLessThan(2e-6); // weights are float32
      });
    });
    expect(lacking > 0).toBe(variant === "bm25+" || variant === "bm25l");
  });

  it("robertson gives terms in half of the documents or more nothing", () => {
    const index = Bm25Index.build([["a", "b"], ["a"], ["c"], ["a", "c"]], { variant: "robertson" });
    expect(index.search(["a"], 4).ids.length).toBe(0);
    expect([...index.search(["a", "b"], 4).ids]).toEqual([0]);
  });

  it("take δ where they have one, and refuse it elsewhere", () => {
    const documents = [["a", "x"], ["b"], ["c"]];
    const plain = Bm25Index.build(documents, { variant: "bm25+", delta: 0 }).search(["a"], 1).scores[0]!;
    const raised = Bm25Index.build(documents, { variant: "bm25+" }).search(["a"], 1).scores[0]!;
    expect(raised - plain).toBeCloseTo(Math.log(4 / 1), 5);
    expect(() => Bm25Index.build(documents, { delta: 1 })).toThrow(
      'delta must be left out for variant "lucene", got 1',
    );
    expect(() => Bm25Index.build(documents, { variant: "bm25l", delta: -1 })).toThrow(
      "delta must be ≥ 0, got -1",
    );
    expect(() => Bm25Index.build(documents, { variant: "bm42" as "lucene" })).toThrow(
      'unknown variant "bm42"; known: lucene, robertson, atire, bm25+, bm25l',
    );
  });
});

describe("a BM25 index", () => {
  it("answers many queries as it answers one", () => {
    const index = Bm25Index.build(fixture.documents);
    const progress: number[] = [];
    const all = index.searchAll(fixture.queries, 5, { onProgress: (done) => progress.push(done) });
    fixture.queries.forEach((query, q) => {
      const one = index.search(query, 5);
      expect([...all.ids.subarray(q * 5, q * 5 + one.ids.length)]).toEqual([...one.ids]);
      expect([...all.ids.subarray(q * 5 + one.ids.length, q * 5 + 5)].every((id) => id === -1)).toBe(true);
    });
    expect(progress).toEqual([fixture.queries.length]);
  });

  it("is saved and loaded with its analysis", () => {
    const file = path.join(folder, "words.index");
    const analysis = { stopWords: "english", stemmer: "english" } as const;
    const analyze = createAnalyzer(analysis);
    const texts = ["The running shoes", "A red shoe", "naïve café 文字 😀"];
    const index = Bm25Index.build(texts.map(analyze), { variant: "bm25l", k1: 0.9, b: 0.4, analysis });
    expect(saveBm25(index, file)).toBe(readFileSync(file).length);
    const loaded = loadBm25(file);
    expect(loaded.analysis).toEqual(analysis);
    expect(loaded.documentCount).toBe(3);
    for (const query of ["shoe", "run", "café", "文字", "the"])
      expect(loaded.search(analyze(query), 3)).toEqual(index.search(analyze(query), 3));
  });

  it("is not read from a damaged file, or from a vector index", () => {
    const file = path.join(folder, "bad.index");
    saveBm25(Bm25Index.build(fixture.documents), file);
    const bytes = readFileSync(file);
    bytes[70]! ^= 1;
    writeFileSync(file, bytes);
    expect(() => loadBm25(file)).toThrow("bad.index: is damaged: its checksum does not match its content");
    ExactIndex.build(Float32Array.of(1, 2), { dim: 2 }).save(file);
    expect(() => loadBm25(file)).toThrow('bad.index: holds an index of kind "exact", not "bm25"');
  });
});

describe("createAnalyzer", () => {
  it("splits into words of letters and digits in any script, lower-cased", () => {
    expect(createAnalyzer()("Čistý-vzduch, 15.6″ IPS_panel 文字! ﬁn")).toEqual([
      "čistý",
      "vzduch",
      "15",
      "6",
      "ips_panel",
      "文字",
      "ﬁn",
    ]);
    expect(createAnalyzer()("")).toEqual([]);
    expect(createAnalyzer()("— … !")).toEqual([]);
  });

  it("composes accents, so that two spellings of one character match", () => {
    expect(createAnalyzer()("cafe\u0301")).toEqual(createAnalyzer()("caf\u00e9"));
  });

  it("drops stop words and short tokens before stemming", () => {
    const analyze = createAnalyzer({ minLength: 2, stopWords: "english", stemmer: "english" });
    expect(analyze("The films that were running in a cinema, 3 D")).toEqual([
      "film",
      "were",
      "run",
      "cinema",
    ]);
    expect(createAnalyzer({ stopWords: ["red"] })("red car")).toEqual(["car"]);
  });

  it("stems as Snowball does", () => {
    // snowball-stemmers' English is the classic algorithm; PyStemmer 3.1 (Snowball 3.1) differs on the last word only
    const stem = createAnalyzer({ stemmer: "english" });
    const words = "running skies happily generalization conspicuous flies evening";
    expect(stem(words)).toEqual(["run", "sky", "happili", "general", "conspicu", "fli", "even"]);
    expect(createAnalyzer({ stemmer: "german" })("häuser")).toEqual(["haus"]);
  });

  it("refuses unknown lists and languages", () => {
    expect(() => createAnalyzer({ stopWords: "klingon" as "english" })).toThrow(
      'createAnalyzer: unknown stop words "klingon"; known: english',
    );
    expect(() => createAnalyzer({ stemmer: "latin" })).toThrow(
      /unknown stemmer "latin"; known: arabic, armenian/,
    );
    expect(() => createAnalyzer({ minLength: 0 })).toThrow("minLength must be a positive integer, got 0");
  });
});
