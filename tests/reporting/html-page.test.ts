import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bars } from "../../lib/reporting/figures/bars.js";
import { lossCurve } from "../../lib/reporting/figures/loss-curve.js";
import { map } from "../../lib/reporting/figures/map.js";
import { htmlPage, type ReportPage } from "../../lib/reporting/html-page.js";
import { plotlySource } from "../../lib/reporting/plotly-source.js";
import { resultsTable } from "../../lib/reporting/results-table.js";
import { BROWSER_ARGUMENTS, findChromium, openImageRenderer } from "../../lib/reporting/static-image.js";
import { findings } from "../support/accessible.js";

const points = [1, 2, 3].map((step) => ({ step, value: 3 / step }));
const loss = lossCurve([
  { name: "</script><b>softmax", points },
  { name: "triplet", points },
]);
const places = map([
  { x: 0, y: 0, kind: "document", category: "food", label: "apple <i>" },
  { x: 1, y: 1, kind: "query", category: "food", label: "fruit" },
]);
const page: ReportPage = {
  title: 'Emoji & "search" <1>',
  question: "Does it work?",
  answer: ["It does: 0.5 [0.4, 0.6].", "Second."],
  facts: [{ label: "Queries", value: "946", about: "<unseen>" }],
  sections: [
    {
      title: "Results",
      intro: "Intro & more.",
      blocks: [
        {
          kind: "results",
          results: resultsTable(
            ["BM25", "a system with a name that is long enough to need more than one line"].map(
              (system, i) => ({
                system,
                runs: [{ seed: 1, dir: `runs/${i}` }],
                values: Object.fromEntries(
                  ["Recall@10", "Recall@50", "Recall@100", "MRR@10", "MRR@50", "MRR@100"].map((m) => [
                    m,
                    [[0, 1, i, 1]],
                  ]),
                ),
              }),
            ),
            { baseline: "BM25" },
          ),
        },
      ],
    },
    {
      title: "Figures",
      blocks: [
        { kind: "heading", text: "Loss" },
        {
          kind: "columns",
          blocks: [loss, places].map((figure, i) => ({
            kind: "figure" as const,
            figure,
            title: `Figure ${i}`,
          })),
        },
        {
          kind: "details",
          summary: "More",
          blocks: [
            { kind: "code", text: "a: <b>" },
            {
              kind: "figure",
              title: "Bars",
              figure: bars(["x"], [{ name: "a", values: [{ mean: 1, low: 0, high: 2 }] }], {
                valueTitle: "v",
              }),
            },
          ],
        },
      ],
    },
    {
      title: "Rankings",
      blocks: [{ kind: "rankings", rankings: [{ query: "q", lists: [{ system: "s", documents: [] }] }] }],
    },
  ],
  sources: [{ what: "BM25", run: "runs/0", file: "queries.jsonl.gz" }],
};

