import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type Qrels,
  readQrels,
  readTrecRun,
  trecId,
  writeQrels,
  writeTrecRun,
} from "../../lib/datasets/trec.js";
import { put, testFolder } from "./test-folder.js";

const folder = testFolder();

describe("qrels", () => {
  const qrels: Qrels = new Map([
    [
      "q1",
      new Map([
        ["d2", 3],
        ["d1", 0],
      ]),
    ],
    ["q2", new Map([["d1", 1]])],
  ]);

  it("are read in TREC's and BEIR's form, seen from the first line", () => {
    expect(readQrels(put(folder, "trec.txt", "q1 0 d2 3\nq1\tQ0\td1  0\n\nq2 0 d1 1\n"))).toEqual(qrels);
    expect(
      readQrels(put(folder, "beir.tsv", "query-id\tcorpus-id\tscore\nq1\td2\t3\nq1\td1\t0\nq2\td1\t1\n")),
    ).toEqual(qrels);
  });

  it("come back from both forms as they were written", () => {
    for (const format of ["trec", "beir"] as const) {
      writeQrels(`${folder}/round-${format}`, qrels, format);
      expect(readQrels(`${folder}/round-${format}`)).toEqual(qrels);
    }
    expect(readFileSync(`${folder}/round-trec`, "utf8")).toBe("q1 0 d2 3\nq1 0 d1 0\nq2 0 d1 1\n");
  });

  it("name the line that is wrong", () => {
    const bad = (text: string) => () => readQrels(put(folder, "bad", text));
    expect(bad("q 0 d 1\nq 0 d\n")).toThrow(
      'bad:2: line must be query, 0, document, grade with an integer grade, got "q 0 d"',
    );
    expect(bad("query-id\tcorpus-id\tscore\nq\td\thigh\n")).toThrow(
      "bad:2: line must be query, document, grade with an integer grade",
    );
    expect(bad("\n")).toThrow("must hold at least one judgement, got 0");
  });

  it("write blanks of ids as URLs do, and leave other ids alone", () => {
    const ids = ["poker face", "100 %20", "100%20", "Caf%C3%A9", "a\u00a0b\tc"];
    expect(ids.map(trecId)).toEqual(["poker%20face", "100%20%2520", "100%20", "Caf%C3%A9", "a%C2%A0b%09c"]);
    const blank: Qrels = new Map([["a b", new Map([["c d", 1]])]]);
    writeQrels(`${folder}/blank`, blank, "trec");
    expect(readFileSync(`${folder}/blank`, "utf8")).toBe("a%20b 0 c%20d 1\n");
    expect(() => trecId("")).toThrow("ids must not be empty");
  });
});

describe("TREC runs", () => {
  it("are ordered by score, equal scores by descending document id, whatever the ranks say", () => {
    const file = put(folder, "run", "q1 Q0 a 1 0.5 x\nq1 Q0 b 2 0.9 x\nq1 Q0 c 3 0.5 x\nq2 Q0 a 1 -1e-3 x\n");
    expect(readTrecRun(file)).toEqual(
      new Map([
        [
          "q1",
          [
            { id: "b", score: 0.9 },
            { id: "c", score: 0.5 },
            { id: "a", score: 0.5 },
          ],
        ],
        ["q2", [{ id: "a", score: -0.001 }]],
      ]),
    );
  });

  it("keep their order through writing, ties included, in single precision too", () => {
    const ranked = ["a", "c", "b", "e", "d"].map((id, i) => ({ id, score: [0.9, 0.9, 0.9, 0, 0][i]! }));
    writeTrecRun(`${folder}/ties`, new Map([["q", ranked]]), "mine");
    const back = readTrecRun(`${folder}/ties`).get("q")!;
    expect(back.map((entry) => entry.id)).toEqual(["a", "c", "b", "e", "d"]);
    const single = back.map((entry) => Math.fround(entry.score));
    for (let i = 1; i < single.length; i++) expect(single[i]!).toBeLessThan(single[i - 1]!);
    back.forEach((entry, i) => {
      expect(Math.abs(entry.score - ranked[i]!.score)).toBeLessThan(1e-6);
    });
    expect(readFileSync(`${folder}/ties`, "utf8").split("\n")[0]).toBe("q Q0 a 1 0.9 mine");
  });

  it("name the line that is wrong", () => {
    expect(() => readTrecRun(put(folder, "badrun", "q Q0 d 1 high x\n"))).toThrow(
      "badrun:1: line must be query, Q0, document, rank, score, tag",
    );
  });
});
