import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Explain, explainRun, openExplain } from "../../lib/analysis/explain-run.js";
import { explanationTable } from "../../lib/analysis/tables/explanation-table.js";
import { encodeAll } from "../../lib/encoders/encode-all.js";
import { loadExperiment } from "../../lib/experiment/load-experiment.js";
import { openEncoder } from "../../lib/retrieval/retrievers/open-encoder.js";
import { searchRun } from "../../lib/retrieval/retrievers/search-run.js";
import { runExperiment } from "../../lib/runs/run-experiment.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const quiet = { listener: {} };
const dirs: Record<"bag" | "relu" | "bm25" | "both", string> = { bag: "", relu: "", bm25: "", both: "" };

beforeAll(async () => {
  const tiny = tinyDataset();
  const system = (name: string, more: Record<string, unknown>) => {
    const file = path.join(tiny.root, `${name}.yaml`);
    const own = { system: name, task_id: "tiny", run_id: name, output_dir: `${tiny.root}/runs` };
    const asked = { recall_validation: { k: [5], query_typo_probabilities: [0] } };
    fs.writeFileSync(file, JSON.stringify({ ...own, ...asked, ...more }));
    return runExperiment(file, quiet);
  };
  const model = {
    type: "TwoTower",
    text_embedding: { num_embeddings: 48, embedding_dim: 16 },
    query: { text_feature: "query_search_phrase" },
    document: { text_feature: "document_name" },
    output_dim: 16,
  };
  const bare = { ...model, hidden_layers: [], last_linear: false };
  dirs.bag = (await runExperiment(tiny.config({ run_id: "bag", num_epochs: 1, model: bare }), quiet)).dir;
  dirs.relu = (await runExperiment(tiny.config({ run_id: "relu", num_epochs: 1 }), quiet)).dir;
  dirs.bm25 = (await system("bm25", { dataset_dir: tiny.dir })).dir;
  dirs.both = (await system("fusion", { runs: [dirs.bag, dirs.bm25], weights: [0.5, 0.5] })).dir;
});

const total = (explained: { tokens: { share: number }[] }) =>
  explained.tokens.reduce((sum, { share }) => sum + share, 0);

describe("why a document has its score", () => {
  it("is told by shares of words: those of a bag are what the encoder makes of each word alone, to scale", async () => {
    const explained = await explainRun(dirs.bag, "red sneaker", "red shoe", quiet);
    expect(explained.method).toBe("tokens");
    expect(Math.abs(total(explained) - explained.score)).toBeLessThan(1e-6);
    // with two words of one token each, q = (a + b) / 2, so share(a) = a · d / (2 ‖q‖ ‖d‖)
    const { config, encoder } = await openEncoder(dirs.bag);
    const { features } = await loadExperiment(config, {}, { training: false });
    const embed = (text: string) =>
      encodeAll(encoder, features.queryFeatures.encode([{ query_search_phrase: text }]), "query");
    const document = encodeAll(
      encoder,
      features.documentFeatures.encode([{ document_name: "red shoe", document_category_id: "shoe" }]),
      "document",
    );
    const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    const length = (a: Float32Array) => Math.sqrt(dot(a, a));
    const scale = 2 * length(embed("red sneaker")) * length(document);
    for (const { text, share } of explained.words)
      expect(share).toBeCloseTo(dot(embed(text), document) / scale, 6);
    encoder.dispose();
  });

  it.each(["bag", "relu", "bm25", "both"] as const)(
    "agrees with the search about score and rank, and with the score of the query without a word: %s",
    async (name) => {
      const { explain, close } = await openExplain(dirs[name], quiet);
      const hits = await searchRun(dirs[name], "pink flask", { k: 48, ...quiet });
      const less = await searchRun(dirs[name], "flask", { k: 48, ...quiet });
      for (const rank of [0, 3]) {
        const hit = hits[rank]!;
        const explained = await explain("Pink flask", hit.id);
        expect(explained).toMatchObject({
          query: "pink flask",
          id: hit.id,
          name: hit.name,
          rank: rank + 1,
          of: 48,
        });
        expect(explained.score).toBeCloseTo(hit.score, 6);
        const without = less.find(({ id }) => id === hit.id)?.score ?? 0;
        expect(explained.words[0]!.text).toBe("pink");
        expect(explained.words[0]!.without).toBeCloseTo(without, 5);
        if (name === "both") expect(explained.words[0]!.share).toBeCloseTo(hit.score - without, 5);
        else expect(Math.abs(total(explained) - hit.score)).toBeLessThan(1e-6);
      }
      close();
    },
  );

  it("names its method, exact or not", async () => {
    const methods: string[] = [];
    for (const dir of Object.values(dirs)) {
      const explained = await explainRun(dir, "blue seat", "blue chair", quiet);
      methods.push(explained.method);
      const { notes, rows } = explanationTable(explained);
      expect(rows.map(({ cells }) => cells[0]!.text).slice(0, 2)).toEqual(["blue", "seat"]);
      expect(notes![0]).toMatch(
        explained.method === "occlusion" ? /do not add up/ : /exact|add up to the score/,
      );
    }
    expect(methods).toEqual(["tokens", "active units", "lexical", "occlusion"]);
  });

  it("says where a document stands that is not found, by id or by name in any case", async () => {
    const explained = await explainRun(dirs.bm25, "red", "Blue SHOE", quiet);
    expect(explained).toMatchObject({ name: "blue shoe", rank: null, score: 0 });
    expect((await explainRun(dirs.bm25, "red", explained.id, quiet)).id).toBe(explained.id);
  });
});

describe("questions that have no answer", () => {
  const ask = (query: string, document?: string) => async () => {
    const { explain, close } = await openExplain(dirs.bm25, quiet);
    try {
      return await (explain as Explain)(query, document);
    } finally {
      close();
    }
  };

  it("are refused in one line", async () => {
    await expect(ask("red", "red shoo")).rejects.toThrow(
      'explain: document must be an id or a name of the 48 documents, got "red shoo"; did you mean red shoe?',
    );
    await expect(ask("—")).rejects.toThrow('explain: query must have a word, got "—"');
    await expect(ask("sneaker")).rejects.toThrow(
      'explain: document must be named where nothing is found, got none for "sneaker"',
    );
  });
});
