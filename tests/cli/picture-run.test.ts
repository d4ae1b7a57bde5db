import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { querySlices } from "../../lib/analysis/query-slices.js";
import { composeReport } from "../../lib/analysis/report-page.js";
import { someRankings } from "../../lib/analysis/run-documents.js";
import { runPictureMap } from "../../lib/analysis/run-picture-map.js";
import { searchRankings } from "../../lib/analysis/search-rankings.js";
import { defaultDictionarySizes, writeDataset } from "../../lib/datasets/write-dataset.js";
import { Random } from "../../lib/engine/random/random.js";
import { encodeRun } from "../../lib/evaluation/encode-run.js";
import { reevaluateRun } from "../../lib/evaluation/reevaluate-run.js";
import { evaluateRobustness } from "../../lib/evaluation/robustness.js";
import { saveThreshold } from "../../lib/evaluation/run-threshold.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { openSearch } from "../../lib/retrieval/retrievers/search-run.js";
import type { RunFolder } from "../../lib/tracking/run-folder.js";
import { train } from "../../lib/training/train.js";

/** Shades of grey: pictures of one colour, which a tower can tell apart after a few steps. */
const SHADES = Array.from({ length: 24 }, (_, i) => i * 10);
let root = "";
let run: RunFolder;

const pictureOf = (i: number) => `pictures/${i}.png`;

async function pictureDataset(dir: string): Promise<void> {
  const bytes = await Promise.all(
    SHADES.map((shade) =>
      sharp({ create: { width: 8, height: 8, channels: 3, background: { r: shade, g: shade, b: shade } } })
        .png()
        .toBuffer(),
    ),
  );
  const columns = (rows: number[]) => ({
    query_picture: rows.map(pictureOf),
    document_name: rows.map((i) => `shade ${i}`),
    document_picture: rows.map(pictureOf),
  });
  const all = SHADES.map((_, i) => i);
  await writeDataset(dir, {
    documents: all.map((i) => ({
      document_id: `d${i}`,
      document_name: `shade ${i}`,
      document_category_id: i < 12 ? "dark" : "light",
      document_picture: pictureOf(i),
    })),
    training: columns(all),
    validation: columns(all.slice(0, 8)),
    evaluation: [
      {
        name: "pictures",
        description: "the documents' own pictures",
        queries: all.slice(0, 4).map((i) => ({
          id: `q${i}`,
          fields: { query_picture: pictureOf(i) },
          relevantIds: [`d${i}`],
        })),
        judgedNegatives: false,
      },
    ],
    textColumns: ["document_name"],
    categoryColumn: null,
    cleaning: "published",
    dictionarySizes: defaultDictionarySizes,
    counts: {},
    writeFiles: (folder) => {
      fs.mkdirSync(path.join(folder, "pictures"));
      bytes.forEach((png, i) => {
        fs.writeFileSync(path.join(folder, pictureOf(i)), png);
      });
    },
    describe: {
      name: "shades",
      builder: { name: "shades", version: 1 },
      options: {},
      sources: [],
      licence: "none",
      splitRule: "none",
      notes: [],
      columns: { query: { query_picture: "PNG" }, document: { document_picture: "PNG" } },
    },
  });
}

beforeAll(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-shades-"));
  const data = path.join(root, "data");
  await pictureDataset(data);
  const features = (name: string) => [
    { feature: name, encoder: { type: "patches", patch: 4, width: 8, output_dim: 8 } },
  ];
  const side = (name: string) => ({
    text_feature: "document_name",
    features: features(name),
    fusion: { type: "concat", hidden_layers: [] },
  });
  const image = { type: "image", size: 8, cache_dir: null };
  const file = path.join(root, "config.yaml");
  fs.writeFileSync(
    file,
    JSON.stringify({
      task_id: "shades",
      run_id: "own",
      name: "Picture → picture",
      seed: 1,
      num_epochs: 2,
      dataset_dir: data,
      output_dir: path.join(root, "runs"),
      batch_size: 8,
      learning_rate: 0.01,
      dataset: {
        query_features: [{ name: "query_picture", ...image }],
        document_features: [{ name: "document_picture", ...image }],
      },
      loss: { type: "symmetric_softmax", temperature: 0.1 },
      text_vectorizer: { type: "hashing", num_features: 16 },
      model: {
        type: "Towers",
        text_embedding: { num_embeddings: 16, embedding_dim: 2 },
        output_dim: 8,
        share_towers: true,
        query: side("query_picture"),
        document: side("document_picture"),
      },
      recall_validation: { enabled: true, every_epochs: 2, k: [1, 10], query_typo_probabilities: [0] },
    }),
  );
  run = await train(loadConfig(file));
});

