import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Listener } from "../../lib/engine/progress.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import type { RunFolder } from "../../lib/tracking/run-folder.js";
import { train } from "../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

let tiny: TinyDataset;
let folder: string;
let whole: Buffer;
let names = 0;
const added: string[] = [];
const row = (category: unknown = "shoe") => ({
  query_search_phrase: "red sneaker",
  document_name: "red shoe",
  document_category_id: category,
});
const HEADER = "query_search_phrase,document_name,document_category_id";

beforeAll(() => {
  tiny = tinyDataset();
  folder = path.join(tiny.dir, "training_dataset");
  whole = fs.readFileSync(path.join(folder, "part-00000.parquet"));
});
afterEach(() => {
  for (const file of added.splice(0)) fs.rmSync(file, { force: true });
});

/** Puts a part-file beside the good one with its 672 rows. */
function part(name: string, content: string | Buffer): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, content);
  added.push(file);
  return file;
}

describe.each(["in memory", "streamed"])("training on pairs %s", (how) => {
  const mode = how === "streamed" ? "always" : "never";
  const run = (
    onError: "fail" | "skip",
    further: object = {},
    listener: Listener = {},
  ): Promise<RunFolder> => {
    const quick = { num_epochs: 1, tensorboard: false, recall_validation: { enabled: false } };
    const settings = { run_id: `r${names++}`, on_error: onError, streaming: { mode }, ...quick, ...further };
    return train(loadConfig(tiny.config(settings)), { listener });
  };
  const counts = (found: RunFolder) => found.manifest().counts;

  it.each([
    [
      "with other columns",
      "part-1.csv",
      (): string => "a,b\n1,2\n",
      /part-1\.csv: column "query_search_phrase" must be present/,
    ],
    [
      "that is a truncated Parquet",
      "part-1.parquet",
      (): Buffer => whole.subarray(0, whole.length - 40),
      /part-1\.parquet: file must be Parquet, whole and undamaged/,
    ],
    [
      "that is empty",
      "part-1.parquet",
      (): string => "",
      /part-1\.parquet: file must not be empty, got 0 bytes/,
    ],
  ] as const)(
    "stops at a part-file %s, or leaves it out and counts it",
    async (_, name, content, message) => {
      part(name, content());
      await expect(run("fail")).rejects.toThrow(message);
      const skipped = await run("skip");
      expect(counts(skipped)).toMatchObject({ "training rows": 672, "training skipped files": 1 });
      expect(skipped.manifest().status).toBe("finished");
    },
  );

  it("leaves out and counts lines that are not UTF-8, or of 100 MB, and stops when there are too many", async () => {
    const good = `${JSON.stringify(row())}\n`;
    const invalid = Buffer.concat([
      Buffer.from('{"query_search_phrase":"'),
      Buffer.from([0xff, 0xfe, 0x22, 0x0a]),
    ]);
    const long = Buffer.alloc(100e6, "a");
    part("part-1.jsonl", Buffer.concat([Buffer.from(good), invalid, long, Buffer.from(`\n${good}`)]));
    const told: string[] = [];
    const found = await run("fail", {}, { line: (line) => told.push(line) });
    expect(counts(found)).toMatchObject({ "training rows": 674, "training malformed rows": 2 });
    expect(told.join("\n")).toMatch(/2 malformed rows left out: .*part-1\.jsonl:2: .*part-1\.jsonl:3: /);
    await expect(run("fail", { max_malformed_rows: 1 })).rejects.toThrow(
      /at most 1 malformed rows are allowed, got 2/,
    );
  });

  it("reads quotes and line breaks in the cells of a CSV", async () => {
    part("part-1.csv", `${HEADER}\n"red ""sneaker""","red\nshoe",shoe\nred sneaker,"red, shoe",shoe\n`);
    expect(counts(await run("fail"))).toMatchObject({ "training rows": 674 });
  });

  it("reads a numeric category by its digits and says so", async () => {
    part("part-1.jsonl", `${JSON.stringify(row(12))}\n`);
    const told: string[] = [];
    const found = await run("fail", {}, { line: (line) => told.push(line) });
    expect(counts(found)).toMatchObject({ "training rows": 673, "training cells written out as text": 1 });
    expect(told.join("\n")).toContain(
      '1 cells in column "document_category_id" were not text and were written out',
    );
    const unknown = Object.entries(counts(found)).filter(([name]) => /unknown categories/.test(name));
    expect(unknown.map(([, count]) => count)).toContain(1);
  });
});

describe("training on streamed pairs", () => {
  it("stops at a part-file that vanishes during the epoch, or leaves it out and counts it", async () => {
    const vanishing = async (onError: "fail" | "skip"): Promise<RunFolder> => {
      const file = part("part-2.jsonl", `${JSON.stringify(row())}\n`);
      const settings = {
        run_id: `v-${onError}`,
        num_epochs: 1,
        on_error: onError,
        shuffle: false,
        streaming: { mode: "always" },
        recall_validation: { enabled: false },
      };
      const listener = { progress: () => fs.rmSync(file, { force: true }) };
      return train(loadConfig(tiny.config(settings)), { listener });
    };
    await expect(vanishing("fail")).rejects.toThrow(/part-2\.jsonl: file must exist, found none/);
    const { status, counts } = (await vanishing("skip")).manifest();
    expect(status).toBe("finished");
    expect(counts).toMatchObject({ "training rows": 672, "training skipped files": 1 });
  });
});
