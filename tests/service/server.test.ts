import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runExperiment } from "../../lib/runs/run-experiment.js";
import { createServer } from "../../lib/service/create-server.js";
import { openService } from "../../lib/service/open-service.js";
import { serve } from "../../lib/service/serve.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const TOKEN = "a-token-of-the-test";
const data = tinyDataset();
const root = path.join(data.root, "runs");
const { service, close } = openService({ root });
let app: Awaited<ReturnType<typeof createServer>>;

beforeAll(async () => {
  await runExperiment(data.config({ num_epochs: 1 }));
  app = await createServer(service, { token: TOKEN, rate: 1000 });
});
afterAll(async () => {
  await app.close();
  await close();
  fs.rmSync(data.root, { recursive: true });
});

const post = async (url: string, payload: object, headers: Record<string, string> = {}) => {
  const answer = await app.inject({
    ...{ method: "POST", url, payload },
    headers: { authorization: `token ${TOKEN}`, ...headers },
  });
  return { status: answer.statusCode, body: answer.json() };
};

describe("the service", () => {
  it("finds the documents whose embeddings are nearest to the query's", async () => {
    const run = "tiny/run";
    const { body: found } = await post("/search", { run, query: "red sneaker", k: 48 });
    const { body: query } = await post("/encode", { run, texts: ["red sneaker"] });
    const rows = found.hits.map((hit: { document: object }) => hit.document);
    const { body: documents } = await post("/encode", { run, rows, side: "document" });
    const cosines = documents.embeddings.map((row: number[]) => cosine(row, query.embeddings[0]));
    expect(found.hits.length).toBe(48);
    found.hits.forEach((hit: { score: number }, i: number) => {
      expect(hit.score).toBeCloseTo(cosines[i], 5);
    });
    expect(cosines).toEqual([...cosines].sort((a, b) => b - a));
    const { body: few } = await post("/search", { run, query: "red sneaker", threshold: cosines[2] - 1e-6 });
    expect(few.hits).toEqual(found.hits.slice(0, 3));
  });

  it("answers nobody without its token, but for health and the list of addresses", async () => {
    const ask = (url: string, headers = {}) => app.inject({ url, headers });
    for (const authorization of ["", "token", "token x", `token ${TOKEN} `.repeat(2), `basic ${TOKEN}`])
      expect((await post("/search", { query: "x" }, { authorization })).status).toBe(401);
    expect((await ask("/nothing")).statusCode).toBe(401);
    expect((await post("/search", { query: "x" }, { authorization: `Bearer ${TOKEN}` })).status).toBe(400);
    expect((await ask("/healthz")).json()).toEqual({ ok: true });
    const { openapi, paths } = (await ask("/openapi.json")).json();
    expect(openapi).toBe("3.1.0");
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(["/search", "/encode"]));
    expect(paths["/search"].post.requestBody.content["application/json"].schema.required).toEqual(["query"]);
  });

  it("says in a line what is wrong with a request", async () => {
    const run = "tiny/run";
    expect(await post("/search", { run, qeury: "x", k: 0 })).toEqual({
      status: 400,
      body: {
        message:
          "request: query is required\nrequest: k must be ≥ 1, got 0\nrequest: qeury is not a known key; did you mean query?",
      },
    });
    expect((await post("/search", { run: "tiny/ran", query: "x" })).body.message).toBe(
      'unknown run "tiny/ran"; did you mean tiny/run?',
    );
    for (const name of ["../runs/tiny/run", "tiny/../tiny/run", "/etc", "tiny//run", ".", "tiny\0/run"])
      expect((await post("/search", { run: name, query: "x" })).status).toBe(404);
    expect((await post("/encode", { run })).status).toBe(400);
    expect((await post("/encode", { run, texts: ["x".repeat(2 ** 20)] })).status).toBe(413);
  });

  it("takes no orders from web pages of elsewhere", async () => {
    const payload = { run: "tiny/run", query: "x" };
    expect((await post("/search", payload, { origin: "https://example.org" })).status).toBe(403);
    expect((await post("/search", payload, { origin: "http://localhost:80" })).status).toBe(200);
    const open = await createServer(service, { token: null });
    const asked = (host: string) => open.inject({ url: "/healthz", headers: { host } });
    expect((await asked("example.org:8080")).statusCode).toBe(403);
    expect((await asked("127.0.0.1:8080")).statusCode).toBe(200);
    await open.close();
  });

  it("slows down who asks too often", async () => {
    const slow = await createServer(service, { token: TOKEN, rate: 3 });
    const codes: number[] = [];
    for (let i = 0; i < 4; i++) codes.push((await slow.inject({ url: "/healthz" })).statusCode);
    expect(codes).toEqual([200, 200, 200, 429]);
    await slow.close();
  });

  it("listens beyond this machine with a token only, and on no guessable one", async () => {
    await expect(serve({ root, host: "0.0.0.0", port: 0 })).rejects.toThrow(
      "host: must be 127.0.0.1 where there is no token, got 0.0.0.0",
    );
    await expect(serve({ root, token: "short", port: 0 })).rejects.toThrow("at least 16");
    const { address, close } = await serve({ root, port: 0, runs: [path.join(root, "tiny/run")] });
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const answer = await fetch(`${address}/search`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "red sneaker" }),
    });
    expect(await answer.json()).toMatchObject({ run: "tiny/run" });
    await close();
    await expect(fetch(`${address}/healthz`)).rejects.toThrow();
  });
});

function cosine(a: number[], b: number[]): number {
  const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
