import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../lib/experiment/load-config.js";
import { parseMeasure } from "../../../lib/metrics/measure.js";
import { htmlPage } from "../../../lib/reporting/html-page.js";
import { resultsTable } from "../../../lib/reporting/results-table.js";
import { testsTable } from "../../../lib/reporting/tests-table.js";
import { bm25Schema } from "../../../lib/retrieval/retrievers/bm25-system.js";
import { evidencePage } from "../../../lib/studies/evidence/evidence-page.js";
import { evidenceMeasures, evidenceTask } from "../../../lib/studies/evidence/evidence-runs.js";
import {
  ensureEvidence,
  evidenceSets,
  LUCENE,
  smallEvidence,
} from "../../../lib/studies/evidence/evidence-sets.js";
import type { EvidenceView } from "../../../lib/studies/evidence/evidence-view.js";

describe("evidenceSets", () => {
  it("name measures, configurations and columns that exist", () => {
    for (const measure of evidenceMeasures) expect(parseMeasure(measure).name).toBe(measure);
    for (const set of [...evidenceSets, smallEvidence]) {
      const { dense } = set;
      if (dense.kind === "trained")
        expect(() => loadConfig(dense.config, [...dense.overrides, `dataset_dir=${set.dir}`])).not.toThrow();
      const names = { task_id: evidenceTask(set), run_id: "x", dataset_dir: set.dir };
      expect(() =>
        bm25Schema.parse({ system: "bm25", ...names, document_text: [...set.documentText] }),
      ).not.toThrow();
      const known = [LUCENE, dense.name];
      for (const { ours, value } of set.published) {
        if (ours !== undefined) expect(known).toContain(ours);
        expect(value > 0 && value < 1).toBe(true);
      }
    }
    expect(evidenceTask(smallEvidence)).toBe("evidence-emoji-300");
  });

  it("say how to get data that are not there", async () => {
    const lines: string[] = [];
    const missing = { ...evidenceSets[0]!, dir: "data/none" };
    expect(await ensureEvidence(missing, { line: (text) => lines.push(text) })).toBe(false);
    expect(lines[0]).toMatch(
      /^SciFact: not in data\/, left out; get it with: npm run qdrl -- data import scifact/,
    );
  });
});

describe("evidencePage", () => {
  it("has a section for every evaluation set, with results, published figures and tests", () => {
    const systems = [LUCENE, "dense"].map((system, s) => ({
      system,
      runs: [{ seed: 0, dir: `reports/runs/x/${s}` }],
      values: { "nDCG@10": [Float64Array.from({ length: 20 }, (_, q) => ((q * (s + 3)) % 7) / 7)] },
    }));
    const results = resultsTable(systems, { baseline: LUCENE });
    const view: EvidenceView = {
      ...{
        set: evidenceSets[0]!,
        title: "SciFact, test",
        runs: [],
        lead: "It is <better>.",
        answer: ["It is."],
      },
      ...{ main: results, all: results, published: null },
      tests: testsTable(systems, { baseline: LUCENE, metric: "nDCG@10" }),
    };
    const html = htmlPage(evidencePage([view]));
    expect(html).toContain("SciFact, test. It is &lt;better&gt;.");
    expect(html).toContain("Benjamini–Hochberg");
    expect(html).toMatch(/<a href="#(run-[0-9a-f]{12})">run 0<\/a>[\s\S]*<tr id="\1">[\s\S]*runs\/x\/1/);
    expect(html).toContain("All measures");
  });
});
