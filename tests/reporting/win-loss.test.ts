import { describe, expect, it } from "vitest";
import { holm } from "../../lib/metrics/holm.js";
import { pairedRandomizationTest } from "../../lib/metrics/randomization-test.js";
import { comparePage } from "../../lib/reporting/compare-page.js";
import { differences } from "../../lib/reporting/figures/differences.js";
import { resultsTable } from "../../lib/reporting/results-table.js";
import { tableHtml } from "../../lib/reporting/table-html.js";
import { type ComparedQuery, winLoss, winLossTable } from "../../lib/reporting/win-loss.js";

const query = (id: number, length: string, a: number, b: number, more = {}): ComparedQuery => ({
  id: `q${id}`,
  query: `query ${id}`,
  slices: { length, ...more },
  a,
  b,
});
// short: a wins 3, ties 1; long: a loses 2, wins 1
const queries = [
  query(1, "short", 1, 0),
  query(2, "short", 1, 0),
  query(3, "short", 0.5, 0),
  query(4, "short", 1, 1),
  query(5, "long", 0, 1, { category: "food" }),
  query(6, "long", 0, 1, { category: "food" }),
  query(7, "long", 1, 0.5, { category: "food" }),
];

describe("winLoss", () => {
  const groups = winLoss(queries);

  it("counts wins, ties and losses over all queries and each slice", () => {
    expect(
      groups.map(({ kind, slice, queries: n, wins, ties, losses }) => [kind, slice, n, wins, ties, losses]),
    ).toEqual([
      ["", "", 7, 4, 1, 2],
      ["length", "long", 3, 1, 0, 2],
      ["length", "short", 4, 3, 1, 0],
    ]);
  });

  it("gives means and their difference, a minus b", () => {
    expect(groups[1]).toMatchObject({ meanA: 1 / 3, meanB: 2.5 / 3 });
    expect(groups[1]!.difference.mean).toBeCloseTo(-0.5, 12);
    expect(groups[2]!.difference.mean).toBeCloseTo(0.625, 12);
  });

  it("corrects over all groups together", () => {
    const p = (members: ComparedQuery[]) =>
      pairedRandomizationTest(
        members.map((q) => q.a),
        members.map((q) => q.b),
      ).p; // 7 queries: exact
    const expected = holm([p(queries), p(queries.slice(4)), p(queries.slice(0, 4))]);
    expect(groups.map((group) => group.adjustedP)).toEqual(expected);
  });

  it("leaves out a division with a single slice", () => {
    expect(groups.some((group) => group.kind === "category")).toBe(false);
  });

  it("refuses no queries", () => {
    expect(() => winLoss([])).toThrow("winLoss: queries must not be empty, got 0");
  });

  it("is shown with signs, words and a bar of shares", () => {
    const many = Array.from({ length: 40 }, (_, i) => query(i, "short", 1, i % 8 === 0 ? 1 : 0));
    const table = winLossTable(winLoss(many), { a: "A", b: "B", measure: "Recall@10" });
    expect(table.rows[0]!.cells.map((cell) => cell.text)).toEqual([
      "all queries",
      "40",
      "1.000",
      "0.125",
      "▲ +0.875",
      "35 · 5 · 0",
    ]);
    const html = tableHtml(table);
    expect(html).toContain('<span class="q-value q-better">▲ +0.875</span>');
    expect(html).toContain(
      '<i class="q-better-part" style="flex-grow:35"></i><i class="q-same-part" style="flex-grow:5"></i></span>',
    );
  });
});

describe("differences", () => {
  it("orders bars from loss to win and gives ties their room", () => {
    const { data } = differences(
      [
        { query: "a", a: 0.75, b: 0.25 },
        { query: "<b>", a: 0, b: 1 },
        { query: "c", a: 1, b: 1 },
        { query: "d", a: 1, b: 0 },
      ],
      "difference",
    );
    expect(data.map((trace) => trace["name"])).toEqual(["lost (1)", "tied (1)", "won (2)"]);
    expect(data.map((trace) => trace["x"])).toEqual([[12.5], [37.5], [62.5, 87.5]]);
    expect(data[0]!["text"]).toEqual(["&lt;b&gt;"]);
  });
  it("refuses NaN", () => {
    expect(() => differences([{ query: "a", a: Number.NaN, b: 0 }], "d")).toThrow(
      '"a" must have a finite difference',
    );
  });
});

describe("comparePage", () => {
  const results = resultsTable(
    ["B", "A"].map((system) => ({
      system,
      runs: [{ seed: 1, dir: `runs/${system}` }],
      values: { "Recall@10": [queries.map((q) => (system === "A" ? q.a : q.b))] },
    })),
    { baseline: "B" },
  );
  const base = {
    a: "A",
    b: "B",
    setting: "phrases",
    measure: "Recall@10",
    results,
    queries,
    won: [],
    lost: [],
    sources: [],
  };

  it("leads with the answer and says where the difference is, if anywhere", () => {
    const page = comparePage(base);
    expect(page.answer[0]).toMatch(/^A: Recall@10 0\.643 /);
    expect(page.answer[1]).toBe("No slice differs significantly after correction.");
    expect(page.facts!.map((fact) => fact.value)).toEqual(["+0.143", "57.1 %", "14.3 %", "28.6 %"]);
    expect(page.sections.map((section) => section.title)).toEqual([
      "All measures",
      "Queries won and lost",
      "By slice",
    ]);
  });

  it("names the slices of the largest gain and loss", () => {
    const many = Array.from({ length: 60 }, (_, i) =>
      query(i, i < 30 ? "short" : "long", i < 30 ? 1 : 0, i < 30 ? 0 : 1),
    );
    expect(comparePage({ ...base, queries: many }).answer[1]).toMatch(
      /^The largest gain is on “short” \(length: \+1\.000, corrected p <\u00a0\.001\), the largest loss on “long” \(length: −1\.000, /,
    );
    const gains = many.map((q) => ({ ...q, a: 1, b: 0 }));
    expect(comparePage({ ...base, queries: gains }).answer[1]).toMatch(/; no slice loses significantly\.$/);
  });

  it("shows rankings where queries changed", () => {
    const won = [{ query: "q", lists: [] }];
    const titles = comparePage({ ...base, won, lost: won }).sections.map((section) => section.title);
    expect(titles.slice(3)).toEqual(["Most won by A", "Most lost by A"]);
  });
});
