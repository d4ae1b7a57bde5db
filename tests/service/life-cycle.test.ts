import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, type QdrlClient, type RemoteError } from "../../lib/client/client.js";
import { unzip } from "../../lib/files/unzip.js";
import { type Serving, serve } from "../../lib/service/serve.js";
import { readableLine } from "../../lib/tracking/log-file.js";

const TOKEN = "a-token-of-the-test";
const root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-service-"));
let serving: Serving;
let client: QdrlClient;

beforeAll(async () => {
  serving = await serve({ root, token: TOKEN, port: 0, rate: 1000 });
  client = connect(serving.address, { token: TOKEN });
});
afterAll(async () => {
  await serving.close();
  fs.rmSync(root, { recursive: true });
});

/** 48 documents "<colour> <thing>", each asked for by two words for the thing. */
function table(): string {
  const things = ["shoe sneaker footwear", "lamp light lantern", "chair seat stool", "clock watch timer"];
  const colours = [
    "red",
    "blue",
    "green",
    "black",
    "white",
    "pink",
    "grey",
    "brown",
    "gold",
    "teal",
    "plum",
    "rust",
  ];
  const rows = colours.flatMap((colour) =>
    things.flatMap((words) => {
      const [thing, ...others] = words.split(" ");
      return others.map((other) => `${colour} ${other},${colour} ${thing}`);
    }),
  );
  return ["query,title", ...rows].join("\n");
}

const refusal = (work: Promise<unknown>) =>
  work.then(
    () => "no error",
    (error: RemoteError) => `${error.status} ${error.message}`,
  );

describe("a table on its way to a model", () => {
  it("is uploaded, trained on, followed, downloaded and searched", async () => {
    const run = await client.fit(table(), { experiment: "shop", name: "first", epochs: 2, seed: 7 });
    expect(await refusal(run.metrics())).toMatch(/^409 shop\/first: metrics: the run is in progress/);
    expect(await refusal(run.delete())).not.toBe("no error");
    expect(await refusal(client.fit(table(), { experiment: "shop", name: "first" }))).toMatch(/^409/);
    const lines: string[] = [];
    for await (const line of run.streamLogs()) lines.push(line);
    expect((await run.status()).message).toBe(null);
    expect((await run.status()).state).toBe("FINISHED");

    const dir = path.join(root, "shop", "first");
    const log = fs.readFileSync(path.join(dir, "log.jsonl"), "utf8").trim().split("\n");
    expect(lines).toEqual(log.map(readableLine));
    expect(`${lines.join("\n")}\n`).toBe(await run.logs());
    expect(lines.filter((line) => / epoch \d\/2: loss/.test(line)).length).toBe(2);
    for (const line of log) expect(JSON.parse(line)).toMatchObject({ run: "shop/first", attempt: 1 });

    const metrics = fs.readFileSync(path.join(dir, "metrics.jsonl"), "utf8");
    const stages = await run.metrics();
    for (const [name, value] of Object.entries(stages["after"]!))
      expect(metrics).toContain(`"name":"${name}","value":${value}}`);
    const recalls = (stage: string) =>
      Object.keys(stages[stage]!).filter((name) => name.startsWith("Recall@"));
    expect(recalls("before").length).toBeGreaterThan(0);
    expect(recalls("before")).toEqual(recalls("after"));
    const { before, after } = await run.exampleResults(3);
    expect(Object.keys(before!)).toEqual(Object.keys(after!));
    expect(before).not.toEqual(after);
    const [query, hits] = Object.entries(after!)[0]!;
    const found = await run.search(query, 3);
    expect(found.map(({ id }) => id)).toEqual(hits.map(({ id }) => id));

    const model = await run.artifact();
    const files = unzip(model, "model.zip");
    expect([...files.keys()]).toEqual(
      expect.arrayContaining(["config.yaml", "manifest.json", "models/model.safetensors", "onnx/query.onnx"]),
    );
    for (const [name, bytes] of files)
      expect(Buffer.compare(Buffer.from(bytes), fs.readFileSync(path.join(dir, name)))).toBe(0);

    const { removed } = await run.delete();
    expect(removed).toEqual(["shop/first"]);
    expect(fs.existsSync(dir)).toBe(false);
    expect(await refusal(run.status())).toBe("404 unknown run shop/first");
    expect(fs.readdirSync(path.join(root, ".service", "data"))).toEqual([]);
  });

  it("fails once and for good where nothing can be made of it, saying why", async () => {
    const run = await client.fit("only,one\na,b", { columns: { query: "nothing" } });
    const failed = await refusal(run.finished());
    expect(failed).toMatch(/^409 .*nothing/);
    expect((await run.status()).attempt).toBe(1);
    expect(await run.logs()).toContain("error: ");
    expect(await refusal(run.artifact())).toMatch(/^409 .*failed/);
  });
});

describe("artifacts of a run", () => {
  const artifactsDir = path.join(root, "kept", "old", "artifacts");
  beforeAll(() => {
    fs.mkdirSync(path.dirname(artifactsDir), { recursive: true });
    const manifest = {
      runFormat: 1,
      status: "finished",
      startedAt: "2026-01-01T00:00:00.000Z",
      endedAt: null,
    };
    fs.writeFileSync(path.join(root, "kept", "old", "manifest.json"), JSON.stringify(manifest));
  });

  it("come back as they were sent, whole or in part, and to strangers only if public", async () => {
    const bytes = new Uint8Array(3_000_001).map((_, i) => (i * 7919) % 251);
    const run = await client.getRun("kept", "old");
    const { sha256, name } = await run.uploadArtifact("notes.bin", bytes);
    expect(sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(Buffer.compare(await run.artifact("notes.bin"), bytes)).toBe(0);
    const address = `${serving.address}/api/v1/experiments/kept/runs/old/artifacts/${name}`;
    expect((await fetch(address)).status).toBe(401);
    await client.call("POST", new URL(`${address}/public`).pathname, { public: true });
    const part = await fetch(address, { headers: { range: "bytes=10-12" } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 10-12/3000001"]);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(10, 13));
    expect((await fetch(address, { headers: { range: "bytes=3000001-" } })).status).toBe(416);
  });

  it("leave nothing behind where their checksum is another or they are too long", async () => {
    const before = fs.readdirSync(artifactsDir).sort();
    const path_ = "/api/v1/experiments/kept/runs/old/artifacts/bad.bin";
    const wrong = client.call("PUT", `${path_}?sha256=${"0".repeat(64)}`, "abc", { raw: true });
    expect(await refusal(wrong)).toMatch(/^422 sha256/);
    const small = await serve({ root, token: TOKEN, port: 0, uploadLimit: 10, workers: 0 });
    const asked = connect(small.address, { token: TOKEN }).call("PUT", path_, "x".repeat(11), { raw: true });
    expect(await refusal(asked)).toMatch(/^413/);
    await small.close();
    expect(fs.readdirSync(artifactsDir).sort()).toEqual(before);
    for (const name of ["..", "..%2f..%2fmanifest.json", "%2e%2e", ".hidden", "a%00b"]) {
      const answer = await fetch(`${serving.address}/api/v1/experiments/kept/runs/old/artifacts/${name}`, {
        ...{ method: "PUT", body: "x" },
        headers: { authorization: `token ${TOKEN}`, "content-type": "application/octet-stream" },
      });
      expect([400, 404, 415]).toContain(answer.status);
    }
  });
});
