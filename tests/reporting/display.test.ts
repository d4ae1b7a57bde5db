import { createRequire } from "node:module";
import { resolve } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type Bundle,
  showAnswer,
  showFigure,
  showHtml,
  showPage,
  showRankings,
  showTable,
} from "../../lib/reporting/display.js";
import { FIGURE_CONFIG } from "../../lib/reporting/figures/figure-config.js";
import { lossCurve } from "../../lib/reporting/figures/loss-curve.js";
import { resultsTable } from "../../lib/reporting/results-table.js";
import { plainTable } from "../../lib/reporting/table.js";

const drawn = vi.hoisted(() => vi.fn<() => Promise<Buffer | null>>());
vi.mock("../../lib/reporting/cell-pictures.js", () => ({ figurePicture: drawn }));

const launcher = globalThis as { __qdrlDisplay?: ((bundle: Bundle) => void) | undefined };
const tslabFile = createRequire(resolve("package.json")).resolve("tslab/dist/jupyter");
const cache = createRequire(resolve("package.json")).cache as Record<string, unknown>;

afterEach(() => {
  delete launcher.__qdrlDisplay;
  delete cache[tslabFile];
  vi.restoreAllMocks();
});

/** What a call sends to the notebook. */
function sent(call: () => void): Bundle {
  const bundles: Bundle[] = [];
  launcher.__qdrlDisplay = (bundle) => bundles.push(bundle);
  call();
  expect(bundles).toHaveLength(1);
  return bundles[0]!;
}

/** What a call prints outside a notebook. */
function printed(call: () => void): string {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  call();
  const text = log.mock.calls.map((args) => args.join(" ")).join("\n");
  log.mockRestore();
  return text;
}

const figure = lossCurve([{ name: "softmax", points: [{ step: 1, value: 2 }] }]);
const results = resultsTable(
  [{ system: "BM25", runs: [{ seed: 1, dir: "runs/a" }], values: { m: [[0, 1]] } }],
  { baseline: "BM25" },
);

describe("in a notebook", () => {
  it("a figure carries plotly's JSON, HTML for other viewers, and text", () => {
    const bundle = sent(() => showFigure(figure, "Loss"));
    expect(Object.keys(bundle)).toEqual(["application/vnd.plotly.v1+json", "text/html", "text/plain"]);
    expect(bundle["application/vnd.plotly.v1+json"]).toEqual({ ...figure, config: FIGURE_CONFIG });
    expect(bundle["text/plain"]).toBe("[Loss: softmax]");
    expect(bundle["text/html"]).not.toMatch(/https?:\/\//);
  });

  it("a figure's picture takes its place in the output before the cell ends, and shows where plotly.js is not", async () => {
    const outputs = new Map<string | undefined, Bundle>();
    const waiting: Promise<void>[] = [];
    Object.assign(globalThis, {
      __qdrlDisplay: (bundle: Bundle, { id }: { id?: string } = {}) => outputs.set(id, bundle),
      __qdrlWaitFor: (work: Promise<void>) => waiting.push(work),
    });
    drawn.mockResolvedValueOnce(Buffer.from("a picture"));
    showFigure(figure, 'Loss "a"');
    const [before] = outputs.values();
    expect(before!["image/png"]).toBeUndefined();
    await Promise.all(waiting);
    const [after, ...others] = outputs.values();
    const png = Buffer.from("a picture").toString("base64");
    expect(others).toEqual([]);
    expect(after!["image/png"]).toBe(png);
    expect(after!["text/html"]).toContain(`<img src="data:image/png;base64,${png}" alt="Loss &quot;a&quot;"`);
    delete (globalThis as { __qdrlWaitFor?: unknown }).__qdrlWaitFor;
  });

  it("every figure has a place of its own", () => {
    const ids = [1, 2].map(
      () => /<div id="([^"]+)"/.exec(String(sent(() => showFigure(figure))["text/html"]))![1],
    );
    expect(ids[0]).not.toBe(ids[1]);
  });

  it("names in a figure cannot end its script", () => {
    const evil = lossCurve([{ name: "</script><script>alert(1)", points: [] }]);
    expect(String(sent(() => showFigure(evil))["text/html"]).match(/<\/script>/g)).toHaveLength(1);
  });

  it("tables come as HTML with their style, Markdown and text", () => {
    for (const table of [results, plainTable(["a"], [["b"]])]) {
      const bundle = sent(() => showTable(table));
      expect(bundle["text/html"]).toMatch(/^<style>.*<div class="qdrl"><figure class="q-table">/s);
      expect(bundle["text/markdown"]).toContain("|");
    }
  });

  it("goes through tslab's own sender where there is no launcher", () => {
    const lastWriteDisplayData = vi.fn();
    cache[tslabFile] = { exports: { lastWriteDisplayData } };
    showHtml("<b>x</b>", "x");
    const [content, update] = lastWriteDisplayData.mock.calls[0]!;
    expect(update).toBe(false);
    expect(content).toMatchObject({ data: { "text/plain": "x" }, metadata: {}, transient: {} });
  });

  it("prints where tslab is loaded but no cell has run", () => {
    cache[tslabFile] = { exports: { lastWriteDisplayData: null } };
    expect(printed(() => showHtml("<b>x</b>", "x"))).toBe("x");
  });
});

describe("outside a notebook", () => {
  it("prints text", () => {
    expect(printed(() => showFigure(figure, "Loss"))).toBe("[Loss: softmax]");
    expect(printed(() => showTable(results))).toContain("BM25");
    expect(printed(() => showPage("<!doctype html>", "Map"))).toBe("[Map]");
    expect(printed(() => showAnswer("It is <so>."))).toBe("It is <so>.");
    const documents = [
      { id: "1", name: "dog", relevant: true },
      { id: "2", name: "cat", relevant: false },
    ];
    const lists = [
      { system: "A", documents },
      { system: "B", documents: [] },
    ];
    expect(printed(() => showRankings([{ query: "pet", lists }]))).toBe(
      "“pet”\n  A: ✓ dog, cat\n  B: nothing found",
    );
  });

  it("does not load tslab", () => {
    printed(() => showHtml("", ""));
    expect(cache[tslabFile]).toBeUndefined();
  });
});
