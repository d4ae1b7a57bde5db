import { cpSync, readFileSync } from "node:fs";
import path from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { exactJson } from "../../lib/datasets/exact-json.js";
import { importBeir } from "../../lib/datasets/importers/beir.js";
import { importMapped } from "../../lib/datasets/importers/mapped.js";
import { readItems } from "../../lib/datasets/items.js";
import { readParquet } from "../../lib/datasets/parquet.js";
import { decimalText } from "../../lib/datasets/parquet-decimals.js";
import { readQueries } from "../../lib/datasets/queries.js";
import { readQrels, readTrecRun } from "../../lib/datasets/trec.js";
import { readTaskRows, taskColumns } from "../../lib/studies/kdd/files/task-rows.js";
import { put, testFolder } from "../datasets/test-folder.js";

const folder = testFolder();
const inputs = path.resolve("tests/findings/inputs");

const itemsOf = async (dir: string) =>
  (await readItems(`${dir}/recall_validation_items_dataset/items.json`)).items;
const queriesOf = async (dir: string) =>
  (await readQueries(`${dir}/recall_validation_queries_dataset/queries.json`)).queries;

describe("ids beyond 2^53", () => {
  it("stay digit by digit in JSON lines, with the judgements of each", async () => {
    await importMapped(`${inputs}/mapped/big.yaml`, `${folder}/big`);
    const ids = ["9007199254740993", "9007199254740992", "1610521604143693812", "1610521604143693813"];
    expect((await itemsOf(`${folder}/big`)).map((item) => item["document_id"])).toEqual(ids);
    expect((await queriesOf(`${folder}/big`)).map(({ relevantIds }) => relevantIds)).toEqual(
      ids.map((id) => [id]),
    );
  });

  it("are the only numbers that JSON gives as text, and none inside texts is touched", () => {
    const text =
      '{"a":[12345678901234567890,-9007199254740993,9007199254740991,0.1234567890123456789,1e300]}';
    expect(exactJson(text)).toEqual({
      a: ["12345678901234567890", "-9007199254740993", 9007199254740991, 0.12345678901234568, 1e300],
    });
    const quoted = {
      "12345678901234567": 'say "12345678901234567" \\',
      b: 12345678901234567890123n.toString(),
    };
    expect(exactJson(JSON.stringify(quoted))).toEqual(quoted);
    expect(() => exactJson('{"a":12345678901234567890,}')).toThrow(SyntaxError);
  });

  it("stay digit by digit in Parquet's DECIMAL, however it is stored", async () => {
    const ids = [1610521604143693812n, 1610521604143693813n, -5n, null];
    const small = [7n, -8n, 90n, null];
    const column = (name: string, type: string, scale: number) => ({
      name,
      type,
      converted_type: "DECIMAL",
      repetition_type: "OPTIONAL",
      precision: 38,
      scale,
      ...(type === "FIXED_LEN_BYTE_ARRAY" ? { type_length: 16 } : {}),
    });
    const columns = [
      column("fixed", "FIXED_LEN_BYTE_ARRAY", 0),
      column("bytes", "BYTE_ARRAY", 2),
      column("long", "INT64", 1),
      column("short", "INT32", 1),
    ];
    const schema = [{ name: "root", num_children: columns.length }, ...columns];
    const columnData = columns.map(({ name }) => ({ name, data: name === "short" ? small : ids }));
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData, schema } as never));
    const read = await readParquet(put(folder, "ids.parquet", bytes));
    expect(read.columns).toEqual({
      fixed: ["1610521604143693812", "1610521604143693813", "-5", ""],
      bytes: ["16105216041436938.12", "16105216041436938.13", "-0.05", ""],
      long: ["161052160414369381.2", "161052160414369381.3", "-0.5", ""],
      short: ["0.7", "-0.8", "9", ""],
    });
  });

  it("have their decimal point where the scale says", () => {
    expect([123456789012345678n, -5n, 1200n, 0n].map((value) => decimalText(value, 2))).toEqual([
      "1234567890123456.78",
      "-0.05",
      "12",
      "0",
    ]);
    expect([decimalText(7, -2), decimalText(null, 3)]).toEqual([700n, null]);
  });

  it("stay as they are written in the product task's rows, and blanks are no zero", () => {
    const floats = (values: number[]) => Buffer.from(new Float32Array(values).buffer).toString("base64");
    const labels = Buffer.from(new BigInt64Array([5n]).buffer).toString("base64");
    const row = (id: string, boxes = floats([0, 0, 1, 1])) =>
      [id, "100", "200", "1", boxes, floats([1, 2]), labels, "red shoe", "7"].join("\t");
    const read = (...lines: string[]) => [
      ...readTaskRows(put(folder, "task.tsv", `${[taskColumns.join("\t"), ...lines].join("\n")}\n`)),
    ];
    expect(read(row("9007199254740993"), row("9007199254740992")).map((r) => r.productId)).toEqual([
      "9007199254740993",
      "9007199254740992",
    ]);
    for (const id of [" ", "0x10", "1e3", "-1", ""])
      expect(() => read(row(id))).toThrow(`task.tsv:2: product_id must be an integer ≥ 0, got "${id}"`);
    expect(() => read(row("1", floats([0, Number.NaN, 1, 1])))).toThrow(
      "boxes must be finite numbers, got NaN",
    );
    expect(() => [...readTaskRows(put(folder, "none.tsv", ""))]).toThrow("must begin with a header");
  });
});

