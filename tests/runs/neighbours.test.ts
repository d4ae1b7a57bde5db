import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { encodeAll } from "../../lib/encoders/encode-all.js";
import { documentQueries } from "../../lib/experiment/document-queries.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { loadExperiment } from "../../lib/experiment/load-experiment.js";
import { NeighbourRetriever } from "../../lib/retrieval/retrievers/neighbour-retriever.js";
import { openEncoder } from "../../lib/retrieval/retrievers/open-encoder.js";
import { openRetriever } from "../../lib/retrieval/retrievers/open-retriever.js";
import { runExperiment } from "../../lib/runs/run-experiment.js";
import { train } from "../../lib/training/train.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const columns = { queries: ["query_search_phrase"], documents: ["document_name"] };

describe("documentQueries", () => {
  it("lists each training query once with its documents; documents alike share them, unknown ones have none", async () => {
    const tiny = tinyDataset();
    const items = [
      { document_name: "red shoe" },
      { document_name: "grey shoe" },
      { document_name: "blue lamp" },
      { document_name: "red shoe" },
    ];
    const known = await documentQueries(tiny.dir, columns, { items, ids: ["a", "b", "c", "d"] });
    const documentsOf = (query: string) =>
      known.documents[known.queries.findIndex((row) => row["query_search_phrase"] === query)];
    expect(known.queries).toHaveLength(84);
    expect(documentsOf("red sneaker")).toEqual([0, 3]);
    expect(documentsOf("blue light")).toEqual([2]);
    expect(documentsOf("green light")).toEqual([]);
    expect(documentsOf("grey sneaker")).toBeUndefined();
  });
});

describe("runNeighbours", () => {
  it("ranks documents by the votes of the nearest training queries, as a slow loop does; alone and fused with two others", async () => {
    const tiny = tinyDataset();
    const dense = await train(loadConfig(tiny.config(), ["num_epochs=1"]), { threads: 1 });
    const write = (id: string, more: string) => {
      const file = path.join(tiny.root, `${id}.yaml`);
      fs.writeFileSync(
        file,
        `task_id: tiny\nrun_id: ${id}\noutput_dir: ${tiny.root}/runs\nrecall_validation: {k: [1, 5], query_typo_probabilities: [0, 1]}\n${more}\n`,
      );
      return file;
    };
    const votes = { neighbours: 7, temperature: 0.2 };
    const near = await runExperiment(
      write("near", `system: neighbours\nrun: ${dense.dir}\nneighbours: 7\ntemperature: 0.2`),
    );
    expect(near.manifest()).toMatchObject({
      kind: "neighbours",
      status: "finished",
      seed: dense.manifest().seed,
    });

    const { config, encoder } = await openEncoder(dense.dir);
    const { sets, features } = await loadExperiment(config, {}, { training: false });
    const { pool, queries } = sets[0]!;
    const known = await documentQueries(tiny.dir, columns, pool);
    const rows = queries.map((query) => query.fields);
    const embed = (some: typeof known.queries) =>
      encodeAll(encoder, features.queryFeatures.encode(some), "query");
    const memory = await embed(known.queries);
    const asked = await embed(rows);
    const dim = encoder.outputDim;
    const retriever = new NeighbourRetriever(
      { encoder, queryFeatures: features.queryFeatures },
      { ...votes, known: async () => known },
    );
    await retriever.index(pool);
    const found = await retriever.retrieve(rows, 5);
    const cosine = (q: number, n: number) => {
      let [dot, first, second] = [0, 0, 0];
      for (let d = 0; d < dim; d++) {
        const [x, y] = [asked[q * dim + d]!, memory[n * dim + d]!];
        dot += x * y;
        first += x * x;
        second += y * y;
      }
      return dot / Math.sqrt(first * second);
    };
    rows.forEach((_, q) => {
      const nearest = known.queries.map((_, n) => ({ n, at: cosine(q, n) })).sort((x, y) => y.at - x.at);
      const scores = new Map<number, number>();
      for (const { n, at } of nearest.slice(0, 7))
        for (const d of known.documents[n]!)
          scores.set(d, (scores.get(d) ?? 0) + Math.exp((at - 1) / votes.temperature));
      const best = [...scores].sort((x, y) => y[1] - x[1]).slice(0, 5);
      expect(Array.from(found[q]!.scores)).toEqual(best.map(([, score]) => expect.closeTo(score, 4)));
    });

    const opened = await openRetriever(near.dir);
    await opened.retriever.index(pool);
    const again = await opened.retriever.retrieve(rows, 5);
    expect(again.map(({ ids }) => [...Array.from(ids)])).toEqual(
      found.map(({ ids }) => [...(ids as Int32Array)]),
    );
    const kept = near.queries().filter((result) => result.typo === 0);
    expect(kept[0]!.top[0]![0]).toBe(pool.ids[found[0]!.ids[0]!]);
    opened.close();

    const lexical = write("bm25", `system: bm25\ndataset_dir: ${tiny.dir}`);
    const three = await runExperiment(
      write("three", `system: fusion\nruns: [${dense.dir}, ${near.dir}, ${lexical}]\nweights: [0, 1, 0]`),
    );
    // further down, a list's lowest score is what a document without a score gets: ties
    const values = (run: typeof near) => run.queries().map((result) => result.values["MRR@1"]);
    expect(values(three)).toEqual(values(near));
    encoder.dispose();
  });

  it("refuses impossible settings in a line", async () => {
    const parts = {} as ConstructorParameters<typeof NeighbourRetriever>[0];
    const known = async () => ({ queries: [], documents: [] });
    expect(() => new NeighbourRetriever(parts, { neighbours: 0, temperature: 1, known })).toThrow(
      "neighbours must be a positive integer, got 0",
    );
    expect(() => new NeighbourRetriever(parts, { neighbours: 1, temperature: 0, known })).toThrow(
      "temperature must be > 0, got 0",
    );
    await expect(
      new NeighbourRetriever(parts, { neighbours: 1, temperature: 1, known }).retrieve([], 1),
    ).rejects.toThrow("index(pool) must be called first");
  });
});
