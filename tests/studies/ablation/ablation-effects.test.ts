import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ablationPlan } from "../../../lib/experiment/ablation-rows.js";
import { ablationSchema } from "../../../lib/experiment/ablation-schema.js";
import { pairedTTest } from "../../../lib/metrics/t-test.js";
import { ablationStudy } from "../../../lib/studies/ablation/ablation-study.js";
import { loadAblation } from "../../../lib/studies/ablation/load-ablation.js";
import { measuredRun } from "../../support/measured-run.js";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-effects-"));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const MEASURE = "Recall@10";
const QUERIES = 40;

function studyOf(names: readonly string[], changes: Record<string, unknown> = {}) {
  const config = ablationSchema.parse({
    ...{ task_id: "t", title: "Parts", base: "configs/emoji/baseline.yaml" },
    parts: names.map((name) => ({ name, without: { log_every: 7 } })),
    ...changes,
  });
  return { config, ...ablationPlan(config) };
}

/** Runs of every row, whose value is .2 and what its parts bring; queries and seeds differ a little. */
function runsOf(
  study: ReturnType<typeof studyOf>,
  value: (has: readonly boolean[]) => number,
  root: string,
  seeds = [1, 2],
) {
  return seeds.flatMap((seed) =>
    study.rows.map(({ name, has }) =>
      measuredRun(
        path.join(folder, root),
        { system: name, seed, measure: MEASURE },
        {
          0: Array.from(
            { length: QUERIES },
            (_, q) =>
              value(has) + 0.03 * Math.sin(q * 1.7) + 0.002 * Math.sin(q + 11 * seed + 3 * name.length),
          ),
        },
      ),
    ),
  );
}

const bring =
  (gains: readonly number[], more: (has: readonly boolean[]) => number = () => 0) =>
  (has: readonly boolean[]) =>
    gains.reduce((sum, gain, i) => sum + (has[i] ? gain : 0), 0.2) + more(has);

describe("ablationStudy", () => {
  it("finds what parts bring, alone and left out, and the work that two do together", () => {
    const study = studyOf(["a", "b", "c"], { interactions: [["a", "b"]] });
    // a and b do the same work: together .1, not .2
    const value = bring([0.1, 0.1, 0], (has) => (has[0] && has[1] ? -0.1 : 0));
    const { effects, table } = ablationStudy(study, runsOf(study, value, "pairs"));
    const found = Object.fromEntries(
      effects.map(({ kind, parts, tests }) => [`${kind} ${parts}`, tests[0]!.difference]),
    );
    expect(found["left_out 0"]).toBeCloseTo(0, 2);
    expect(found["alone 0"]).toBeCloseTo(0.1, 2);
    expect(found["left_out 2"]).toBeCloseTo(0, 2);
    expect(found["interaction 0,1"]).toBeCloseTo(-0.1, 2);
    expect(table.rows).toHaveLength(7);
    expect(table.rows.at(-1)!.cells[0]!.text).toBe("a × b");
    expect(table.rows.at(-1)!.cells[2]!.mark).toBe("worse");
  });

  it("averages over a fraction, and says which interactions it cannot tell apart", () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const study = studyOf(names, { interactions: "all" });
    expect(study.factorial!.rows).toHaveLength(16);
    const gains = [0.05, 0.04, 0, 0.02, -0.03, 0];
    const { effects, numbers } = ablationStudy(study, runsOf(study, bring(gains), "fraction", [1]));
    for (const { tests, parts } of effects.filter(({ kind }) => kind === "average"))
      expect(tests[0]!.difference).toBeCloseTo(gains[parts[0]!]!, 2);
    const { aliases, resolution } = numbers as { aliases: string[][]; resolution: number };
    expect(resolution).toBe(4);
    expect(aliases.flat()).toContain("a × b");
    expect(aliases.flat()).not.toContain("a");
  });

  it("tests as a paired t-test does where there is one seed, corrected over the table as Holm does", () => {
    const study = studyOf(["a", "b"], { alone: false });
    const runs = runsOf(study, bring([0.02, 0.001]), "one", [1]);
    const { effects } = ablationStudy(study, runs);
    const values = (row: number) => runs[row]!.queries().map((result) => result.values[MEASURE]!);
    const ps = [1, 2].map((row) => pairedTTest(values(0), values(row)).p);
    for (const [i, { tests }] of effects.entries()) expect(tests[0]!.p).toBeCloseTo(ps[i]!, 12);
    const [low, high] = [...ps].sort((x, y) => x - y);
    const smallest = effects.map(({ tests }) => tests[0]!).sort((x, y) => x.p - y.p);
    expect(smallest[0]!.adjustedP).toBeCloseTo(Math.min(1, 2 * low!), 12);
    expect(smallest[1]!.adjustedP).toBeCloseTo(Math.max(2 * low!, high!), 12);
  });

  it("refuses a set, a measure and rows that are not there", () => {
    const study = studyOf(["a", "b"]);
    const runs = runsOf(study, bring([0, 0]), "refused", [1]);
    expect(() => ablationStudy(study, runs, { set: "x" })).toThrow(
      '--eval-set: must be one that every run was evaluated on (test), got "x"',
    );
    expect(() => ablationStudy(study, runs, { measure: "MAP" })).toThrow(
      '--measure: must be one that the runs measured (Recall@10), got "MAP"',
    );
    expect(() => ablationStudy(study, runs.slice(1))).toThrow('got none of "all parts"');
  });
});

describe("loadAblation", () => {
  it("takes an experiment apart by what it changes of its base", () => {
    const study = loadAblation("configs/emoji/starter.yaml");
    expect(study.config.parts.map(({ name }) => name)).toEqual([
      ...["num_epochs", "batch_size", "text_vectorizer", "model", "negatives", "typos"],
    ]);
    const { parts } = loadAblation("configs/emoji/starter.yaml", { parts: ["typos"] }).config;
    expect(parts).toEqual([{ name: "typos", without: { typos: null } }]);
  });

  it("refuses an experiment that stands alone, and parts that it has not", () => {
    expect(() => loadAblation("configs/emoji/baseline.yaml")).toThrow(
      /baseline\.yaml: must have a base, from which its parts are told, .*, got neither$/,
    );
    expect(() => loadAblation("configs/studies/typo-recipes.yaml", { parts: ["typo"] })).toThrow(
      /--parts: must name parts of .* \(batch 256, masks, .*\), got "typo"$/,
    );
  });
});