describe("documents called as what every object has", () => {
  it("keep their grades and rows", async () => {
    const { manifest } = await importMapped(`${inputs}/mapped/proto.yaml`, `${folder}/proto`);
    const pairs = readFileSync(`${inputs}/mapped/proto-pairs.jsonl`, "utf8").trim().split("\n");
    expect(manifest.counts["queries"]).toBe(pairs.length);
    for (const query of await queriesOf(`${folder}/proto`)) {
      expect(query.relevantIds).toHaveLength(1);
      expect(Object.entries(query.grades!)).toEqual([[query.relevantIds[0], 1]]);
    }
  });
});

describe("tab-separated files", () => {
  it("are not quoted: a cell that begins with a quote swallows no rows, and is counted", async () => {
    const { warnings } = await importMapped(`${inputs}/tsvquotes/map.yaml`, `${folder}/tsv`);
    const names = (await itemsOf(`${folder}/tsv`)).map((item) => item["document_name"]);
    expect(names).toEqual(['"quoted start', "middle", 'the end"', "last"]);
    expect(warnings.join()).toContain("1 lines with a cell that begins with a quote");
  });

  it("are read as the mapping says", async () => {
    const dir = `${folder}/dialect`;
    put(dir, "docs.csv", Buffer.from("id;title\n1;caf\u00e9\n2;'a'\n", "latin1"));
    put(
      dir,
      "pairs.csv",
      `q,doc\n${Array.from({ length: 30 }, (_, i) => `word${i} thing,${1 + (i % 2)}`).join("\n")}`,
    );
    const mapping = {
      name: "shop",
      documents: {
        from: `${dir}/docs.csv`,
        id: "id",
        columns: { document_name: "title" },
        delimiter: ";",
        encoding: "latin1" as const,
      },
      pairs: { from: `${dir}/pairs.csv`, document_id: "doc", columns: { query_search_phrase: "q" } },
    };
    await importMapped(mapping, `${folder}/dialect-out`);
    expect((await itemsOf(`${folder}/dialect-out`)).map((item) => item["document_name"])).toEqual([
      "café",
      "'a'",
    ]);
    const lines = { ...mapping.documents, from: `${inputs}/mapped/big-docs.jsonl` };
    await expect(importMapped({ ...mapping, documents: lines }, `${folder}/no`)).rejects.toThrow(
      "delimiter is of .csv and .tsv files, got another kind",
    );
  });
});

describe("BEIR folders", () => {
  const at = (name: string) => {
    cpSync(`${inputs}/beir/${name}`, `${folder}/beir-${name}`, { recursive: true });
    return importBeir({ from: `${folder}/beir-${name}`, outDir: `${folder}/beir-${name}-out` });
  };

  it("may have numbers as ids, null as a title, and any names of columns", async () => {
    for (const name of ["intid", "nulltitle", "header_underscore"])
      expect((await at(name)).counts["documents"], name).toBeGreaterThan(3);
    expect((await itemsOf(`${folder}/beir-intid-out`)).map((item) => item["document_id"])).toContain("0");
  });

  it("name the line of the file and the rule that it breaks", async () => {
    await expect(at("nullid_afterblank")).rejects.toThrow('corpus.jsonl:4: "text" must be text, got none');
    await expect(at("dupq")).rejects.toThrow('queries.jsonl:2: each "_id" must occur once, got "q" again');
  });

  it("count judged documents that the pool lacks", async () => {
    expect((await at("nodoc")).counts["judgedDocumentsNotInPool"]).toBe(2);
  });
});

describe("judgements and scores", () => {
  const qrels = (text: string) => () => readQrels(put(folder, "q.qrels", text));

  it("count once when repeated, and are refused when they contradict", () => {
    expect(qrels("1 0 a 1\n1 0 a 1\n")()).toEqual(new Map([["1", new Map([["a", 1]])]]));
    expect(qrels("1 0 a 1\n1 0 a 0\n")).toThrow(
      'q.qrels:2: a document must have one grade for a query, got 0 after 1 for "a" and query "1"',
    );
  });

  it("are decimal numbers", () => {
    for (const grade of ["0x1", "1e308", "", "0.5"])
      expect(qrels(`1 0 a 1\n1 0 b ${grade}\n`)).toThrow("q.qrels:2");
    const run = (score: string) =>
      readTrecRun(put(folder, "s.run", `1 Q0 a 1 ${score} t\n`)).get("1")![0]!.score;
    expect([run("-1.5e2"), run("inf"), run(".5")]).toEqual([-150, Number.POSITIVE_INFINITY, 0.5]);
    for (const score of ["0x10", "1,5", "NaN"]) expect(() => run(score)).toThrow("s.run:1: line must be");
  });

  it("are found whatever their header says", () => {
    expect(qrels("qid\tdocno\tlabel\nq1\td1\t2\n")().get("q1")).toEqual(new Map([["d1", 2]]));
    expect(qrels("query iter doc rel\nq1 0 d1 2\n")().get("q1")).toEqual(new Map([["d1", 2]]));
  });
});
