import { describe, expect, it } from "vitest";
import { trecTable } from "../../lib/analysis/tables/trec-table.js";
import { explainError } from "../../lib/cli/explain-error.js";
import { readQueries } from "../../lib/datasets/queries.js";
import { readQrels, readTrecRun } from "../../lib/datasets/trec.js";
import { allocateIds } from "../../lib/engine/allocate.js";
import { evaluate } from "../../lib/evaluation/evaluate.js";
import { evaluationSet } from "../../lib/experiment/evaluation-set.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { readTar } from "../../lib/files/tar.js";
import { UserError } from "../../lib/files/user-error.js";
import { fuse } from "../../lib/retrieval/fusion/rank-fusion.js";
import type { Retriever } from "../../lib/retrieval/retrievers/retriever.js";
import { cleanUnicode, unicodeTokens } from "../../lib/tokenizer/unicode-words.js";
import { put, testFolder } from "../datasets/test-folder.js";
import { runCommand } from "./run-command.js";

const folder = testFolder();
const config = "configs/emoji/baseline.yaml";
const lines = (...records: unknown[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");

describe("configurations", () => {
  it("that are not UTF-8 are refused by name, not read with other letters", async () => {
    const latin = put(folder, "latin1.yaml", Buffer.from(`base: ${config}\nname: café\n`, "latin1"));
    const utf16 = put(folder, "utf16.yaml", Buffer.from(`\ufeffbase: ${config}\n`, "utf16le"));
    for (const file of [latin, utf16])
      expect((await runCommand("train", file)).errors).toEqual([
        `error: ${file}: must be UTF-8, got other bytes`,
      ]);
  });

  it("nested beyond what can be read say so in words of their own", async () => {
    const file = put(folder, "deep.yaml", `x: ${"[".repeat(20_000)}\n`);
    const { said, errors } = await runCommand("train", file);
    expect(said).not.toContain("call stack");
    expect(errors).toEqual([`error: ${file}:1: not valid YAML (nested too deeply)`]);
  });

  it("get no holes into their lists by --set", () => {
    expect(() => loadConfig(config, ["recall_validation.k.99=5"])).toThrow(
      "--set recall_validation.k.99: place must be at most 3, the list's length, got 99",
    );
    expect(loadConfig(config, ["recall_validation.k.0=7"]).recall_validation.k[0]).toBe(7);
  });

  it.each(["k=[10,10]", "query_typo_probabilities=[0.5,0.5]", "measures=[MAP,MAP]", "sets=[test,test]"])(
    "ask for nothing twice: %s",
    (list) => {
      const key = list.split("=")[0];
      expect(() => loadConfig(config, [`recall_validation.${list}`])).toThrow(
        `--set recall_validation.${key}: recall_validation.${key}: must name nothing twice, got [`,
      );
    },
  );
});

describe("bounds", () => {
  it("of tokens a text are met in the configuration, not while rows are read", () => {
    expect(() => loadConfig(config, ["text_vectorizer.word_unigrams_limit=1e9"])).toThrow(
      "word_unigrams_limit must be ≤ 65536, got 1000000000",
    );
    expect(() => allocateIds(2 ** 50, "name of 9 rows")).toThrow(UserError);
    expect(() => allocateIds(2 ** 50, "name of 9 rows")).toThrow("name of 9 rows: must fit in memory");
  });

  it("of a split are named as the mapping has them", async () => {
    const map = put(
      folder,
      "split.yaml",
      "name: x\ndocuments: { from: d.jsonl, id: id, columns: { document_name: name } }\npairs: { from: p.csv, document_id: doc, columns: { query_search_phrase: q } }\nsplit: { validation: 0.6, test: 0.6 }\n",
    );
    const { errors } = await runCommand("data", "import", "mapped", "--from", map, "-o", `${folder}/split`);
    expect(errors).toEqual([
      `error: ${map}:4: split: validation and test must sum to at most 1, got {"validation":0.6,"test":0.6}`,
    ]);
  });

  it.each(["-1", "zz"])("of a tar archive's sizes are those of a file: %s", (size) => {
    const header = Buffer.alloc(1024);
    header.write("a");
    header.write(`${size.padStart(11, "0")}\0`, 124);
    header.write(" ".repeat(8), 148);
    header.write("0ustar\0", 156);
    const sum = header.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    expect(() => readTar(header, "a.tar")).toThrow(/^a\.tar: tar header at byte 0 must have a size, got "0*/);
  });
});

describe("an error about something very long", () => {
  it("is a line that can be read, with its beginning and its end", () => {
    const line = explainError(new UserError(`--set x: value must be YAML, got "${"[".repeat(1e6)}"`));
    expect(line.length).toBeLessThan(2100);
    expect(line).toMatch(/^error: --set x: value must be YAML.* characters left out .*"$/);
  });
});

describe("evaluation queries", () => {
  it("are known by ids, so one that comes again is left out and named", async () => {
    const query = { query_id: "q", text: "a", relevant_document_ids: ["d"] };
    const file = put(folder, "queries.json", lines(query, { ...query, relevant_document_ids: ["e"] }));
    const { queries, report } = await readQueries(file);
    expect(queries.map(({ relevantIds }) => relevantIds)).toEqual([["d"]]);
    expect(report.malformedExamples[0]?.reason).toBe('each "query_id" must occur once, got "q" again');
  });

  it("lack a field called as what every object has, unless a line has it", async () => {
    const query = { text: "a", relevant_document_ids: ["d"] };
    const file = put(folder, "fields.json", lines(query));
    for (const name of ["toString", "__proto__", "constructor"]) {
      await expect(readQueries(file, { columns: [name] })).rejects.toThrow(`field "${name}" must be present`);
      const own = put(folder, "own.json", `{"${name}":"b","relevant_document_ids":["d"]}\n`);
      expect(Object.entries((await readQueries(own, { columns: [name] })).queries[0]!.fields)).toEqual([
        [name, "b"],
      ]);
    }
  });
});

describe("TREC files", () => {
  it("keep ids apart that differ only in case, Unicode form or white space, and those that objects inherit", () => {
    const ids = ["A", "a", "\u00e9", "e\u0301", "__proto__", "constructor", "\u202ea", "=cmd", "<script>"];
    const qrels = readQrels(put(folder, "ids.qrels", ids.map((id) => `${id} 0 ${id} 1\n`).join("")));
    const run = readTrecRun(put(folder, "ids.run", ids.map((id) => `${id} Q0 ${id} 1 1 t\n`).join("")));
    expect([...qrels.keys()]).toEqual(ids);
    expect([...run].map(([query, [best]]) => [query, best!.id])).toEqual(ids.map((id) => [id, id]));
  });

  it("that list a document twice are counted", () => {
    const said: string[] = [];
    const file = put(folder, "twice.run", "q Q0 a 1 2 t\nq Q0 b 2 1 t\nq Q0 a 3 0.5 t\n");
    readTrecRun(file, { line: (text) => said.push(text) });
    expect(said).toEqual([
      `${file}: 1 documents are listed again by their query, each counts at its first place`,
    ]);
  });
});

describe("what is asked for twice", () => {
  it("is refused before queries are counted as twice as many", async () => {
    const pool = { items: [{ name: "a" }], ids: ["d"] };
    const set = evaluationSet("test", pool, [{ id: "q", fields: { text: "a" }, relevantIds: ["d"] }]);
    const retriever: Retriever = {
      index: async () => {},
      retrieve: async (queries) => queries.map(() => ({ ids: Int32Array.of(0), scores: Float32Array.of(1) })),
    };
    const once = {
      ...{ sets: [set], retriever, ks: [1], measures: ["MAP"], typoProbabilities: [0] },
      ...{ textColumns: ["text"], prepare: (text: string) => text },
    };
    expect((await evaluate(once)).perQuery.length).toBe(1);
    for (const [part, rule] of [
      [{ typoProbabilities: [0, 0.5, 0] }, "typo probabilities: must differ, got 0 twice"],
      [{ ks: [10, 10] }, "cut-offs: must differ, got 10 twice"],
      [{ measures: ["MAP", "MAP"] }, 'measures: must differ, got "MAP" twice'],
      [{ sets: [set, set] }, 'sets: must differ, got "test" twice'],
    ] as const)
      await expect(evaluate({ ...once, ...part })).rejects.toThrow(rule);
  });

  it("is refused of the measures of TREC files too", () => {
    const qrels = put(folder, "m.qrels", "q 0 a 1\n");
    const run = put(folder, "m.run", "q Q0 a 1 1 t\n");
    expect(() => trecTable(qrels, [run], { measures: ["MAP", "map"] })).toThrow();
    expect(() => trecTable(qrels, [run], { measures: ["MAP", "MAP"] })).toThrow(
      'measures: must differ, got "MAP" twice',
    );
  });
});

describe("Korean", () => {
  it("is found whatever particle is joined to the word, and in either Unicode form", () => {
    for (const text of ["하늘과 바다", "하늘을", "하늘".normalize("NFD")])
      expect(unicodeTokens(cleanUnicode(text))).toEqual(expect.arrayContaining(["하늘", "하", "늘"]));
    expect(unicodeTokens(cleanUnicode("3D프린터"))).toEqual(["3d", "프", "프린", "린", "린터", "터"]);
  });
});

describe("fusion", () => {
  it.each(["sum", "z-score", "min-max", "reciprocal-rank"] as const)(
    "by %s puts the only document that the one system with weight lists first, whatever the others list",
    (kind) => {
      const only = { ids: [7], scores: [2] };
      const other = { ids: [1, 7, 3], scores: [3, 2, 1] };
      expect([...fuse([only, other], { kind, weights: [1, 0] }, 3).ids]).toEqual([7, 1, 3]);
    },
  );
});
