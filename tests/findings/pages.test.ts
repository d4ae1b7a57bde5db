import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { spreadsheetText } from "../../lib/files/spreadsheet-text.js";
import { figureHtml } from "../../lib/reporting/display.js";
import { FIGURE_CONFIG } from "../../lib/reporting/figures/figure-config.js";
import { htmlPage } from "../../lib/reporting/html-page.js";
import { pictureAddress } from "../../lib/reporting/pictures.js";
import { plotlySource } from "../../lib/reporting/plotly-source.js";
import { BROWSER_ARGUMENTS, findChromium } from "../../lib/reporting/static-image.js";
import { plainTable } from "../../lib/reporting/table.js";
import { tableCsv } from "../../lib/reporting/table-csv.js";
import { tableHtml } from "../../lib/reporting/table-html.js";
import { put, testFolder } from "../datasets/test-folder.js";

const folder = testFolder();
const figure = { data: [{ type: "scatter", x: [1, 2], y: [2, 1] }], layout: { height: 300 } };
const page = (titles: string[]) =>
  htmlPage({
    title: "Report",
    answer: ["Yes."],
    sections: titles.map((title) => ({ title, blocks: [{ kind: "figure", figure, title: "Loss" }] })),
    sources: [],
  });

describe("tables as CSV", () => {
  it("hold no cell that a spreadsheet takes for a formula, and numbers stay numbers", () => {
    const formulas = ["=cmd|calc!A0", "+SUM(A1)", "-2+cmd|calc", "@x", "\t=1", "\r=1"];
    for (const cell of formulas) expect(spreadsheetText(cell)).toBe(`'${cell}`);
    for (const cell of ["-0.012", "+1.5 [+.2, +2.1]", "-1.5e-7", "−.01", "5", "a=b", ""])
      expect(spreadsheetText(cell)).toBe(cell);
    const csv = tableCsv(plainTable(["=name", "value"], [["=cmd|calc!A0", "-0.5"]]));
    expect(csv).toBe("'=name,value\r\n'=cmd|calc!A0,-0.5\r\n");
  });
});

describe("pages", () => {
  it("have links that run nothing, however their scheme is written", () => {
    const html = (link: string) => tableHtml(plainTable(["run"], [[{ text: "a", link }]]));
    const bad = [
      "javascript:x",
      "java\tscript:x",
      "\u0001javascript:x",
      "java\nscript:x",
      " JAVASCRIPT:x",
      "data:x",
    ];
    for (const link of bad) expect(html(link), JSON.stringify(link)).not.toContain("<a ");
    for (const link of ["runs/a:b/x.html", "#part", "https://example.org", "file:///a"])
      expect(html(link), link).toContain("<a ");
  });

  it("tell sections of any script apart", () => {
    const ids = [
      ...page(["日本語", "中文", "Ergebnis", "Ergebnis!", "—"]).matchAll(/<section id="([^"]*)"/g),
    ];
    expect(ids.map(([, id]) => id)).toEqual(["日本語", "中文", "ergebnis", "ergebnis-2", "section"]);
    expect(() => page(["A", "A"])).toThrow('section titles must differ, got "A" twice');
  });

  it("embed nothing that only has a picture's name", () => {
    const secret = put(folder, "secret.png", "password");
    expect(() => pictureAddress(secret)).toThrow(`file must hold image/png, got other bytes in ${secret}`);
    expect(pictureAddress(put(folder, "a.svg", "<svg/>"))).toMatch(/^data:image\/svg/);
  });
});

describe("figures", () => {
  it("have nowhere to send their data: no button, no address, in pages and in notebooks", () => {
    expect(FIGURE_CONFIG).toMatchObject({ showSendToCloud: false, plotlyServerURL: "", displaylogo: false });
    expect(plotlySource()).not.toContain("cloud.plotly.com");
    expect(page(["A"])).toContain('"showSendToCloud":false');
    expect(figureHtml(figure as never, "f")).toContain('"showSendToCloud":false');
  });
});

const executablePath = findChromium();
let browser: Browser | null = null;
afterAll(async () => browser?.close());

describe.runIf(executablePath !== null)("figures in a browser", { timeout: 120_000 }, () => {
  it("offer no sharing, and asking plotly for it opens nothing", async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args: BROWSER_ARGUMENTS });
    const context = await browser.newContext();
    const asked: string[] = [];
    context.on("request", (request) => asked.push(request.url()));
    const tab = await context.newPage();
    const file = `${folder}/page.html`;
    writeFileSync(file, page(["A"]));
    await tab.goto(pathToFileURL(file).href);
    await tab.waitForSelector('.plot[data-state="drawn"]');
    const buttons = await tab.$$eval(".modebar-btn", (all) =>
      all.map((b) => b.getAttribute("data-title") ?? ""),
    );
    expect(buttons.length).toBeGreaterThan(2);
    expect(buttons.join()).not.toMatch(/share|cloud|plotly/i);
    const opened = await tab.evaluate(() => {
      const { document, Plotly } = globalThis as unknown as {
        document: { querySelector(what: string): { _context: { plotlyServerURL: string } } };
        Plotly: { Plots: { sendDataToCloud(plot: unknown, url: string): void } };
      };
      const plot = document.querySelector(".plot");
      try {
        Plotly.Plots.sendDataToCloud(plot, plot._context.plotlyServerURL);
        return "sent";
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(opened).toMatch(/URL/);
    expect(context.pages()).toHaveLength(1);
    expect(asked.filter((url) => !url.startsWith("file:") && !url.startsWith("data:"))).toEqual([]);
  });
});
