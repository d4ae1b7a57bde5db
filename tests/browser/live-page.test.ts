import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { composeReport } from "../../lib/analysis/report-page.js";
import type { LiveSystem } from "../../lib/browser/live-system.js";
import { misspellWords } from "../../lib/browser/misspell.js";
import type { Payload } from "../../lib/browser/payload.js";
import { encodeAll } from "../../lib/encoders/encode-all.js";
import { Random } from "../../lib/engine/random/random.js";
import { loadExperiment } from "../../lib/experiment/load-experiment.js";
import { BROWSER_ARGUMENTS, findChromium } from "../../lib/reporting/static-image.js";
import { openEncoder } from "../../lib/retrieval/retrievers/open-encoder.js";
import { openRetriever } from "../../lib/retrieval/retrievers/open-retriever.js";
import type { OpenedRetriever } from "../../lib/retrieval/retrievers/retrieval-system.js";
import { runExperiment } from "../../lib/runs/run-experiment.js";
import type { RunFolder } from "../../lib/tracking/run-folder.js";
import { qwertyTypos } from "../../lib/typos/qwerty-typos.js";
import { fromRandom } from "../../lib/typos/random-source.js";
import { findings } from "../support/accessible.js";
import { tinyDataset } from "../support/tiny-dataset.js";

/** What the page's script leaves for those who look: see page-entry.ts. */
declare const qdrlPage: {
  payload: Payload;
  systems: LiveSystem[];
  map: { pixelOf(point: number): [number, number] };
};

const executablePath = findChromium();
const WORDS =
  "red blue green black white pink sneaker footwear blouse top light seat mobile flask shawl watch".split(
    " ",
  );

/** 200 texts of one to three words, every second one misspelled. */
function texts(): string[] {
  const random = new Random(5);
  const source = fromRandom(random);
  return Array.from({ length: 200 }, (_, i) => {
    const text = Array.from({ length: 1 + random.int(3) }, () => WORDS[random.int(WORDS.length)]!).join(" ");
    return i % 2 === 0 ? text : qwertyTypos.apply(text, 0.75, source);
  });
}

