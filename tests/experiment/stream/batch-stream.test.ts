import { existsSync, rmSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { writeParquet } from "../../../lib/datasets/parquet.js";
import { readPartFiles } from "../../../lib/datasets/training-rows.js";
import {
  BatchStream,
  type BatchStreamOptions,
  type StreamedBatch,
} from "../../../lib/experiment/stream/batch-stream.js";
import type { RowEncoding } from "../../../lib/experiment/stream/row-encoder.js";
import type { StreamMisspelling } from "../../../lib/experiment/stream/row-misspelling.js";
import { type VectorizerSpec, vectorizerOf } from "../../../lib/experiment/stream/stream-vectorizer.js";
import { shardFiles } from "../../../lib/experiment/stream/worker-batches.js";
import { FeaturePipeline } from "../../../lib/features/feature-pipeline.js";
import { CategoricalMapper } from "../../../lib/tokenizer/categorical-mapper.js";
import { jsonLines, put, testFolder } from "../../datasets/test-folder.js";
import { vector } from "../../support/vectors.js";

const folder = testFolder();
const dictionary = new Map([
  ["red", 1],
  ["shoe", 2],
]);
const limits = {
  dictionary,
  numOovTokens: 50,
  wordUnigramsLimit: 3,
  wordBigramsLimit: 1,
  charTrigramsLimit: 2,
};
const subwords = {
  dictionary,
  numOovTokens: 50,
  wordsLimit: 3,
  minLength: 2,
  maxLength: 3,
  buckets: 100,
  ngramsLimit: 12,
};
const shelf = { dictionary: new Map([["48", 1]]), numOovCategories: 5 };
const encoding: RowEncoding = {
  query: [{ name: "q", type: "text" }],
  document: [
    { name: "d", type: "text" },
    { name: "shelf", type: "categorical" },
  ],
  vectorizer: { kind: "dictionary", ...limits },
  categories: { shelf },
};

/** Part-files of every kind with rows numbered through, so that each can be told from its hash. */
function makeParts(name: string, rowsPerFile: readonly number[]): string {
  const dir = `${folder}/${name}`;
  let number = 0;
  rowsPerFile.forEach((count, file) => {
    const rows = Array.from({ length: count }, () => {
      number++;
      return {
        q: `red word${number}`,
        d: `shoe ${number % 7} Ł`,
        shelf: number % 3 === 0 ? "48" : String(number % 5),
      };
    });
    if (file % 3 === 0)
      writeParquet(`${dir}/part-${file}.parquet`, {
        q: rows.map((row) => row.q),
        d: rows.map((row) => row.d),
        shelf: rows.map((row) => row.shelf),
      });
    else if (file % 3 === 1) put(dir, `part-${file}.jsonl`, jsonLines(rows));
    else
      put(
        dir,
        `part-${file}.csv`,
        `q,d,shelf\n${rows.map((row) => `${row.q},${row.d},${row.shelf}\n`).join("")}`,
      );
  });
  return dir;
}

const streams: BatchStream[] = [];
function open(options: Omit<BatchStreamOptions, "encoding"> & { encoding?: RowEncoding }): BatchStream {
  const stream = new BatchStream({ encoding, ...options });
  streams.push(stream);
  return stream;
}
afterEach(async () => {
  await Promise.all(streams.splice(0).map((stream) => stream.close()));
});

async function collect(stream: BatchStream, epoch = 0): Promise<StreamedBatch[]> {
  const batches: StreamedBatch[] = [];
  for await (const batch of stream.epoch(epoch)) batches.push(batch);
  return batches;
}
const idsOf = (batches: readonly StreamedBatch[]) => batches.flatMap((batch) => Array.from(batch.queryIds));

describe("BatchStream", () => {
  it("gives file i to thread i mod W", () => {
    const { inputs, expected } = vector("0-qdrl/file_sharding");
    for (let w = 0; w < inputs.num_workers; w++)
      expect(shardFiles(inputs.files, w, inputs.num_workers)).toEqual(expected[`worker${w}`]);
  });

  it("drops the remainder of each thread", async () => {
    const { inputs, expected } = vector("0-qdrl/drop_last_per_worker");
    const files = makeParts("drop", inputs.rows_per_worker);
    const options = { files, batchSize: inputs.batch_size, workers: 2 };
    const stream = open({ ...options, dropLast: true });
    const batches = await collect(stream);
    expect(batches.length).toBe(expected.batches);
    expect(stream.report).toMatchObject({ usedRows: expected.rows_used, droppedRows: expected.rows_dropped });
    const kept = await collect(open(options));
    expect(kept.map((batch) => batch.queries.size)).toEqual([64, 64, 64, 64, 2, 2]);
  });

  it.each([
    ["words, bigrams and trigrams", { kind: "dictionary", ...limits }],
    ["words and their n-grams, which say how they lie together", { kind: "subword", ...subwords }],
  ] satisfies [string, VectorizerSpec][])(
    "gives the rows of the files in order, encoded as a feature pipeline encodes them: %s",
    async (_, spec) => {
      const files = makeParts(`same-${spec.kind}`, [40, 25, 30]);
      const stream = open({ files, batchSize: 16, encoding: { ...encoding, vectorizer: spec } });
      const batches = await collect(stream);
      const { columns } = await readPartFiles(files, ["q", "d", "shelf"]);
      const vectorizer = vectorizerOf(spec);
      const query = new FeaturePipeline({ features: encoding.query, vectorizer });
      const document = new FeaturePipeline({
        features: encoding.document,
        vectorizer,
        categories: { shelf: new CategoricalMapper(shelf) },
      });
      let row = 0;
      for (const batch of batches) {
        const { size } = batch.queries;
        const part = Object.fromEntries(
          Object.entries(columns).map(([name, values]) => [name, values.slice(row, row + size)]),
        );
        expect(batch.queries).toEqual(query.encodeColumns(part, size));
        expect(batch.documents).toEqual(document.encodeColumns(part, size));
        row += size;
      }
      expect(row).toBe(95);
      expect(stream.report!.encoding.unknownCategories).toEqual(document.counts.unknownCategories);
      expect(stream.report!.read.rows).toBe(95);
    },
  );

  it("marks equal queries and documents with equal ids", async () => {
    const rows = [
      { q: "a", d: "x", shelf: "1" },
      { q: "b", d: "x", shelf: "1" },
      { q: "a", d: "x", shelf: "2" },
      { q: "a", d: "y", shelf: "1" },
    ];
    const [batch] = await collect(open({ files: [put(folder, "ids.jsonl", jsonLines(rows))], batchSize: 4 }));
    const equal = (ids: Int32Array) => Array.from(ids, (id) => ids.indexOf(id));
    expect(equal(batch!.queryIds)).toEqual([0, 1, 0, 0]);
    expect(equal(batch!.documentIds)).toEqual([0, 0, 2, 3]);
    const many = await collect(open({ files: makeParts("sign", [200]), batchSize: 200 }));
    for (const { queryIds, documentIds } of many)
      expect(Math.min(...queryIds, ...documentIds)).toBeGreaterThanOrEqual(0); // masks pass over negative ones
  });

  it("gives the same batches from a thread as from the caller, and whatever the timing", async () => {
    const files = makeParts("threads", [50, 61, 72, 10, 33]);
    const options = { files, batchSize: 16, shuffleRows: 40, seed: 3 };
    expect(await collect(open({ ...options, workers: 1 }))).toEqual(await collect(open(options)));
    const two = open({ ...options, workers: 2, lookAhead: 1 });
    const slow: StreamedBatch[] = [];
    for await (const batch of two.epoch(0)) {
      slow.push(batch);
      await new Promise((resolve) => setTimeout(resolve, slow.length % 3));
    }
    expect(await collect(open({ ...options, workers: 2, lookAhead: 9 }))).toEqual(slow);
    expect(await collect(two)).toEqual(slow);
  });

  it("mixes rows anew in each epoch without losing or repeating one", async () => {
    const files = makeParts("mix", [200, 200]);
    const ordered = idsOf(await collect(open({ files, batchSize: 32 })));
    const stream = open({ files, batchSize: 32, shuffleRows: 100 });
    const first = idsOf(await collect(stream, 0));
    const second = idsOf(await collect(stream, 1));
    expect(new Set(ordered).size).toBe(400);
    for (const ids of [first, second]) expect([...ids].sort()).toEqual([...ordered].sort());
    expect(first).not.toEqual(ordered);
    expect(second).not.toEqual(first);
    expect(idsOf(await collect(stream, 0))).toEqual(first);
  });

  it("goes on after an epoch that was left in the middle", async () => {
    const files = makeParts("left", [60, 60]);
    const stream = open({ files, batchSize: 8, workers: 2, lookAhead: 2 });
    for await (const _ of stream.epoch(0)) {
      await expect(stream.epoch(1).next()).rejects.toThrow("one epoch runs at a time, got 1 during another");
      break;
    }
    const again = idsOf(await collect(stream));
    expect(again).toEqual(idsOf(await collect(open({ files, batchSize: 8, workers: 2 }))));
  });

  it("carries queries as trained on, misspelled and clean; a chosen share is trained on misspelled ones", async () => {
    const files = makeParts("typos", [300, 300]);
    const misspelling = (share: number, teaching: boolean): StreamMisspelling => ({
      fromEpoch: 1,
      teaching,
      make: (random) => ({
        chooses: () => random.next() < share,
        apply: (cleaned) => cleaned.replace("red", "shoe"),
      }),
      worker: "never started",
      workerData: null,
    });
    const options = { files, batchSize: 600 };
    const firstIds = ({ queries }: StreamedBatch) => {
      const { ids, length } = queries.columns["q"] as { ids: Int32Array; length: number };
      return Array.from({ length: queries.size }, (_, row) => ids[row * length]!);
    };
    const taught = open({ ...options, misspelling: misspelling(0.3, true) });
    const [clean] = await collect(taught, 0);
    expect(new Set(firstIds(clean!))).toEqual(new Set([1]));
    expect(clean!.queries.size).toBe(600);
    const [batch] = await collect(taught, 1);
    const ids = firstIds(batch!);
    const counts = [0, 1, 2].map((copy) => ids.slice(600 * copy, 600 * copy + 600).filter((id) => id === 2));
    expect(counts[0]!.length / 600).toBeCloseTo(0.3, 1); // ± .05 is 2.7 standard deviations
    expect(counts.slice(1).map(({ length }) => length)).toEqual([600, 0]);
    expect(batch!.documents).toEqual(clean!.documents);
    expect(batch!.queryIds).toEqual(clean!.queryIds);
    const [augmented] = await collect(open({ ...options, misspelling: misspelling(0.3, false) }), 1);
    expect(firstIds(augmented!)).toEqual(ids.slice(0, 600));
  });

  it("starts no more threads than there are files", async () => {
    const files = makeParts("few", [5]);
    expect(idsOf(await collect(open({ files, batchSize: 2, workers: 8 }))).length).toBe(5);
  });

  it("refuses bad options and an empty folder", () => {
    const files = makeParts("options", [1]);
    expect(() => open({ files, batchSize: 0 })).toThrow(
      "BatchStream: batchSize must be an integer ≥ 1, got 0",
    );
    expect(() => open({ files, batchSize: 1, workers: -1 })).toThrow(
      "workers must be an integer ≥ 0, got -1",
    );
    expect(() => open({ files, batchSize: 1, shuffleRows: 0.5 })).toThrow(
      "shuffleRows must be an integer ≥ 0, got 0.5",
    );
    expect(() => open({ files: [], batchSize: 1 })).toThrow("at least one part-file is needed, got none");
    expect(() => open({ files: `${folder}/nowhere`, batchSize: 1 })).toThrow("folder must exist, found none");
    const bare = { ...encoding, categories: {} };
    expect(() => open({ files, batchSize: 1, encoding: bare })).toThrow(
      'categorical feature "shelf" needs a mapper',
    );
  });
});

describe("BatchStream with bad input", () => {
  const good = { q: "red", d: "shoe", shelf: "48" };
  /** A folder with one good and one bad part-file. */
  function withBad(name: string, file: string, data: string | Uint8Array): string {
    put(`${folder}/${name}`, "a.jsonl", jsonLines([good, good]));
    return put(`${folder}/${name}`, file, data).replace(`/${file}`, "");
  }
  const parquetBytes = async () => {
    const { readFileSync } = await import("node:fs");
    writeParquet(`${folder}/whole.parquet`, { q: ["a"], d: ["b"], shelf: ["c"] });
    return readFileSync(`${folder}/whole.parquet`);
  };
  async function expectSkipped(files: string, message: string): Promise<void> {
    for (const workers of [0, 2]) {
      await expect(collect(open({ files, batchSize: 1, workers }))).rejects.toThrow(message);
      const stream = open({ files, batchSize: 1, workers, onError: "skip" });
      expect((await collect(stream)).length).toBe(2);
      expect(stream.report!.read.skippedFiles.map((entry) => entry.reason)).toEqual([
        expect.stringContaining(message),
      ]);
    }
  }

  it("names the file whose columns differ, in each format", async () => {
    await expectSkipped(
      withBad("columns1", "b.csv", "q,d\nx,y\n"),
      'b.csv: column "shelf" must be present, got columns q, d',
    );
    await expectSkipped(
      withBad("columns2", "b.jsonl", jsonLines([{ q: "x", d: "y" }])),
      'b.jsonl: column "shelf" must be present',
    );
  });

  it("names a truncated Parquet file", async () => {
    const bytes = await parquetBytes();
    await expectSkipped(
      withBad("cut", "b.parquet", bytes.subarray(0, bytes.length - 20)),
      "b.parquet: file must be Parquet, whole and undamaged",
    );
  });

  it("names an empty part-file of a kind that must have a header or footer, and passes over an empty JSON-lines file", async () => {
    await expectSkipped(withBad("empty1", "b.parquet", ""), "b.parquet: file must not be empty, got 0 bytes");
    await expectSkipped(
      withBad("empty2", "b.csv", ""),
      "b.csv: file must have a header line, got an empty file",
    );
    expect((await collect(open({ files: withBad("empty3", "b.jsonl", ""), batchSize: 1 }))).length).toBe(2);
    const nothing = put(folder, "nothing/a.jsonl", "").replace("/a.jsonl", "");
    await expect(collect(open({ files: nothing, batchSize: 1 }))).rejects.toThrow(
      "must hold at least one row, got 0",
    );
  });

  it("names a file that vanishes between epochs", async () => {
    const files = withBad("vanish", "b.jsonl", jsonLines([good]));
    const failing = open({ files, batchSize: 1, workers: 2 });
    const skipping = open({ files, batchSize: 1, workers: 2, onError: "skip" });
    expect((await collect(failing)).length).toBe(3);
    expect((await collect(skipping)).length).toBe(3);
    rmSync(`${files}/b.jsonl`);
    expect(existsSync(`${files}/b.jsonl`)).toBe(false);
    await expect(collect(failing, 1)).rejects.toThrow(`${files}/b.jsonl: file must exist, found none`);
    expect((await collect(skipping, 1)).length).toBe(2);
  });

  it("leaves out rows that are not UTF-8 and counts them", async () => {
    const bad = Buffer.concat([
      Buffer.from('{"q":"'),
      Buffer.from([0xff]),
      Buffer.from('","d":"x","shelf":"1"}\n'),
    ]);
    const stream = open({ files: withBad("utf8", "b.jsonl", bad), batchSize: 1, workers: 2 });
    expect((await collect(stream)).length).toBe(2);
    expect(stream.report!.read.malformedExamples.map((row) => row.reason)).toEqual([
      "line must be UTF-8, got other bytes",
    ]);
  });

  it("reads quotes and line breaks in CSV cells", async () => {
    const files = withBad("quotes", "b.csv", 'q,d,shelf\n"red\nshoe","shoe, ""red""",48\n');
    const batches = await collect(open({ files, batchSize: 1 }));
    expect(batches.length).toBe(3);
    // The line break is deleted by cleaning: "redshoe" is unknown; "shoe red" is 2, 1.
    expect(Array.from((batches[2]!.documents.columns["d"] as { ids: Int32Array }).ids.slice(0, 2))).toEqual([
      2, 1,
    ]);
  });

  it("passes over a single line of 100 MB without holding it", async () => {
    const files = withBad(
      "long",
      "b.jsonl",
      Buffer.concat([Buffer.from('{"q":"'), Buffer.alloc(100 * 2 ** 20, "x"), Buffer.from('"}\n')]),
    );
    const stream = open({ files, batchSize: 1, workers: 1 });
    expect((await collect(stream)).length).toBe(2);
    expect(stream.report!.read.malformedExamples[0]!.reason).toContain(
      "line must have at most 67108864 bytes, got 1048576",
    );
  });

  it("reads a numeric category as its digits and counts it", async () => {
    const files = withBad("numeric", "b.jsonl", jsonLines([{ ...good, shelf: 48 }]));
    const stream = open({ files, batchSize: 3 });
    const [batch] = await collect(stream);
    expect(Array.from((batch!.documents.columns["shelf"] as { ids: Int32Array }).ids)).toEqual([1, 1, 1]);
    expect(stream.report!.read.convertedCells).toEqual({ shelf: 1 });
  });

  it("stops once there are more malformed rows than allowed, over all threads", async () => {
    const files = withBad("limit", "b.jsonl", `${jsonLines([good])}{\n{\n`);
    put(files, "a.jsonl", `${jsonLines([good])}{\n{\n`);
    await expect(collect(open({ files, batchSize: 1, workers: 2, maxMalformed: 3 }))).rejects.toThrow(
      "at most 3 malformed rows are allowed, got 4; one is ",
    );
    await expect(collect(open({ files, batchSize: 1, workers: 2, maxMalformed: 1 }))).rejects.toThrow(
      "got 2; the first here is",
    );
    expect((await collect(open({ files, batchSize: 1, workers: 2, maxMalformed: 4 }))).length).toBe(2);
  });
});
