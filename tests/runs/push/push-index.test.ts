import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { searchPgvector } from "../../../docs/examples/search-pgvector.js";
import { vectorizerOf } from "../../../lib/experiment/stream/stream-vectorizer.js";
import { searchRun } from "../../../lib/retrieval/retrievers/search-run.js";
import { embeddedDocuments } from "../../../lib/runs/push/embedded-documents.js";
import { pushIndex } from "../../../lib/runs/push/push-index.js";
import { pgvectorStatements } from "../../../lib/runs/push/push-pgvector.js";
import { runPsql } from "../../../lib/runs/push/run-psql.js";
import { openQueryEncoder, type QueryEncoder } from "../../../lib/runs/query-encoder.js";
import { runExperiment } from "../../../lib/runs/run-experiment.js";
import { vectorizeText } from "../../../lib/tokenizer/text-vectorizer.js";
import { tinyDataset } from "../../support/tiny-dataset.js";
import { ANY_TEXTS, PLAIN_TEXTS, vectorizerSpecs } from "../../support/vectorizer-specs.js";

const data = tinyDataset();
const QUERIES = ["red sneaker", "Blue  SEAT!", "grün lanterne", "xyzzy"];
const out = path.join(data.root, "out");
let run: string;
let encoder: QueryEncoder;

/** What the run itself finds, which every consumer must find too. */
let expected: { id: string; score: number }[][];

beforeAll(async () => {
  ({ dir: run } = await runExperiment(data.config({ num_epochs: 1 })));
  expected = await Promise.all(QUERIES.map((query) => searchRun(run, query, { k: 5 })));
  await pushIndex(run, { to: "parquet", output: out });
  encoder = await openQueryEncoder(path.join(out, "encoder"));
});
afterAll(async () => {
  await encoder.close();
  fs.rmSync(data.root, { recursive: true });
});

const expectFound = (found: { id: string; score: number }[], query: number) => {
  expect(found.map(({ score }) => score.toFixed(4))).toEqual(
    expected[query]!.map(({ score }) => score.toFixed(4)),
  );
  // documents of equal score may change places
  const ids = (hits: { id: string; score: number }[]) =>
    hits.filter(({ score }) => score > hits.at(-1)!.score + 1e-4).map(({ id }) => id);
  expect(ids(found)).toEqual(ids(expected[query]!));
};