describe.runIf(executablePath !== null)("a report that carries its systems", { timeout: 120_000 }, () => {
  const asked = texts();
  const troubles: string[] = [];
  const requests: string[] = [];
  let browser: Browser;
  let page: Page;
  let file: string;
  const opened: OpenedRetriever[] = [];

  beforeAll(async () => {
    const tiny = tinyDataset();
    const encoder = (run: string, change: Record<string, unknown>) =>
      runExperiment(tiny.config({ run_id: run, name: run, num_epochs: 1, ...change }), { listener: {} });
    const lexical = path.join(tiny.root, "bm25.yaml");
    writeFileSync(
      lexical,
      JSON.stringify({
        ...{ system: "bm25", task_id: "tiny", run_id: "bm25", name: "BM25", dataset_dir: tiny.dir },
        output_dir: path.join(tiny.root, "runs"),
        recall_validation: { k: [1, 5, 60], query_typo_probabilities: [0, 0.5] },
      }),
    );
    const subword = { type: "subword", dictionary_path: null, num_oov_tokens: 64, buckets: 128 };
    const bare = { hidden_layers: [], last_linear: false, output_dim: 16 };
    const model = { type: "TwoTower", query: { text_feature: "query_search_phrase" } };
    const runs: RunFolder[] = [
      await runExperiment(lexical, { listener: {} }),
      await encoder("bag", {
        store_rows: "int8",
        text_vectorizer: { ...subword, words_limit: 4, min_length: 2, max_length: 3, ngrams_limit: 40 },
        model: {
          ...model,
          ...bare,
          text_embedding: { num_embeddings: "auto", embedding_dim: 16 },
          document: { text_feature: "document_name" },
        },
      }),
      await encoder("relu", {}),
      await encoder("category", {
        model: {
          ...model,
          type: "MultiModalTwoTower",
          text_embedding: { num_embeddings: 48, embedding_dim: 16 },
          category_feature: { num_embeddings: 12, embedding_dim: 4 },
          hidden_layers: [16],
          output_dim: 16,
          document: { text_feature: "document_name", categorical_feature: "document_category_id" },
        },
      }),
    ];
    const { html } = await composeReport(runs, { listener: {} });
    mkdirSync(path.join(tiny.root, "page"));
    file = path.join(tiny.root, "page", "index.html");
    writeFileSync(file, html);
    for (const run of runs) {
      const system = await openRetriever(run.dir, { listener: {} });
      await system.retriever.index(system.sets[0]!.pool);
      opened.push(system);
    }
    browser = await chromium.launch({ executablePath: executablePath!, args: BROWSER_ARGUMENTS });
    page = await (await browser.newContext()).newPage();
    page.on("console", (message) => troubles.push(message.text()));
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(`file://${file}`);
    await page.waitForFunction("document.documentElement.dataset.live === 'ready'");
  });
  afterAll(async () => {
    for (const system of opened) system.close();
    await browser?.close();
  });

  it.each([
    ["BM25", 0, 200],
    ["rows in int8, documents from their texts", 1, 200],
    ["float32 rows in 16 bits, a layer with ReLU", 2, 200],
    ["documents in 16 bits, as their category is not in the page", 3, 200],
  ])("ranks as Node does: %s", async (_, position, least) => {
    const { retriever, sets } = opened[position]!;
    const found = await page.evaluate(
      async ([position, asked]) => {
        const system = qdrlPage.systems[position]!;
        const all: number[][] = [];
        for (const text of asked) all.push((await system.search(text, 10)).map(({ id }) => id));
        return all;
      },
      [position, asked] as const,
    );
    expect(sets[0]!.pool.items).toHaveLength(48);
    const expected = await retriever.retrieve(
      asked.map((text) => ({ query_search_phrase: text })),
      10,
    );
    const equal = asked.filter((_text, i) => [...Array.from(expected[i]!.ids)].join() === found[i]!.join());
    expect(equal.length).toBeGreaterThanOrEqual(least);
  });

  it("says of each system how many of the evaluation's queries rank as in Node", async () => {
    const stated = await page.evaluate(() => qdrlPage.systems.map(({ fidelity }) => fidelity));
    expect(stated).toEqual([
      expect.stringMatching(/^exact; 12 of 12 queries/),
      expect.stringMatching(/^rows in int8 as the run stores them; 12 of 12 queries/),
      expect.stringMatching(/^rows in 16 bits \(the run has float32\); 12 of 12 queries/),
      expect.stringMatching(
        /^rows in 16 bits \(the run has float32\), documents in 16 bits; 12 of 12 queries/,
      ),
    ]);
  });

  it("divides scores into shares of tokens that add up to them", async () => {
    const worst = await page.evaluate(
      async (some) => {
        const misses: [string, number][] = [];
        for (const system of qdrlPage.systems)
          for (const text of some)
            for (const { id, score } of await system.search(text, 3)) {
              const { tokens, words, method } = await system.explain(text, id);
              const sum = tokens.reduce((all, { share }) => all + share, 0);
              const bias = tokens.find(({ kind }) => kind === "bias")?.share ?? 0;
              const byWord = words.reduce((all, { share }) => all + share, bias);
              misses.push([method, Math.max(Math.abs(sum - score), Math.abs(byWord - score))]);
            }
        return misses;
      },
      asked.slice(0, 40),
    );
    expect(new Set(worst.map(([method]) => method))).toEqual(new Set(["lexical", "tokens", "active units"]));
    expect(Math.max(...worst.map(([, miss]) => miss))).toBeLessThan(1e-6);
  });

  it("shows as one types what its systems return, misspelled as the library does on request", async () => {
    await page.fill(".live-query", "pink sneaker");
    const names = async (side: number) =>
      (await page.locator(".live-list").nth(side).locator(".live-name").allTextContents()).join("|");
    const expected = async (text: string, position: number) => {
      const { retriever, sets } = opened[position]!;
      const [ranked] = await retriever.retrieve([{ query_search_phrase: text }], 10);
      return Array.from(ranked!.ids, (id) => sets[0]!.pool.items[id]!["document_name"]).join("|");
    };
    const left = () => page.locator(".live-list").nth(1).locator(".live-hit").first().waitFor();
    await left();
    expect(await names(0)).toBe(await expected("pink sneaker", 0));
    await expect.poll(() => names(1)).toBe(await expected("pink sneaker", 1));
    await page.locator(".live-tools input[type=range]").fill("100");
    await page.check(".live-tools input[type=checkbox]");
    const misspelled = misspellWords("pink sneaker", 1, 1, "qwerty");
    expect(misspelled).not.toBe("pink sneaker");
    await expect.poll(() => page.locator(".live-asked").textContent()).toBe(`searched as: ${misspelled} `);
    await expect.poll(() => names(1)).toBe(await expected(misspelled, 1));
    await page.uncheck(".live-tools input[type=checkbox]");
  });

  it("says why a document is there and why another is not", async () => {
    await page.fill(".live-query", "pink sneaker");
    await page.locator(".live-list").nth(1).locator(".live-hit").nth(2).click();
    const name = await page.locator('.live-list [aria-pressed="true"] .live-name').last().textContent();
    await expect.poll(() => page.locator("#search h4 .live-name").first().textContent()).toBe(name);
    await page.fill(".live-wanted", "white clock");
    await expect
      .poll(() => page.locator("#search").textContent())
      .toContain("No token of the query occurs in it");
    expect(await page.locator("#search").textContent()).toMatch(/Rank \d+ of 48: 0\.\d+ short of rank 10/);
  });

  describe("the map", () => {
    const heading = () => page.locator(".live-maplist h4").textContent();
    const surface = () => page.locator(".live-marks").first();
    /** Draws along the edge of the first map. */
    const drawAroundAll = async () => {
      await surface().scrollIntoViewIfNeeded();
      const { x, y, width, height } = (await surface().boundingBox())!;
      await page.mouse.move(x + width / 2, y + 2); // its corners are round: they are not of it
      await page.mouse.down();
      const corners = [
        [width - 2, 2],
        [width - 2, height - 2],
        [2, height - 2],
        [2, 2],
      ];
      for (const [dx, dy] of corners) await page.mouse.move(x + dx!, y + dy!, { steps: 3 });
      await page.mouse.up();
    };

    it("lists for a point that is clicked what is nearest in the model's own space", async () => {
      await surface().scrollIntoViewIfNeeded();
      const name = await page
        .locator(".live-mapplot select")
        .first()
        .evaluate((list) => {
          const { options, selectedIndex } = list as unknown as {
            options: { textContent: string }[];
            selectedIndex: number;
          };
          return options[selectedIndex]!.textContent;
        });
      const { retriever, sets, run } = opened.find(({ run }) => run.manifest().system === name)!;
      expect(retriever).toBeDefined();
      const { config, encoder } = await openEncoder(run.dir);
      const { features } = await loadExperiment(config, {}, { training: false });
      const { items } = sets[0]!.pool;
      const embedded = encodeAll(encoder, features.documentFeatures.encode(items), "document");
      const dim = encoder.outputDim;
      encoder.dispose();
      const row = (id: number) => [...embedded.subarray(id * dim, (id + 1) * dim)];
      const cosine = (a: number[], b: number[]) => {
        const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
        return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
      };
      // a point that no other lies close to
      const point = await page.evaluate(() => {
        const places = Array.from({ length: 60 }, (_, i) => qdrlPage.map.pixelOf(i));
        const gap = (i: number) =>
          Math.min(
            ...places.map(([x, y], j) => (i === j ? 1e9 : Math.hypot(x - places[i]![0], y - places[i]![1]))),
          );
        return Array.from({ length: 48 }, (_, i) => i).sort((a, b) => gap(b) - gap(a))[0]!;
      });
      const [x, y] = await page.evaluate((id) => qdrlPage.map.pixelOf(id), point);
      await surface().click({ position: { x, y } });
      const named = items[point]!["document_name"];
      await expect.poll(heading).toBe(`Nearest to ${named} in ${name}`);
      const expected = items
        .map((item, id) => ({ name: item["document_name"], id, score: cosine(row(point), row(id)) }))
        .filter(({ id }) => id !== point)
        .sort((a, b) => b.score - a.score)
        .slice(0, 10);
      const listed = await page.locator(".live-maplist .live-chip .live-name").allTextContents();
      expect(listed).toEqual(expected.map(({ name }) => name));
      // the search box explains the same document
      await expect.poll(() => page.locator("#search h4 .live-name").first().textContent()).toBe(named);
    });

    it("lists what is drawn around, of what is shown", async () => {
      await drawAroundAll();
      await expect.poll(heading).toBe("60 points in the selection");
      await page.getByLabel("queries (rings)").uncheck();
      await drawAroundAll();
      await expect.poll(heading).toBe("48 points in the selection");
      await page.locator(".live-legendentry").first().click();
      await drawAroundAll();
      await expect.poll(heading).toBe("42 points in the selection"); // six colours of one thing are hidden
      await page.locator(".live-legendentry").first().click();
      await page.getByLabel("queries (rings)").check();
      await page.getByLabel("Slice of queries").selectOption({ label: "query length: 2 words" });
      await drawAroundAll();
      await expect.poll(heading).toBe("60 points in the selection");
    });

    it("finds points by name, colours them by a measure, and shows two runs", async () => {
      await page.getByLabel("Find points by name").fill("pink sh");
      expect(await heading()).toMatch(/^[23] points with “pink sh”$/);
      await page.getByLabel("Find points by name").fill("");
      const measures = await page.getByLabel("Colour by").locator("option").allTextContents();
      expect(measures).toEqual([
        "category_id",
        "Recall@1",
        "Recall@1 lost at typos 0.5",
        "document or query",
      ]);
      await page.getByLabel("Colour by").selectOption("Recall@1");
      expect(await page.locator(".live-legend").textContent()).toMatch(/^[01]1 · grey: no value$/);
      await page.getByLabel("two maps").check();
      expect(await page.locator(".live-marks").count()).toBe(2);
      const chosen = await page
        .getByLabel("Run", { exact: true })
        .evaluateAll((lists) => lists.map((list) => (list as unknown as { value: string }).value));
      expect(chosen).toEqual(["0", "1"]);
      await page.getByLabel("two maps").uncheck();
    });

    it("is worked by keys alone", async () => {
      await surface().focus();
      await page.keyboard.press("+");
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("Enter");
      expect(await heading()).toMatch(/^(Nearest to|Found for) /);
      await page.keyboard.press("0");
    });
  });

  describe("the list of queries", () => {
    const summary = () => page.locator("#queries .live-note").first().textContent();
    const results = (system: string, typo: number) =>
      opened
        .find(({ run }) => run.manifest().system === system)!
        .run.queries()
        .filter((result) => result.typo === typo);

    it("counts and averages what passes the filters as the runs' own files have it", async () => {
      const pick = (label: string) => page.locator("#queries").getByLabel(label, { exact: true });
      await pick("First system of the comparison").selectOption({ label: "bag" });
      await pick("Second system of the comparison").selectOption({ label: "BM25" });
      await pick("Measure").selectOption({ label: "Recall@5" });
      for (const [level, typo] of [
        ["as written", 0],
        ["typos 0.5", 0.5],
      ] as const) {
        await pick("Typo probability").selectOption({ label: level });
        for (const outcome of ["all queries", "first is better", "second is better", "equal"]) {
          await pick("Outcome").selectOption({ label: outcome });
          const [a, b] = ["bag", "BM25"].map((name) =>
            results(name, typo).map(({ values }) => values["Recall@5"]!),
          );
          const kept = a!.flatMap((value, i) => {
            const difference = value - b![i]!;
            const passes = {
              "first is better": difference > 0,
              "second is better": difference < 0,
              equal: difference === 0,
            };
            return outcome === "all queries" || passes[outcome as keyof typeof passes] ? [i] : [];
          });
          const mean = (values: number[]) =>
            (kept.reduce((sum, i) => sum + values[i]!, 0) / kept.length).toFixed(3);
          expect(await summary()).toBe(
            kept.length === 0
              ? "No query passes."
              : `${kept.length} of 12 queries; Recall@5: bag ${mean(a!)}, BM25 ${mean(b!)}.`,
          );
        }
      }
      await pick("Outcome").selectOption({ label: "all queries" });
    });

    it("shows what each system found for a query, relevant documents marked", async () => {
      await page.locator("#queries").getByLabel("Typo probability").selectOption({ label: "as written" });
      const wanted = results("bag", 0)[3]!;
      await page.locator("#queries").getByLabel("Part of a query").fill(wanted.query);
      await page.locator(".live-queryrow").first().click();
      expect(await page.locator("#queries h4").textContent()).toBe(`“${wanted.query}”`);
      const names = new Map(
        opened[0]!.sets[0]!.pool.ids.map((id, i) => [
          id,
          opened[0]!.sets[0]!.pool.items[i]!["document_name"]!,
        ]),
      );
      for (const [side, system] of ["bag", "BM25"].entries()) {
        const { top, relevant } = results(system, 0).find(({ id }) => id === wanted.id)!;
        const listed = await page
          .locator("#queries .live-two > div")
          .nth(side)
          .locator("li .live-name")
          .allTextContents();
        expect(listed).toEqual(
          top.slice(0, 10).map(([id]) => `${names.get(id)}${relevant.includes(id) ? " ✓ relevant" : ""}`),
        );
      }
    });
  });

  it("has nothing that axe-core finds, wide and narrow, light and dark", async () => {
    expect(await findings(page, "report")).toEqual([]);
  });

  it("asks nothing of anybody and has no trouble", () => {
    expect(requests.filter((url) => !/^(data|blob):/.test(url))).toEqual([`file://${file}`]);
    expect(troubles).toEqual([]);
  });
});
