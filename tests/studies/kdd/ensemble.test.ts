import { describe, expect, it } from "vitest";
import { Random } from "../../../lib/engine/random/random.js";
import { meanAnswerNdcg } from "../../../lib/studies/kdd/answer-ndcg.js";
import {
  ensembleGrid,
  ensembleScores,
  scorePredictions,
  searchEnsemble,
} from "../../../lib/studies/kdd/ensemble.js";
import { exponentialRate } from "../../../lib/studies/kdd/exponential-rate.js";
import type { Predictions } from "../../../lib/studies/kdd/files/prediction-files.js";
import {
  drawNegatives,
  keptRows,
  negativePool,
  rowsApart,
} from "../../../lib/studies/kdd/last-word-negatives.js";
import { expectClose, vector } from "../../support/vectors.js";

const name = (entry: string) => `3-kdd-multimodal-recall/${entry}`;
const predictions = (value: object): Predictions => new Map(Object.entries(value));

describe("evaluation of the KDD Cup task", () => {
  it("gives nDCG@5 per query and on average", () => {
    const { inputs, expected, tolerance } = vector(name("ndcg_at_5"));
    const found = meanAnswerNdcg(
      new Map(Object.entries<string[]>(inputs.predictions)),
      new Map(Object.entries<string[]>(inputs.answers)),
    );
    for (const [query, value] of Object.entries<number>(expected.per_query))
      expectClose(found.perQuery.get(query), value, tolerance);
    expectClose(found.mean, expected.mean, tolerance);
  });

  it("names an answered query without prediction", () => {
    expect(() => meanAnswerNdcg(new Map(), new Map([["7", ["1"]]]))).toThrow("got none for 7");
  });
});

describe("the ensemble", () => {
  it("sums weighted scores and sorts them", () => {
    const { inputs, expected, tolerance } = vector(name("ensemble_scores"));
    for (const weight of inputs.weights) {
      const list = ensembleScores(predictions(inputs.model1), predictions(inputs.model2), weight).get("q")!;
      const wanted: [string, number][] = expected[weight.toFixed(4)];
      expect(list.map(([product]) => product)).toEqual(wanted.map(([product]) => product));
      expectClose(
        list.map(([, score]) => score),
        wanted.map(([, score]) => score),
        tolerance,
      );
    }
  });

  it("tries evenly spaced weights", () => {
    const { inputs, expected, tolerance } = vector(name("ensemble_grid"));
    const grid = ensembleGrid(inputs.points);
    expect(grid).toHaveLength(expected.count);
    expectClose(grid.slice(0, 5), expected.first_five, tolerance);
    expectClose(
      [grid[1], grid[62], grid.at(-1)],
      [expected.step, expected.index_62, expected.last],
      tolerance,
    );
  });

  it("takes the first weight of the best score", () => {
    const { inputs, expected, tolerance } = vector(name("ensemble_search"));
    const answers = new Map(Object.entries<string[]>(inputs.answers));
    const [one, two] = [predictions(inputs.model1), predictions(inputs.model2)];
    const found = searchEnsemble(one, two, answers, { points: inputs.grid_points });
    expectClose(found.scores[0]!.score, expected.score_at_0, tolerance);
    expectClose(found.scores.at(-1)!.score, expected.score_at_1, tolerance);
    expectClose([found.score, found.weight], [expected.best_score, expected.best_weight], tolerance);
    expect(found.score).toBeGreaterThanOrEqual(scorePredictions(one, answers).mean);
    expect(found.score).toBeGreaterThanOrEqual(scorePredictions(two, answers).mean);
  });

  it("does not see a model's scale with z-scores", () => {
    const one = predictions({
      q: [
        ["a", 2],
        ["b", 1],
        ["c", 0],
      ],
    }); // prettier-ignore
    const two = predictions({
      q: [
        ["c", 9],
        ["b", 8],
        ["a", 2],
      ],
    }); // prettier-ignore
    const scaled = predictions({
      q: [
        ["c", 900],
        ["b", 800],
        ["a", 200],
      ],
    }); // prettier-ignore
    const values = (second: Predictions) =>
      ensembleScores(one, second, 0.5, "z_score")
        .get("q")!
        .map(([, score]) => score);
    expectClose(values(scaled), values(two), 1e-12);
    expect(() => ensembleScores(one, predictions({ q: [["a", 1]] }), 0.5)).toThrow("got 3 and 1 for query q");
  });
});