describe("documents pushed with their query encoder", () => {
  it("are found by a scan of the Parquet file in ten lines of TypeScript, as by the run", async () => {
    const file = await asyncBufferFromFile(path.join(out, "documents.parquet"));
    const rows = (await parquetReadObjects({ file })) as { id: string; name: string; embedding: number[] }[];
    expect(rows.length).toBe(48);
    expect(rows[0]).toMatchObject({ id: "d0", name: "red shoe", document_category_id: "shoe" });
    for (const [query, embedded] of (await encoder.encode(QUERIES)).entries()) {
      const score = (row: number[]) => row.reduce((sum, value, i) => sum + value * embedded[i]!, 0);
      const scored = rows.map(({ id, embedding }) => ({ id, score: score(embedding) }));
      expectFound(scored.sort((a, b) => b.score - a.score).slice(0, 5), query);
    }
  });

  it("are found in PostgreSQL with pgvector, with and without an index, whatever their texts hold", async () => {
    const database = await PGlite.create({ extensions: { vector } });
    const embedded = await embeddedDocuments(run);
    const nasty = 'it\'s \\ "quoted" \u0000 $1 ; DROP TABLE documents; -- ☃';
    const documents = embedded.documents.map((document) => ({ ...document, note: nasty }));
    for (const index of [false, true])
      for (const statement of pgvectorStatements({ ...embedded, documents }, { table: "documents", index }))
        await database.exec(statement);
    for (const [query, text] of QUERIES.entries())
      expectFound(await searchPgvector(database, out, text), query);
    const { rows } = await database.query("SELECT document->>'note' AS note FROM documents LIMIT 1");
    expect(rows).toEqual([{ note: nasty.replace("\u0000", "").replace("\ud800", "\ufffd") }]);
    await database.close();
    expect(() => [...pgvectorStatements(embedded, { table: "a; DROP TABLE b", index: true })]).toThrow(
      "--table",
    );
  });

  it("are sent to Qdrant in the requests of its REST interface, and an alias names them when all are there", async () => {
    const heard: { method: string; url: string; body: Record<string, unknown>; key: unknown }[] = [];
    let refuse = false;
    const server = createServer(async (request, response) => {
      let text = "";
      for await (const piece of request) text += piece;
      heard.push({
        ...{ method: request.method!, url: request.url!, key: request.headers["api-key"] },
        body: JSON.parse(text),
      });
      response.writeHead(refuse ? 403 : 200).end(refuse ? "forbidden" : '{"result":true,"status":"ok"}');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const options = { output: out, url: `http://127.0.0.1:${port}`, table: "films", apiKey: "k" } as const;
    await pushIndex(run, { to: "qdrant", ...options });
    const collection = /^\/collections\/(films-\w+)$/.exec(heard[0]!.url)![1]!;
    expect(heard.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `PUT /collections/${collection}`,
      `PUT /collections/${collection}/points?wait=true`,
      "POST /collections/aliases",
    ]);
    expect(heard[0]).toMatchObject({ key: "k", body: { vectors: { size: 16, distance: "Cosine" } } });
    const { points } = heard[1]!.body as {
      points: { id: number; vector: number[]; payload: { id: string } }[];
    };
    expect(points.map(({ id, payload }) => `${id} ${payload.id}`)).toEqual(
      points.map((_, i) => `${i} d${i}`),
    );
    for (const { vector } of points) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    expect(heard[2]!.body).toEqual({
      actions: [
        { delete_alias: { alias_name: "films" } },
        { create_alias: { collection_name: collection, alias_name: "films" } },
      ],
    });
    refuse = true;
    await expect(pushIndex(run, { to: "qdrant", ...options })).rejects.toThrow(/403 forbidden/);
    server.close();
  });
});

const python = spawnSync("python3", ["--version"]).status === 0;

describe.runIf(python)("query_encoder.py", () => {
  it("reads texts as training did, by words, n-grams and hashes", () => {
    const script = [
      "import json, sys",
      `sys.path.insert(0, ${JSON.stringify(path.join(out, "encoder"))})`,
      "from query_encoder import Vectorizer",
      "spec, texts = json.load(sys.stdin)",
      "json.dump([Vectorizer(spec).ids(text) for text in texts], sys.stdout)",
    ].join("\n");
    const known = new Map(
      [...["red", "shoe", "red shoe", "sho"].entries()].map(([i, token]) => [token, i + 1]),
    );
    const cases = [
      ...vectorizerSpecs(known, "published").map((spec) => ({ spec, texts: ANY_TEXTS })),
      // beyond ASCII this cleaning needs a package in Python: tests/outside has the others
      ...vectorizerSpecs(known, "unicode").map((spec) => ({ spec, texts: PLAIN_TEXTS })),
    ];
    for (const { spec, texts } of cases) {
      const vectorizer = vectorizerOf(spec);
      const ids = texts.map((text) => [...vectorizeText(vectorizer, vectorizer.cleaning.clean(text))]);
      const plain = {
        ...spec,
        ...("dictionary" in spec && { dictionary: Object.fromEntries(spec.dictionary) }),
      };
      const input = JSON.stringify([plain, texts]);
      expect(JSON.parse(execFileSync("python3", ["-c", script], { input, encoding: "utf8" }))).toEqual(ids);
    }
  });
});

describe("psql", () => {
  it("is called without the password of the address, which it finds in its environment", () => {
    const folder = fs.mkdtempSync(path.join(data.root, "psql-"));
    const said = path.join(folder, "said");
    const psql = `#!/bin/sh\nprintf '%s|' "$@" "$PGPASSWORD" >"${said}"\n`;
    fs.writeFileSync(path.join(folder, "psql"), psql, { mode: 0o755 });
    const { PATH, PGPASSWORD = "" } = process.env;
    process.env["PATH"] = `${folder}:${PATH}`;
    const called = (url: string) => {
      runPsql(url, "file.sql");
      const words = fs.readFileSync(said, "utf8").split("|");
      return [words[0], words.at(-2)];
    };
    try {
      expect(called("postgresql://ann:p%40ss@host:1,other:2/db?sslmode=require")).toEqual([
        "postgresql://ann@host:1,other:2/db?sslmode=require",
        "p@ss",
      ]);
      expect(called("postgresql:///db?password=s3cret&user=ann")).toEqual([
        "postgresql:///db?user=ann",
        "s3cret",
      ]);
      expect(called("postgresql://host:5432/db")).toEqual(["postgresql://host:5432/db", PGPASSWORD]);
    } finally {
      process.env["PATH"] = PATH;
    }
  });
});
