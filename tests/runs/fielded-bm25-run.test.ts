import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { trainingQueriesOf } from "../../lib/experiment/training-queries.js";
import { bm25System } from "../../lib/retrieval/retrievers/bm25-system.js";
import { loadSystemConfig } from "../../lib/retrieval/retrievers/load-any-config.js";
import { openRetriever } from "../../lib/retrieval/retrievers/open-retriever.js";
import { runSystem } from "../../lib/runs/run-system.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

let tiny: TinyDataset;
beforeAll(() => {
  tiny = tinyDataset();
});

const config = (more: Record<string, unknown>) => {
  const file = path.join(tiny.root, "bm25.yaml");
  const base = { system: "bm25", task_id: "tiny", dataset_dir: tiny.dir, output_dir: `${tiny.root}/runs` };
  fs.writeFileSync(
    file,
    JSON.stringify({
      ...base,
      run_id: "fields",
      document_text: ["document_name", "document_category_id"],
      recall_validation: { enabled: true, k: [5], query_typo_probabilities: [0] },
      ...more,
    }),
  );
  return loadSystemConfig(bm25System, file);
};

describe("training queries as a field of BM25", () => {
  it("gives each document the training queries that it answers, each once, and no evaluation query", async () => {
    const pool = {
      items: [
        { document_name: "red shoe", document_category_id: "shoe" },
        { document_name: "green shirt", document_category_id: "shirt" },
        { document_name: "red shoe", document_category_id: "other" },
      ],
      ids: ["a", "b", "c"],
    };
    const columns = { query: "query_search_phrase", documents: ["document_name", "document_category_id"] };
    // of green shirt the second synonym, "green top", is an evaluation query
    expect(await trainingQueriesOf(tiny.dir, columns, pool)).toEqual([
      "red sneaker red footwear",
      "green blouse",
      "",
    ]);
  });

  it("finds documents by words that only their queries have, in the run as when it is opened", async () => {
    const fields = [
      { document_text: ["document_name"], weight: 2 },
      { document_text: ["document_category_id"], training_queries: true },
    ];
    const first = async (more: Record<string, unknown>) => {
      const run = await runSystem(bm25System, config(more));
      const opened = await openRetriever(run.dir);
      const { pool } = opened.sets[0]!;
      await opened.retriever.index(pool);
      const [found] = await opened.retriever.retrieve([{ query_search_phrase: "pink flask" }], 1);
      opened.close();
      return pool.items[found!.ids[0]!]!["document_name"];
    };
    expect(await first({ fields })).toBe("pink bottle");
    expect(await first({ run_id: "plain" })).toBe("pink shoe"); // the first of all that are pink
  });

  it("refuses fields of other columns, and fields of nothing", () => {
    expect(() => config({ fields: [{ document_text: ["document_year"] }] })).toThrow(
      /fields\.0\.document_text: must name columns of document_text \(document_name, document_category_id\), got "document_year"/,
    );
    expect(() => config({ fields: [{ weight: 2 }] })).toThrow(
      /fields\.0\.document_text: must name a column unless training_queries is true, got none/,
    );
  });
});
