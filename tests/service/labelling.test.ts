import fs from "node:fs";
import path from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_ARGUMENTS, findChromium } from "../../lib/reporting/static-image.js";
import { runExperiment } from "../../lib/runs/run-experiment.js";
import { type LabelServing, serveLabels } from "../../lib/service/labelling/serve-labels.js";
import { findings } from "../support/accessible.js";
import { postJson } from "../support/post-json.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const data = tinyDataset();
const run = path.join(data.root, "runs", "tiny", "run");
let serving: LabelServing;

beforeAll(async () => {
  await runExperiment(data.config({ num_epochs: 1 }), { listener: {} });
  serving = await serveLabels(run, { port: 0, rate: 1000, choice: "in_order", listener: {} });
});
afterAll(async () => {
  await serving.close();
  fs.rmSync(data.root, { recursive: true });
});

const post = (url: string, body: object) => postJson(`${serving.address}${url}`, body);

describe("the labelling server", () => {
  it("feeds, asks, trains, takes back and saves, by the routes and parameters of the published tool", async () => {
    expect((await post("/feed", { documents: [{ id: "new", text: "red sneaker" }] })).body).toEqual({
      added: 1,
    });
    const asked = await post("/next", { start: 2, end: 4, topk: 3, sample_size: 20 });
    const questions = asked.body["questions"] as unknown as { id: string; matches: { id: string }[] }[];
    expect(questions.map(({ id, matches }) => [id, matches.length])).toEqual([
      ["training-3", 3],
      ["training-4", 3],
    ]);
    const [{ id, matches }] = questions as [(typeof questions)[0]];
    const documents = [
      {
        id,
        matches: matches.map((match, i) => ({
          ...match,
          uri: `/picture?of=documents&id=${match.id}`, // as /next gives it where there are pictures
          tags: { finetuner_label: i === 1 ? 1 : -1 },
        })),
      },
    ];
    expect((await post("/fit", { documents, epochs: 2 })).body).toMatchObject({
      done: 1,
      positive: 1,
      negative: 2,
      steps: 2,
    });
    expect((await post("/undo", {})).body).toEqual({ undone: ["training-3"] });
    expect((await post("/fit", { documents, epochs: 2 })).body).toMatchObject({ steps: 2 });
    const { saved } = (await post("/save", {})).body as unknown as { saved: string };
    expect(saved).toBe(path.join(run, "labels", "trained.model"));
    expect(fs.existsSync(path.join(saved, "models", "model.safetensors"))).toBe(true);
    const lines = await (await fetch(`${serving.address}/labels.jsonl`)).text();
    expect(JSON.parse(lines).matches[1].tags).toEqual({
      document_category_id: expect.any(String),
      finetuner_label: 1,
    });
  });

  it("answers a wrong body in a line", async () => {
    const wrong: [string, object, RegExp][] = [
      ["/next", { choice: "sure" }, /choice must be one of nearest, uncertain, .*got "sure"/],
      ["/next", { topk: 0 }, /topk must be ≥ 1, got 0/],
      ["/next", { start: 5, end: 5 }, /end: must be in \[start \+ 1, start \+ 100\], got 5 with start 5/],
      ["/next", { topK: 5 }, /topK is not a known key; did you mean topk/],
      [
        "/fit",
        { documents: [{ id: "training-1", matches: [{ id: "d1", tags: { finetuner_label: 3 } }] }] },
        /finetuner_label/,
      ],
      [
        "/fit",
        { documents: [{ id: "training-1", matches: [{ id: "nobody", tags: { finetuner_label: 1 } }] }] },
        /must have a text/,
      ],
      ["/feed", { documents: [{ text: "x", uri: "/etc/passwd" }] }, /uri must be a data:image\/ address/],
      [
        "/fit",
        { documents: [{ id: "unheard", text: "x", matches: [{ id: "no", tags: { finetuner_label: 1 } }] }] },
        /must have a text/,
      ],
      [
        "/fit",
        { documents: [{ id: "p", uri: "/etc/passwd" }] },
        /uri must be a data:image\/ address, or that of \/next/,
      ],
      ["/next", [], /request: the body must be a section, got \[\]/],
      ["/save", { model_path: "../../x" }, /model_path must be a folder's name/],
    ];
    for (const [url, body, message] of wrong) {
      const answer = await post(url, body);
      expect(`${answer.status} ${answer.body["message"]}`).toMatch(message);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(String(answer.body["message"])).not.toContain("\n");
    }
    const state = (await (await fetch(`${serving.address}/state`)).json()) as {
      counters: { done: number; left: number };
    };
    expect(state.counters).toMatchObject({ done: 1, left: 83 }); // nothing was fed either
  });
});

const executablePath = findChromium();

describe.runIf(executablePath !== null)("the labelling page", () => {
  let browser: Browser;
  afterAll(async () => browser?.close());

  it("labels by keys, trains after every answer, shows what moved, and ends", async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args: BROWSER_ARGUMENTS });
    const page = await browser.newPage();
    const troubles: string[] = [];
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("response", (answer) => answer.status() >= 400 && troubles.push(answer.url()));
    await page.goto(serving.address);
    await page.waitForSelector(".label-value");
    const question = () => page.locator(".label-question").first().textContent();
    const before = await question();
    await page.keyboard.press("1");
    await page.keyboard.press("3");
    await page.keyboard.press("i");
    await page.keyboard.press("1");
    const pressed = page.locator('.label-candidate[aria-pressed="true"]');
    expect(await pressed.count()).toBe(8); // nine, two of them marked before the inversion and one again after it
    await page.keyboard.press(" ");
    await expect.poll(() => page.locator(".label-counts").textContent()).toContain("done2 of 84");
    expect(await question()).not.toBe(before);
    const { matches } = serving.labelling.labels().at(-1)!;
    expect(matches!.map(({ tags }) => tags!.finetuner_label)).toEqual([1, 1, 1, -1, 1, 1, 1, 1, 1]);
    await expect.poll(() => page.locator("aside").textContent()).toContain("after 2 answers");
    // keys wait for what is under way
    const settled = () =>
      expect.poll(() => page.locator("#status").getAttribute("data-kind")).not.toBe("busy");
    await settled();
    await page.keyboard.press("u");
    await expect.poll(question).toBe(before);
    await settled();
    await page.keyboard.press("x");
    await expect.poll(() => page.locator(".label-counts").textContent()).toContain("ignored1");
    await settled();
    await page.locator("summary").click();
    expect(await findings(page, "label")).toEqual([]);
    expect(troubles).toEqual([]);
    await post("/terminate", {});
    await serving.ended;
    await page.locator("h1").click();
    await page.keyboard.press(" ");
    await expect.poll(() => page.locator("#status").textContent()).toContain("The server does not answer");
  });
});
