import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unzip } from "../../lib/files/unzip.js";
import { BROWSER_ARGUMENTS, findChromium } from "../../lib/reporting/static-image.js";
import { type Serving, serve } from "../../lib/service/serve.js";
import { findings } from "../support/accessible.js";

const TOKEN = "a-token-of-the-test";
const executablePath = findChromium();

describe.runIf(executablePath !== null)("the dashboard in Chromium", () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-dashboard-"));
  let serving: Serving;
  let browser: Browser;

  beforeAll(async () => {
    serving = await serve({ root, token: TOKEN, port: 0, rate: 1000 });
    browser = await chromium.launch({ executablePath: executablePath!, args: BROWSER_ARGUMENTS });
  });
  afterAll(async () => {
    await browser.close();
    await serving.close();
    fs.rmSync(root, { recursive: true });
  });

  it("takes a table, shows the training, hands out the model and searches, without any code", async () => {
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    // an address that needs the token leads to the log-in and back
    await page.goto(`${serving.address}/api/v1/runs`);
    await page.fill("#token", "something else");
    await page.click("#login button");
    await page.getByText("token is wrong").waitFor();
    await page.goto(`${serving.address}/#token=${TOKEN}`);
    await page.waitForSelector("body[data-state=ready]");

    const rows = [
      "red shoe",
      "red lamp",
      "blue shoe",
      "blue lamp",
      "green shoe",
      "green lamp",
      "pink lamp",
      "pink shoe",
    ];
    const asked = (row: string) => row.replace("shoe", "sneaker").replace("lamp", "lantern");
    const table = `query,title\n${rows.map((row) => `${asked(row)},${row}\nnice ${asked(row)},${row}`).join("\n")}\n`;
    await page.setInputFiles("#table", {
      name: "shop.csv",
      mimeType: "text/csv",
      buffer: Buffer.from(table),
    });
    await page.fill("#experiment", "shop");
    await page.fill("#name", "<b>first");
    await page.fill("#epochs", "2");
    await page.click("#start");
    expect(await page.locator("#name:invalid").count()).toBe(1);
    await page.fill("#name", "first");
    await page.click("#start");
    await page.waitForSelector("#downloads a", { timeout: 60_000 });
    const log = await page.textContent("#log");
    expect(log).toMatch(/attempt 1 begins.*epoch 1\/2: loss.*epoch 2\/2: loss.*finished/s);
    expect(await page.textContent("#rows")).toContain("shop/first");

    const download = page.waitForEvent("download");
    await page.click("#downloads a");
    const archive = fs.readFileSync(await (await download).path());
    expect([...unzip(archive, "model.zip").keys()]).toContain("models/model.safetensors");
    await page.fill("#query", "red sneaker");
    await page.click("#search button");
    await page.waitForSelector("#hits li");
    expect(await page.textContent("#hits li")).toMatch(/^(red|blue|green|pink) (shoe|lamp) -?\d\.\d{3}$/);

    expect(await findings(page, "dashboard")).toEqual([]);
    page.on("dialog", (dialog) => dialog.accept());
    await page.getByText("Compare runs").click();
    await page.waitForSelector('.q-runs-plot[data-state="drawn"]');
    expect(await page.locator(".q-runs tbody th").first().textContent()).toBe("shop/first");
    await page.getByLabel("Delete shop/first").click();
    await page.getByText("0 of 0 runs").waitFor();
    await page.goto(serving.address);
    await page.getByText("0 runs").waitFor();
    expect(faults).toEqual([]);
  });
});
