import fs from "node:fs";
import path from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { trecTable } from "../../lib/analysis/tables/trec-table.js";
import { buildJudgingTask } from "../../lib/annotation/judge/build-judging-task.js";
import { importJudgements } from "../../lib/annotation/judge/import-judgements.js";
import { judgingPage } from "../../lib/annotation/judge/judging-page.js";
import { readJudgingSources } from "../../lib/annotation/judge/judging-sources.js";
import { saveJudgements } from "../../lib/annotation/judge/save-judgements.js";
import { readJudgements } from "../../lib/datasets/judgements.js";
import { readQrels } from "../../lib/datasets/trec.js";
import { importTrec } from "../../lib/evaluation/trec-files.js";
import { BROWSER_ARGUMENTS, findChromium } from "../../lib/reporting/static-image.js";
import { type Serving, serve } from "../../lib/service/serve.js";
import { findings } from "../support/accessible.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const executablePath = findChromium();

describe.runIf(executablePath !== null)("the judging page in Chromium", { timeout: 60_000 }, () => {
  const tiny = tinyDataset();
  const at = (name: string) => path.join(tiny.root, name);
  const faults: string[] = [];
  let browser: Browser;
  let serving: Serving | null = null;

  beforeAll(async () => {
    // the first system finds what the queries mean, the second what comes next to it
    const queries = fs
      .readFileSync(path.join(tiny.dir, "recall_validation_queries_dataset/queries.json"), "utf8")
      .trim()
      .split("\n")
      .map((line, i) => ({
        id: `q${i + 1}`,
        row: Number(JSON.parse(line).relevant_document_ids[0].slice(1)),
      }));
    for (const [name, shift] of [
      ["good", 0],
      ["bad", 3],
    ] as const)
      fs.writeFileSync(
        at(`${name}.run`),
        queries
          .flatMap(({ id, row }) =>
            [0, 1, 2, 3, 4].map((i) => `${id} Q0 d${(row + shift + i) % 48} ${i + 1} ${10 - i} ${name}\n`),
          )
          .join(""),
      );
    browser = await chromium.launch({ executablePath: executablePath!, args: BROWSER_ARGUMENTS });
  });
  afterAll(async () => {
    await browser.close();
    await serving?.close();
    fs.rmSync(tiny.root, { recursive: true });
  });

  const opened = async (address: string): Promise<Page> => {
    const page = await (await browser.newContext()).newPage();
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(new URL(address).origin) && !/^(file|blob|data):/.test(request.url()))
        faults.push(request.url());
    });
    await page.goto(address);
    await page.waitForSelector("html[data-judge=ready]");
    return page;
  };
  const begin = async (page: Page, judge: string) => {
    await page.fill("#judge-name", judge);
    await page.click(".judge-begin");
    await page.waitForSelector(".judge-query");
  };
  /** Grades by what is shown: "red stool" means "red chair". */
  const judge = async (page: Page, answers: number) => {
    const meant: Record<string, string> = {
      stool: "chair",
      top: "shirt",
      footwear: "shoe",
      handset: "phone",
      carafe: "bottle",
      wrap: "scarf",
      timer: "clock",
      lantern: "lamp",
    };
    for (let i = 0; i < answers; i++) {
      const query = await page.textContent(".judge-query");
      const [colour, thing] = query!.split(" ");
      const title = await page.textContent(".judge-document h3");
      await page.keyboard.press(title === `${colour} ${meant[thing!] ?? thing}` ? "3" : "0");
    }
  };

  it("is worked by keys without a network, goes on after a reload, and its grades score the runs", async () => {
    const sources = readJudgingSources([at("bad.run"), at("good.run")], { dataset: tiny.dir });
    fs.writeFileSync(at("judge.html"), await judgingPage(await buildJudgingTask(sources, { k: 5 })));
    const page = await opened(`file://${at("judge.html")}`);
    await page.click(".judge-begin");
    expect(await page.locator("#judge-name:invalid").count()).toBe(1);
    expect(await findings(page, "judge-start", { widths: [360] })).toEqual([]);
    await begin(page, "Anna");
    // neither the systems nor ranks are told of a document
    expect(await page.textContent(".judge-card")).not.toMatch(/good|bad|rank/);
    await page.fill("#judge-intent", "a seat");
    await page.keyboard.press("Enter");
    await page.keyboard.press("u");
    await page.keyboard.press("b");
    expect(await page.textContent(".judge-kind")).toBe("You said: unsure");
    await page.keyboard.press("n");
    await page.keyboard.type("3 legs");
    await page.keyboard.press("Enter");
    await page.keyboard.press("1");
    await judge(page, 24);
    await page.getByText("Scores so far").click();
    expect(await findings(page, "judge")).toEqual([]);

    await page.reload();
    await page.click(".judge-begin");
    await page.getByText("It goes on after 25 answers.").waitFor();
    expect(await page.textContent(".judge-progress")).toMatch(
      /good − bad: nDCG@5 \+[01]\.\d{3} ±[01]?\.\d{3} now, about ±\.\d{3} after 40 more/,
    );
    while ((await page.locator(".judge-query").count()) > 0) await judge(page, 1);
    await page.getByText("All is judged.").waitFor();
    expect(await page.textContent(".judge-decided")).toBe("decided: good is better");

    const download = page.waitForEvent("download");
    await page.getByText("Save judgements to a file").click();
    await (await download).saveAs(at("anna.json"));
    const found = await importJudgements(at("anna.json"), { dataset: tiny.dir });
    const [saved] = saveJudgements(at("judged"), found);
    expect(found.judgements.find(({ note }) => note)).toMatchObject({
      note: "3 legs",
      grade: 1,
      intent: "a seat",
      judge: "Anna",
    });
    const table = trecTable(saved!.qrels!, [at("bad.run"), at("good.run")], {
      measures: ["nDCG@5", "Judged@5"],
    });
    const cells = JSON.stringify(table);
    expect(cells).toContain("good");
    const qrels = page.waitForEvent("download");
    await page.getByText("Save grades as TREC qrels").click();
    await (await qrels).saveAs(at("page.qrels"));
    expect(readQrels(at("page.qrels"))).toEqual(readQrels(saved!.qrels!));
    expect(faults).toEqual([]);
  });

  it("served, keeps every answer on the server, where another browser goes on", async () => {
    for (const name of ["good", "bad"])
      await importTrec(at(`${name}.run`), {
        ...{ set: "queries", system: name, taskId: "films", runId: name, datasetDir: tiny.dir, measures: [] },
        outputDir: at("runs"),
        listener: {},
      });
    serving = await serve({ root: at("runs"), port: 0, workers: 0, rate: 1000 });
    const address = `${serving.address}/judge?runs=films/bad,films/good&k=5&judge=Ben`;
    const page = await opened(address);
    await page.click(".judge-begin");
    await page.waitForSelector(".judge-query");
    await judge(page, 7);
    await page.waitForSelector("html[data-saved='7']");
    const other = await opened(address);
    await other.click(".judge-begin");
    await other.getByText("It goes on after 7 answers.").waitFor();
    await judge(other, 3);
    await other.waitForSelector("html[data-saved='10']");
    const [folder] = fs.readdirSync(at("runs/.judgements"));
    const { judgements } = readJudgements(at(`runs/.judgements/${folder}/Ben.jsonl`));
    expect(judgements).toHaveLength(10);
    // the first browser's page has fewer by now: it is told so rather than heard
    await judge(page, 1);
    await page.getByText("must not have fewer answers than are kept of Ben (10), got 8").waitFor();
    expect(faults).toEqual([]);
    const refused = await fetch(`${serving.address}/api/v1/judgements`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text: '{"form":"qdrl judging session 1","task' }),
    });
    expect([refused.status, await refused.json()]).toEqual([
      422,
      { message: "session: a saved session must be whole, got one that was cut off" },
    ]);
  });
});
