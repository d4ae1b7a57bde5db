import fs from "node:fs";
import path from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunEntry } from "../../lib/analysis/run-catalogue.js";
import { runsPage } from "../../lib/analysis/runs-page.js";
import { BROWSER_ARGUMENTS, findChromium } from "../../lib/reporting/static-image.js";
import { testFolder } from "../datasets/test-folder.js";
import { findings } from "../support/accessible.js";

const executablePath = findChromium();
const root = testFolder();

/** A run whose loss is its learning rate divided by the step. */
function entry(name: string, rate: number, recall: number): RunEntry {
  const dir = path.join(root, name);
  fs.mkdirSync(dir);
  const lines = Array.from({ length: 1000 }, (_, i) =>
    JSON.stringify({ epoch: 0, step: i + 1, name: "Loss/step", value: rate / (i + 1) }),
  );
  fs.writeFileSync(path.join(dir, "metrics.jsonl"), `${lines.join("\n")}\n`);
  return {
    dir,
    facts: {
      task: "t",
      run: name,
      system: name,
      status: "finished",
      seed: 1,
      started: "2026-01-02T03:04:05Z",
    },
    settings: { seed: 1, "optimizer.learning_rate": rate, layers: "[16]" },
    measures: { "Recall@10": recall },
  };
}

describe.runIf(executablePath !== null)("a page of runs in Chromium", () => {
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];
  const names = () => page.locator(".q-runs tbody th").evaluateAll((all) => all.map((th) => th.textContent));
  const runs = () => page.getByRole("region", { name: "Runs" }).locator("tbody th").allTextContents();
  const plot = (place: number) =>
    page
      .locator(".q-runs-plot")
      .nth(place)
      .evaluate((element) =>
        (element as unknown as { data: { name: string; x: unknown[]; y: number[] }[] }).data.map(
          ({ name, x, y }) => ({ name, x: [...x], y: [...y] }),
        ),
      );

  beforeAll(async () => {
    const entries = [entry("<b>slow", 0.01, 0.5), entry("fast", 1, 0.75), entry("wild", 10, 0.25)];
    const file = path.join(root, "runs.html");
    fs.writeFileSync(file, runsPage(entries, { nameOf: ({ dir }) => path.basename(dir) }));
    browser = await chromium.launch({ executablePath: executablePath!, args: BROWSER_ARGUMENTS });
    page = await browser.newPage();
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => faults.push(message.text()));
    await page.goto(`file://${file}`);
    await page.waitForFunction("document.querySelectorAll('.q-runs-plot[data-state=drawn]').length === 2");
  });
  afterAll(() => browser?.close());

  it("filters, sorts and adds columns", async () => {
    expect(await runs()).toEqual(["<b>slow", "fast", "wild"]);
    await page.getByLabel("Filter runs").fill("learning_rate>=1");
    expect(await runs()).toEqual(["fast", "wild"]);
    await page.getByLabel("Filter runs").fill("Recall@10>.3 slow");
    expect(await runs()).toEqual(["<b>slow"]);
    await page.getByLabel("Filter runs").fill("");
    await page.getByRole("button", { name: "Recall@10" }).press("Enter");
    expect(await runs()).toEqual(["fast", "<b>slow", "wild"]);
    await page.getByLabel("Add a column").selectOption("optimizer.learning_rate");
    expect(
      await page.getByRole("region", { name: "Runs" }).locator("tbody tr").first().textContent(),
    ).toMatch(/0\.7501$/);
  });

  it("shows what differs between the chosen, their curves, and a setting against a measure", async () => {
    await page.getByLabel("Choose wild").uncheck();
    expect(
      await page.getByRole("region", { name: "Settings that differ" }).locator("tr").allTextContents(),
    ).toEqual(["settingfast<b>slow", "optimizer.learning_rate10.01"]);
    const curves = await plot(0);
    expect(curves.map(({ name }) => name)).toEqual(["fast", "&lt;b&gt;slow"]);
    expect(curves[0]!.x.length).toBeLessThanOrEqual(150);
    expect([curves[0]!.x.at(-1), curves[0]!.y.at(-1)]).toEqual([1000, 0.001]);
    expect(await plot(1)).toEqual([
      { name: "fast", x: [1], y: [0.75] },
      { name: "&lt;b&gt;slow", x: [0.01], y: [0.5] },
      { name: "wild", x: [10], y: [0.25] },
    ]);
    expect(await names()).toHaveLength(4);
  });

  it("has nothing that axe-core finds, and no fault", async () => {
    expect(await findings(page, "runs")).toEqual([]);
    expect(faults).toEqual([]);
  });
});
