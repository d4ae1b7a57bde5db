import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { vectorizerOf } from "../../lib/experiment/stream/stream-vectorizer.js";
import { searchRun } from "../../lib/retrieval/retrievers/search-run.js";
import { embeddedDocuments } from "../../lib/runs/push/embedded-documents.js";
import { pushIndex } from "../../lib/runs/push/push-index.js";
import { qdrantRequests } from "../../lib/runs/push/push-qdrant.js";
import { openQueryEncoder } from "../../lib/runs/query-encoder.js";
import { runExperiment } from "../../lib/runs/run-experiment.js";
import { type Serving, serve } from "../../lib/service/serve.js";
import { vectorizeText } from "../../lib/tokenizer/text-vectorizer.js";
import { sendMalformed } from "../service/malformed-requests.js";
import { tinyDataset } from "../support/tiny-dataset.js";
import { ANY_TEXTS, vectorizerSpecs } from "../support/vectorizer-specs.js";
import { pythonWith } from "./places.js";

const TOKEN = "a-token-of-the-test";

describe("a run in production", () => {
  const data = tinyDataset();
  const out = path.join(data.root, "out");
  let run: string;
  beforeAll(async () => {
    ({ dir: run } = await runExperiment(data.config({ num_epochs: 1 })));
    await pushIndex(run, { to: "parquet", output: out });
  });
  afterAll(() => fs.rmSync(data.root, { recursive: true }));

  it("is searched in Python by pyarrow, numpy and onnxruntime, with the run's own scores", async ({
    task,
  }) => {
    const packages = ["onnxruntime==1.23.2", "pyarrow==21.0.0", "regex==2025.9.18"];
    Object.assign(task.meta, { against: packages.join(", ") });
    const python = await pythonWith(packages);
    for (const query of ["red sneaker", "blue lantern", "weiß footwear"]) {
      const args = ["docs/examples/search_parquet.py", out, query];
      const printed = execFileSync(python, args, { encoding: "utf8" }).trim().split("\n");
      const scores = printed.map((line) => Number(line.split(" ")[0]));
      const expected = await searchRun(run, query, { k: 5 });
      scores.forEach((score, i) => {
        expect(score).toBeCloseTo(expected[i]!.score, 3);
      });
    }
    const script = [
      "import json, sys",
      `sys.path.insert(0, ${JSON.stringify(path.join(out, "encoder"))})`,
      "from query_encoder import Vectorizer",
      "spec, texts = json.load(sys.stdin)",
      "json.dump([Vectorizer(spec).ids(text) for text in texts], sys.stdout)",
    ].join("\n");
    const known = new Map(
      [...["red", "straße", "人工", "한국"].entries()].map(([i, token]) => [token, i + 1]),
    );
    for (const spec of vectorizerSpecs(known, "unicode")) {
      const vectorizer = vectorizerOf(spec);
      const ids = ANY_TEXTS.map((text) => [...vectorizeText(vectorizer, vectorizer.cleaning.clean(text))]);
      const plain = {
        ...spec,
        ...("dictionary" in spec && { dictionary: Object.fromEntries(spec.dictionary) }),
      };
      const input = JSON.stringify([plain, ANY_TEXTS]);
      expect(JSON.parse(execFileSync(python, ["-c", script], { input, encoding: "utf8" }))).toEqual(ids);
    }
  });

  it("is sent to Qdrant in requests that its own client's models accept, and found by that client", async ({
    task,
  }) => {
    const packages = ["qdrant-client==1.15.1"];
    Object.assign(task.meta, { against: `${packages[0]}, its local mode; no server` });
    const python = await pythonWith(packages);
    const requests = [...qdrantRequests(await embeddedDocuments(run), "films", "1")];
    const encoder = await openQueryEncoder(path.join(out, "encoder"));
    const [vector] = await encoder.encode(["red sneaker"]);
    await encoder.close();
    const script = `
import json, sys
from qdrant_client import QdrantClient, models
requests, vector = json.load(sys.stdin)
create = models.CreateCollection(**requests[0]["body"])
client = QdrantClient(":memory:")
client.create_collection("films-1", vectors_config=create.vectors)
for request in requests[1:-1]:
    points = models.PointsList(**request["body"]).points
    client.upsert("films-1", points)
models.ChangeAliasesOperation(**requests[-1]["body"])
found = client.query_points("films-1", query=vector, limit=5).points
json.dump([[one.payload["id"], one.score] for one in found], sys.stdout)
`;
    const input = JSON.stringify([requests, [...vector!]]);
    const found = JSON.parse(execFileSync(python, ["-c", script], { input, encoding: "utf8" }));
    const expected = await searchRun(run, "red sneaker", { k: 5 });
    found.forEach(([, score]: [string, number], i: number) => {
      expect(score).toBeCloseTo(expected[i]!.score, 4);
    });
    expect(found[0][0]).toBe(expected[0]!.id);
  });
});

describe("the service from outside", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-outside-service-"));
  let serving: Serving;
  beforeAll(async () => {
    serving = await serve({ root: path.join(folder, "runs"), token: TOKEN, port: 0, rate: 100_000 });
  });
  afterAll(async () => {
    await serving.close();
    fs.rmSync(folder, { recursive: true });
  });

  it("survives a thousand malformed requests", async () => {
    const { failures } = await sendMalformed(serving.address, TOKEN, 1000);
    expect(failures).toEqual([]);
    expect((await fetch(`${serving.address}/healthz`)).status).toBe(200);
  });

  it("trains and searches for the ten lines of Python, with its standard library alone", async ({ task }) => {
    const python = await pythonWith(["pip"]);
    Object.assign(task.meta, { against: execFileSync(python, ["--version"], { encoding: "utf8" }).trim() });
    const table = path.join(folder, "shop.csv");
    const things = ["shoe sneaker", "lamp lantern", "chair seat", "clock timer"].map((pair) =>
      pair.split(" "),
    );
    const rows = ["red", "blue", "green", "black"].flatMap((colour) =>
      things.map(
        ([thing, word]) => `${colour} ${word},${colour} ${thing}\n${word} ${colour},${colour} ${thing}`,
      ),
    );
    fs.writeFileSync(table, `query,title\n${rows.join("\n")}\n`);
    const printed = await new Promise<string>((resolve, reject) => {
      const child = spawn(python, ["docs/examples/client.py", serving.address, table], {
        env: { ...process.env, QDRL_TOKEN: TOKEN },
      });
      let text = "";
      child.stdout.on("data", (data) => (text += data));
      child.stderr.on("data", (data) => (text += data));
      child.on("close", (code) => (code === 0 ? resolve(text) : reject(new Error(text))));
    });
    expect(printed).toMatch(/epoch 2\/2: loss .*finished.*\['red shoe', /s);
  });

  it("serves a new user who has a table and no repository", async () => {
    const output = execFileSync("sh", ["docs/examples/new-user.sh"], {
      encoding: "utf8",
      env: { ...process.env, PORT: "8391" },
    });
    expect(output).toMatch(/5\. found: red shoe/);
  });
});
