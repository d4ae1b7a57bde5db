import fs from "node:fs";
import path from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { explainRun } from "../../lib/analysis/explain-run.js";
import { BROWSER_ARGUMENTS, findChromium } from "../../lib/reporting/static-image.js";
import { searchRun } from "../../lib/retrieval/retrievers/search-run.js";
import { runExperiment } from "../../lib/runs/run-experiment.js";
import { type Serving, serve } from "../../lib/service/serve.js";
import { postJson } from "../support/post-json.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const data = tinyDataset();
const root = path.join(data.root, "runs");
const dirs = ["tiny/bm25", "tiny/run"].map((name) => path.join(root, name));
let serving: Serving;

beforeAll(async () => {
  const lexical = path.join(data.root, "bm25.yaml");
  const own = { system: "bm25", task_id: "tiny", run_id: "bm25", dataset_dir: data.dir, output_dir: root };
  fs.writeFileSync(
    lexical,
    JSON.stringify({ ...own, recall_validation: { k: [5], query_typo_probabilities: [0] } }),
  );
  await runExperiment(lexical, { listener: {} });
  await runExperiment(data.config({ num_epochs: 1, name: "encoder" }), { listener: {} });
  serving = await serve({ root, runs: dirs, token: null, port: 0, rate: 1000 });
});
afterAll(async () => {
  await serving.close();
  fs.rmSync(data.root, { recursive: true });
});

const post = (url: string, body: object) => postJson(`${serving.address}${url}`, body);

describe("reasons over HTTP", () => {
  it("are those of the library, and asked again the same", async () => {
    const { system: _, ...expected } = await explainRun(dirs[1]!, "pink flask", "pink bottle", {
      listener: {},
    });
    for (let round = 0; round < 2; round++) {
      const { body } = await post("/explain", {
        run: "tiny/run",
        query: "pink flask",
        document: "pink bottle",
      });
      expect(body).toEqual({ run: "tiny/run", ...JSON.parse(JSON.stringify(expected)) });
    }
  });

  it("say in a line what cannot be explained", async () => {
    const { status, body } = await post("/explain", { run: "tiny/bm25", query: "red", document: "red shoo" });
    expect(status).toBe(422);
    expect(body["message"]).toMatch(/did you mean red shoe\?$/);
  });

  it("come with ranks by position, as the search has them", async () => {
    const hits = await searchRun(dirs[1]!, "pink flask", { k: 48, listener: {} });
    const { body } = await post("/rank", {
      run: "tiny/run",
      query: "pink flask",
      k: 3,
      documents: [7, 20],
      named: "red lamp",
    });
    const rank = (id: string) => hits.findIndex((hit) => hit.id === id) + 1;
    expect((body["hits"] as { id: string }[]).map(({ id }) => id)).toEqual(
      hits.slice(0, 3).map(({ id }) => id),
    );
    expect((body["places"] as { rank: number }[]).map((place) => place.rank)).toEqual([
      rank("d7"),
      rank("d20"),
    ]);
    expect(body).toMatchObject({ of: 48, named: 2 });
  });
});

const executablePath = findChromium();

describe.runIf(executablePath !== null)("the search page of a server", () => {
  let browser: Browser;
  afterAll(async () => browser?.close());

  it("ranks, explains and compares as one types, from this server alone", async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args: BROWSER_ARGUMENTS });
    const page = await browser.newPage();
    const troubles: string[] = [];
    const hosts = new Set<string>();
    page.on("console", (message) => troubles.push(message.text()));
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("request", (request) => hosts.add(new URL(request.url()).origin));
    await page.goto(`${serving.address}/live`);
    await page.waitForFunction("document.documentElement.dataset.live === 'ready'");
    await page.fill(".live-query", "pink flask");
    const expected = await searchRun(dirs[1]!, "pink flask", { k: 10, listener: {} });
    const names = () => page.locator(".live-list").nth(1).locator(".live-name").allTextContents();
    await expect.poll(names).toEqual(expected.map(({ name }) => name));
    await page.locator(".live-list").nth(1).locator(".live-hit").nth(1).click();
    await expect.poll(() => page.locator("h4 .live-name").first().textContent()).toBe(expected[1]!.name);
    await page.fill(".live-wanted", "black clock");
    await expect
      .poll(() => page.locator(".live").textContent())
      .toContain("No token of the query occurs in it");
    expect(troubles).toEqual([]);
    expect([...hosts]).toEqual([serving.address]);
  });
});