describe("htmlPage", () => {
  const html = htmlPage(page);
  const own = html.replace(plotlySource(), "");

  it("refers to nothing outside itself", () => {
    expect(own).not.toMatch(/(src|href)\s*=\s*["']?(?!#|data:)[^"'\s>]*:?\/\//i);
    expect(own).not.toMatch(/@import|url\((?!["']?data:)/);
    expect(own.match(/<link[^>]*>/g)).toEqual(['<link rel="icon" href="data:,">']);
  });

  it("carries plotly once, and only if there is a figure", () => {
    expect(html.split(plotlySource())).toHaveLength(2);
    const without = htmlPage({ ...page, sections: [] });
    expect(without.length).toBeLessThan(60_000);
  });

  it("escapes titles, texts and data in scripts", () => {
    expect(own).toContain("<h1>Emoji &amp; &quot;search&quot; &lt;1&gt;</h1>");
    expect(own).toContain('<span class="about">&lt;unseen&gt;</span>');
    expect(own).toContain("<code>a: &lt;b&gt;</code>");
    expect(own).not.toContain("</script><b>");
  });

  it("links every section from the navigation and names run and file of every number", () => {
    for (const id of ["results", "figures", "rankings"]) {
      expect(own).toContain(`<a href="#${id}">`);
      expect(own).toContain(`<section id="${id}">`);
    }
    expect(own).toMatch(/<footer>.*runs\/0.*queries\.jsonl\.gz.*<\/footer>/s);
  });

  it("refuses sections with one title", () => {
    const twice = { ...page, sections: [page.sections[0]!, page.sections[0]!] };
    expect(() => htmlPage(twice)).toThrow('htmlPage: section titles must differ, got "Results" twice');
  });
});

describe("plotlySource", () => {
  it("cannot end the script element that holds it", () => {
    expect(plotlySource()).not.toMatch(/<\/script|<!--/i);
  });
  it("says what to do where no build is installed", () => {
    expect(() => plotlySource(["nowhere.js"])).toThrow(
      "plotlySource: one of nowhere.js must exist, got none; run npm ci",
    );
  });
});

const executablePath = findChromium();

describe.runIf(executablePath !== null)("in Chromium", () => {
  let browser: Browser;
  const folder = mkdtempSync(join(tmpdir(), "qdrl-page-"));
  const file = join(folder, "index.html");

  beforeAll(async () => {
    writeFileSync(file, htmlPage(page));
    browser = await chromium.launch({ executablePath: executablePath!, args: BROWSER_ARGUMENTS });
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ["desktop", { width: 1280, height: 900 }, "light" as const],
    ["phone", { width: 360, height: 740 }, "dark" as const],
  ])(
    "draws every figure on a %s without errors, requests or sideways scrolling",
    async (_, viewport, colorScheme) => {
      const context = await browser.newContext({ viewport, colorScheme });
      const tab = await context.newPage();
      const troubles: string[] = [];
      const requests: string[] = [];
      tab.on("console", (message) => troubles.push(message.text()));
      tab.on("pageerror", (error) => troubles.push(error.message));
      tab.on("request", (request) => requests.push(request.url()));
      await tab.goto(`file://${file}`);
      await tab.getByText("More", { exact: true }).click();
      await tab.waitForFunction(
        '[...document.querySelectorAll(".plot")].every((plot) => plot.dataset.state)',
      );
      const states = await tab.evaluate(
        '[...document.querySelectorAll(".plot")].map((plot) => plot.dataset.state)',
      );
      expect(states).toEqual(["drawn", "drawn", "drawn"]);
      const widths = (await tab.evaluate(
        "[document.documentElement.scrollWidth, window.innerWidth]",
      )) as number[];
      expect(widths[0]).toBe(widths[1]);
      expect(await tab.locator("svg.main-svg").count()).toBeGreaterThanOrEqual(3);
      expect(await tab.getByText("</script><b>softmax").count()).toBeGreaterThanOrEqual(1);
      await tab.locator('nav a[href="#rankings"]').click();
      await tab.waitForFunction("document.querySelector('nav a.here')?.hash === '#rankings'");
      await context.close();
      expect(troubles).toEqual([]);
      expect(requests.filter((url) => !url.startsWith("data:"))).toEqual([`file://${file}`]);
    },
  );

  it("has figures that keys hide series of, move and zoom, and buttons that are seen", async () => {
    const tab = await browser.newPage();
    await tab.goto(`file://${file}`);
    await tab.waitForSelector('.plot[data-state="drawn"]');
    const plot = tab.locator(".plot").first();
    const shown = () => plot.locator(".trace.scatter").count();
    const entry = plot.getByRole("checkbox", { name: "triplet" });
    await plot.focus();
    expect(await shown()).toBe(2);
    for (let presses = 0; presses < 20; presses++) {
      await tab.keyboard.press("Tab");
      if (await entry.evaluate((element) => element === element.ownerDocument.activeElement)) break;
    }
    await tab.keyboard.press("Space");
    await expect.poll(() => entry.getAttribute("aria-checked")).toBe("false");
    expect(await shown()).toBe(1);
    await tab.keyboard.press("Enter");
    await expect.poll(shown).toBe(2);

    const range = () =>
      plot.evaluate((element) => {
        const { _fullLayout } = element as unknown as { _fullLayout: { xaxis: { range: number[] } } };
        return [..._fullLayout.xaxis.range] as [number, number];
      });
    const before = await range();
    await plot.focus();
    await tab.keyboard.press("+");
    const zoomed = await range();
    expect((before[1] - before[0]) / (zoomed[1] - zoomed[0])).toBeCloseTo(1.4);
    await tab.keyboard.press("ArrowRight");
    expect((await range())[0] - zoomed[0]).toBeCloseTo((zoomed[1] - zoomed[0]) / 10);
    await tab.keyboard.press("0");
    expect(await range()).toEqual(before);

    // WCAG 1.4.11: graphics that work something stand out from what is behind by 3:1
    const colours = await tab.evaluate(() => {
      const { document, getComputedStyle } = globalThis as unknown as {
        document: { querySelector(what: string): unknown };
        getComputedStyle(of: unknown): { fill: string; backgroundColor: string };
      };
      const icon = getComputedStyle(document.querySelector(".modebar-btn:not(.active) path")).fill;
      return [icon, getComputedStyle(document.querySelector("main section")).backgroundColor];
    });
    const [icon, behind] = colours.map((colour) => {
      const [r, g, b] = colour
        .match(/[\d.]+/g)!
        .slice(0, 3)
        .map((part) =>
          Number(part) / 255 <= 0.04045
            ? Number(part) / 255 / 12.92
            : ((Number(part) / 255 + 0.055) / 1.055) ** 2.4,
        );
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    });
    expect((Math.max(icon!, behind!) + 0.05) / (Math.min(icon!, behind!) + 0.05)).toBeGreaterThan(3);
    expect(colours[0]).not.toMatch(/^rgba\(.*, 0(\.\d+)?\)$/);
    await tab.close();
  });

  it("has nothing that axe-core finds, in light and dark", async () => {
    const tab = await browser.newPage();
    await tab.goto(`file://${file}`);
    await tab.getByText("More", { exact: true }).click();
    await tab.waitForFunction('[...document.querySelectorAll(".plot")].every((plot) => plot.dataset.state)');
    expect(await findings(tab, "figures", { widths: [1280] })).toEqual([]);
    await tab.close();
  });

  it("renders figures to PNG and SVG of the size asked for", async () => {
    const opened = await openImageRenderer();
    if (opened.renderer === null) throw new Error(opened.reason);
    try {
      const png = await opened.renderer.render(loss, { width: 300, height: 200, scale: 2 });
      expect(png.subarray(1, 4).toString()).toBe("PNG");
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([600, 400]);
      const svg = (
        await opened.renderer.render(places, { format: "svg", width: 300, height: 200 })
      ).toString();
      expect(svg).toMatch(/^<svg[^>]* width="300" height="200"/);
      expect(svg).toContain("food");
    } finally {
      await opened.renderer.close();
    }
  });
});

describe("openImageRenderer", () => {
  it("says in one line why there are no images where Chromium is missing", async () => {
    const before = process.env["CHROMIUM"];
    process.env["CHROMIUM"] = "/nowhere/chromium";
    try {
      expect(findChromium()).toBeNull();
      const opened = await openImageRenderer();
      expect(opened).toEqual({
        renderer: null,
        reason: "static images are skipped: Chromium is not installed (apt-get install chromium)",
      });
    } finally {
      if (before === undefined) delete process.env["CHROMIUM"];
      else process.env["CHROMIUM"] = before;
    }
  });
});
