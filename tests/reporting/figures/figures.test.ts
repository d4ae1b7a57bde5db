import { describe, expect, it } from "vitest";
import { bars } from "../../../lib/reporting/figures/bars.js";
import { lossCurve } from "../../../lib/reporting/figures/loss-curve.js";
import { type MapPoint, map } from "../../../lib/reporting/figures/map.js";
import { recallVsTypo } from "../../../lib/reporting/figures/recall-vs-typo.js";
import { PALETTE, seriesColor, withOpacity } from "../../../lib/reporting/figures/theme.js";

/** Relative luminance and contrast ratio of WCAG 2.1. */
function luminance(hex: string): number {
  const channels = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  const [r, g, b] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high! + 0.05) / (low! + 0.05);
}

describe("theme", () => {
  it("has colours that differ, visible on the light and the dark page", () => {
    expect(new Set(PALETTE).size).toBe(PALETTE.length);
    // marks also differ in dash or shape, so half of WCAG's 3:1 for graphics beside text is the floor
    for (const color of PALETTE) {
      expect(contrast(color, "#ffffff")).toBeGreaterThan(2);
      expect(contrast(color, "#171b21")).toBeGreaterThan(2.5);
    }
  });
  it("writes rgba", () => {
    expect(withOpacity("#0072B2", 0.5)).toBe("rgba(0,114,178,0.5)");
  });
});

describe("lossCurve", () => {
  it("draws a run and its validation in one colour, dashed", () => {
    const { data } = lossCurve([
      { name: "a", points: [{ step: 1, value: 2 }] },
      { name: "b", points: [{ step: 1, value: 3 }] },
      { name: "b valid", points: [{ step: 1, value: 4 }], validationOf: "b" },
    ]);
    const lines = data.map((trace) => trace["line"] as { color: string; dash: string });
    expect(lines[2]!.color).toBe(lines[1]!.color);
    expect(lines[0]!.color).not.toBe(lines[1]!.color);
    expect(lines.map((line) => line.dash)).toEqual(["solid", "solid", "dash"]);
    expect(data[1]).toMatchObject({ x: [1], y: [3] });
  });
  it("gives a system the colour of its place among the page's systems", () => {
    const points = [{ step: 1, value: 2 }];
    const lines = [
      { name: "b", points },
      { name: "b, validation", points, validationOf: "b" },
      { name: "other", points },
    ];
    const { data } = lossCurve(lines, { systems: ["a", "b"] });
    const colours = data.map((trace) => (trace as { line: { color: string } }).line.color);
    expect(colours).toEqual([seriesColor(1), seriesColor(1), seriesColor(2)]);
  });

  it("refuses NaN and unknown runs", () => {
    expect(() => lossCurve([{ name: "a", points: [{ step: 7, value: Number.NaN }] }])).toThrow(
      'lossCurve: values of "a" must be finite, got NaN at step 7',
    );
    expect(() => lossCurve([{ name: "v", points: [], validationOf: "b" }])).toThrow(
      'must be one of , got "b"',
    );
  });
});

describe("recallVsTypo", () => {
  const point = (typo: number, mean: number) => ({ typo, mean, low: mean - 0.1, high: mean + 0.1 });
  it("draws a closed band under each line, in order of probability", () => {
    const { data, layout } = recallVsTypo(
      [{ name: "a", points: [point(0.5, 0.3), point(0, 0.6)] }],
      "Recall@10",
    );
    expect(data[0]!["x"]).toEqual([0, 0.5, 0.5, 0]);
    const edges = (data[0]!["y"] as number[]).map((y) => Number(y.toFixed(12)));
    expect(edges).toEqual([0.7, 0.4, 0.2, 0.5]);
    expect(data[1]).toMatchObject({ x: [0, 0.5], y: [0.6, 0.3] });
    expect(layout).toMatchObject({ yaxis: { title: { text: "Recall@10" } }, xaxis: { tickvals: [0, 0.5] } });
  });
  it("refuses a mean outside its interval", () => {
    const broken = { typo: 0, mean: 1, low: 0, high: 0.5 };
    expect(() => recallVsTypo([{ name: "a", points: [broken] }], "R")).toThrow(
      'intervalCurve: "a" at 0 must have low ≤ mean ≤ high, got 0, 1, 0.5',
    );
  });
});

describe("bars", () => {
  it("puts whiskers at the interval's ends and leaves gaps", () => {
    const { data } = bars(["x", "y"], [{ name: "a", values: [{ mean: 0.5, low: 0.4, high: 0.8 }, null] }], {
      valueTitle: "R",
    });
    const { array, arrayminus } = data[0]!["error_y"] as { array: number[]; arrayminus: number[] };
    expect(array[0]).toBeCloseTo(0.3, 12);
    expect(arrayminus[0]).toBeCloseTo(0.1, 12);
    expect(data[0]!["y"]).toEqual([0.5, null]);
  });
  it("turns sideways", () => {
    const { data, layout } = bars(["x"], [{ name: "a", values: [{ mean: 1, low: 1, high: 1 }] }], {
      valueTitle: "R",
      horizontal: true,
    });
    expect(data[0]).toMatchObject({ orientation: "h", x: [1], y: ["x"] });
    expect(layout).toMatchObject({ yaxis: { autorange: "reversed" } });
  });
  it("refuses a wrong number of values", () => {
    expect(() => bars(["x"], [{ name: "a", values: [] }], { valueTitle: "R" })).toThrow(
      '"a" must have one value per label (1), got 0',
    );
  });
});

describe("map", () => {
  const at = (kind: MapPoint["kind"], category: string, label = "p"): MapPoint => ({
    x: 1.23456,
    y: 2,
    kind,
    category,
    label,
  });
  it("has one trace per category and one for the queries, coloured alike", () => {
    const { data } = map([at("document", "food"), at("document", "flags"), at("query", "flags")]);
    expect(data.map((trace) => trace["name"])).toEqual(["food", "flags", "queries"]);
    const colors = data.map((trace) => (trace["marker"] as { color: unknown }).color);
    expect(colors[2]).toEqual([colors[1]]);
    expect(data[0]!["x"]).toEqual([1.235]);
  });
  it("tells categories apart by shape once colours repeat", () => {
    const { data } = map(Array.from({ length: 12 }, (_, i) => at("document", `c${i}`)));
    const marks = data.map((trace) => {
      const { color, symbol } = trace["marker"] as { color: string; symbol: string };
      return `${color} ${symbol}`;
    });
    expect(new Set(marks).size).toBe(12);
  });
  it("makes labels literal", () => {
    const { data } = map([at("document", "c", "<b onclick=x> & co")]);
    expect(data[0]!["text"]).toEqual(["<b>&lt;b onclick=x&gt; &amp; co</b>"]);
  });
  it("draws many points by WebGL", () => {
    const { data } = map(Array.from({ length: 5001 }, () => at("document", "c")));
    expect(data[0]!["type"]).toBe("scattergl");
  });
  it("is empty for no points", () => {
    expect(map([]).data).toEqual([]);
  });
});