describe("the rate of an epoch", () => {
  it("is shared by the first two as published, and falls at once otherwise", () => {
    const { inputs, expected, tolerance } = vector(name("exponential_lr"));
    inputs.cases.forEach(([base, gamma]: [number, number], i: number) => {
      const rates = inputs.epochs.map((epoch: number) => exponentialRate(base, gamma, epoch, true));
      expectClose(rates, expected[i], tolerance);
    });
    expect(exponentialRate(1, 0.5, 1, false)).toBe(0.5);
  });
});

describe("negatives by last word and cluster", () => {
  it("come from the pool that the draw names", () => {
    const { inputs, expected } = vector(name("negative_query_choice"));
    const pools = { sameLastWord: inputs.same_last_word_ids, cluster: inputs.cluster_ids };
    const chosen = inputs.u_values.map((u: number) => negativePool(inputs.query_id, pools, u));
    expect(chosen.map(({ kind }: { kind: string }) => kind)).toEqual(expected.pool_per_u);
    expect(chosen[2].ids).toEqual(expected.last_word_pool);
  });

  const products: Record<string, string[]> = { a: ["1", "2"], b: ["2"], c: ["3"], d: ["4"] };
  const graph = {
    poolsOf: (query: string) => ({
      sameLastWord: query === "d" ? ["d"] : ["a", "b", "c"],
      cluster: query === "d" ? ["d"] : ["a", "c"],
    }),
    productsOf: (query: string) => products[query]!,
    all: ["a", "b", "c", "d"],
  };

  it.each([true, false])("are neither the query nor its products (linked: %s)", (linked) => {
    const random = new Random(5);
    for (let i = 0; i < 200; i++) {
      const drawn = drawNegatives("a", graph, { linked, anyQueryShare: 0, notOf: null }, random)!;
      expect(drawn.query).not.toBe("a");
      expect(products["a"]).not.toContain(drawn.product);
      if (linked) expect(products[drawn.query]).toContain(drawn.product);
    }
  });

  it("end even where a query is alone in its pools, and say so when nothing is left", () => {
    const random = new Random(6);
    const options = { linked: false, anyQueryShare: 0, notOf: null };
    expect(drawNegatives("d", graph, options, random)!.query).not.toBe("d");
    expect(drawNegatives("d", { ...graph, all: ["d"] }, options, random)).toBeNull();
  });

  it("never list the row's own product if known positives are avoided", () => {
    const random = new Random(7);
    const queries = (notOf: string | null) =>
      new Set(
        Array.from(
          { length: 200 },
          () => drawNegatives("a", graph, { linked: false, anyQueryShare: 0, notOf }, random)!.query,
        ),
      );
    expect(queries(null)).toEqual(new Set(["b", "c"]));
    expect(queries("2")).toEqual(new Set(["c"]));
  });

  it("are no known positives within a batch of rows apart", () => {
    const rows = [
      { query: "a", product: "1" },
      { query: "b", product: "2" },
      { query: "a", product: "2" },
      { query: "c", product: "3" },
      { query: "d", product: "4" },
    ];
    expect(rowsApart(rows, (query) => products[query]!)).toEqual([0, 3, 4]);
    expect(rowsApart(rows.slice(1), (query) => products[query]!)).toEqual([0, 2, 3]);
  });

  it("are collated without empty or repeated queries", () => {
    const { inputs, expected } = vector(name("collate_filter"));
    const rows = inputs.rows.map((row: { query_id: number; len: number; neg_len: number }) => ({
      queryId: String(row.query_id),
      length: row.len,
      negativeLength: row.neg_len,
    }));
    expect(keptRows(rows)).toEqual(expected.kept_row_indices);
  });
});