describe("a run whose queries and documents are pictures in the data set's folder", () => {
  it("is searched by a picture file, in the data set or anywhere, and names documents by their name", async () => {
    const search = await openSearch(run.dir);
    const own = await search(pictureOf(3), 3);
    expect(own.map(({ name, id }) => name.replace("shade ", "d") === id)).toEqual([true, true, true]);
    expect(own[0]!.score).toBeCloseTo(1, 5);
    const elsewhere = path.join(root, "elsewhere.png");
    fs.copyFileSync(path.join(root, "data", pictureOf(3)), elsewhere);
    expect(await search(elsewhere, 3)).toEqual(own);
    await expect(search("no such picture", 3)).rejects.toThrow(/^no such picture: picture must exist/);
    const [ranking] = await searchRankings([run], [pictureOf(3)], 2);
    expect(ranking!.lists[0]!.documents[0]!.picture).toMatch(/^data:image\/png;base64,/);
  });

  it("has no queries to misspell", async () => {
    await expect(reevaluateRun(run.dir, { typoProbabilities: [0, 0.5] })).rejects.toThrow(
      "typo probabilities above 0: queries must have text to misspell, got query_picture alone",
    );
    await expect(evaluateRobustness(run.dir, { models: ["qwerty"] })).rejects.toThrow(
      "evaluateRobustness: queries must have text to misspell, got query_picture alone",
    );
  });

  it("gets a threshold from its validation pictures", async () => {
    const saved = await saveThreshold(run.dir, { criterion: { kind: "f1" } });
    expect(saved!.recall).toBeGreaterThan(0);
    fs.rmSync(path.join(run.dir, "threshold.json"));
  });

  it("labels picture queries of a map by what they show, and finds the pictures", async () => {
    const options = {
      queries: 4,
      random: new Random(1),
      categoryColumn: ["document_group", "document_category_id"],
    };
    const { points } = await encodeRun(run.dir, options);
    const queries = points.filter(({ kind }) => kind === "query").map(({ label }) => label);
    expect(queries.sort()).toEqual([0, 1, 2, 3].map((i) => `a picture of shade ${i}`));
    const pictureFile = path.join(root, "data", pictureOf(5));
    expect(points[5]).toMatchObject({ label: "shade 5", category: "dark", pictureFile });
    expect(points[20]!.category).toBe("light");
  });

  it("is not sliced by words that its queries have not, and shows queries from all of the set", async () => {
    const slices = await querySlices(run, { set: "pictures", categoryColumn: "document_category_id" });
    expect(slices.get("q1")).toEqual({ "relevant documents": "1 document", category: "dark" });
    const shown = await someRankings(run, 2);
    expect(shown.map(({ pictureFile }) => pictureFile)).toEqual(
      [0, 2].map((i) => path.join(root, "data", pictureOf(i))),
    );
    expect(await someRankings(run, 9)).toHaveLength(4);
  });

  it("has a map of its pictures; a column without pictures is refused", async () => {
    const { html, statement } = await runPictureMap(run, { epochs: 5 });
    expect(html.match(/<image /g)).toHaveLength(24);
    expect(html).toContain("<title>shade 7</title>");
    expect(statement).toMatch(/^24 documents\. /);
    await expect(runPictureMap(run, { pictureColumn: "document_photo" })).rejects.toThrow(
      "runPictureMap: two or more documents must have a picture in document_photo, got 0 of 24",
    );
  });

  it("reported alone asks how much it finds, and shows its first rankings with their pictures", async () => {
    const { html } = await composeReport([run], { listener: {} });
    expect(html).toContain("How much of what it should does Picture → picture find on shades?");
    expect(html.match(/<article class="q-ranking">/g)).toHaveLength(4);
    expect(html).toMatch(/<h3><span class="q-picture [^>]*aria-label="query picture"/);
  });
});
