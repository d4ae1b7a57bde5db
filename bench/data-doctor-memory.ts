/**
 * Peak memory of the data doctor on rows that are made while it reads them, so that no disk is filled: by default 30 million, some
 * 4 CPU minutes. Every examination that holds something for each row or text takes part; those that only look at each text
 * (languages, near-duplicates of held-out queries) hold nothing more.
 *
 *   npx tsx bench/data-doctor-memory.ts [rows]
 */
import { examineData } from "../lib/analysis/data-doctor/examine-data.js";
import type { PairChunk, PairSource } from "../lib/analysis/data-doctor/sources/pair-source.js";
import { Random } from "../lib/engine/random/random.js";

const rows = Number(process.argv[2] ?? 30_000_000);
const documents = Math.floor(rows / 15);
const CHUNK = 65_536;
const HELD_OUT = 2000;

const title = (document: number) => `item ${document} of kind ${document % 977} in ${document % 31}`;

function* training(): Generator<PairChunk> {
  const random = new Random(1);
  for (let from = 0; from < rows; from += CHUNK) {
    const count = Math.min(CHUNK, rows - from);
    const queries: string[] = [];
    const ids: string[] = [];
    const texts: string[] = [];
    for (let i = 0; i < count; i++) {
      const document = Math.floor(documents * random.next() * random.next());
      // nine of ten queries are asked once, as in a log's long tail
      queries.push(
        random.next() < 0.1
          ? `kind ${document % 977}`
          : `find ${document % 977} item ${random.int(rows * 4)}`,
      );
      ids.push(`d${document}`);
      texts.push(title(document));
    }
    yield { part: null, queries, ids, texts, grades: null };
  }
}

const source: PairSource = {
  name: "generated rows",
  kind: "generator",
  dataset: null,
  minGrade: 1,
  hasGrades: false,
  heldOut: ["test"],
  documents: () => [],
  heldOutQueries: () => [],
  heldOutPairs: (): PairChunk[] => {
    const numbers = Array.from({ length: HELD_OUT }, (_, i) => i);
    return [
      {
        part: "test",
        queries: numbers.map((i) => `kind ${i} item`),
        ids: numbers.map((i) => `d${i}`),
        texts: numbers.map(title),
        grades: null,
      },
    ];
  },
  trainingPairs: training,
  writeMended: async () => "",
};

const before = process.cpuUsage();
const { report } = await examineData(source, {
  listener: {},
  only: [
    "document-leakage",
    "duplicates",
    "empty-texts",
    "encoding",
    "lengths",
    "popularity",
    "batch-false-negatives",
  ],
});
const { user, system } = process.cpuUsage(before);
for (const { outcome, what, count, of } of report.findings)
  if (outcome !== "ok") console.log(`${count} of ${of} ${what}`);
const count = (value: number) => value.toLocaleString("en");
console.log(
  `${count(rows)} rows, ${count(report.counts.queries)} queries, ${count(report.counts.documents)} documents: ${report.seconds.toFixed(0)} s, ${((user + system) / 1e6).toFixed(0)} CPU s, peak ${(report.peakBytes / 2 ** 30).toFixed(2)} GiB`,
);
