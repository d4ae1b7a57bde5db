import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openEmojiSources } from "../../lib/datasets/emoji/sources.js";
import { importMapped } from "../../lib/datasets/importers/mapped.js";
import { parseConfig } from "../../lib/experiment/load-config.js";
import { bm25Schema, bm25System } from "../../lib/retrieval/retrievers/bm25-system.js";
import { openSearch } from "../../lib/retrieval/retrievers/search-run.js";
import { runSystem } from "../../lib/runs/run-system.js";
import { train } from "../../lib/training/train.js";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-languages-"));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** The first 50 emoji that a language has a name and two keywords for, as files of one's own. */
async function dataset(
  locale: string,
): Promise<{ dir: string; names: string[]; asked: Map<string, string[]> }> {
  const entries = [...openEmojiSources("node_modules").readLocale(locale).values()]
    .map(({ name, keywords }) => ({
      name: name ?? "",
      keywords: keywords.filter((keyword) => keyword !== name && /[\p{L}\p{N}]/u.test(keyword)),
    }))
    .filter(({ name, keywords }) => name !== "" && keywords.length >= 2)
    .slice(0, 50);
  const write = (name: string, rows: readonly object[]) => {
    const file = path.join(folder, `${locale}-${name}.jsonl`);
    fs.writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    return file;
  };
  const rows = entries.flatMap(({ keywords }, i) => keywords.map((q) => ({ q, id: `d${i}` })));
  const dir = path.join(folder, locale);
  await importMapped(
    {
      name: locale,
      documents: {
        from: write(
          "documents",
          entries.map(({ name }, i) => ({ id: `d${i}`, name })),
        ),
        id: "id",
        columns: { document_name: "name" },
      },
      pairs: { from: write("pairs", rows), document_id: "id", columns: { query_search_phrase: "q" } },
    },
    dir,
  );
  const asked = new Map<string, string[]>();
  for (const { q, id } of rows) asked.set(q, [...(asked.get(q) ?? []), id]);
  return { dir, names: entries.map(({ name }) => name), asked };
}

const characterPairs = (text: string) => {
  const letters = Array.from(text.normalize("NFKC").toLowerCase());
  return new Set(letters.slice(1).map((letter, i) => letters[i]! + letter));
};

describe.each(["zh", "ja", "th", "ar", "hi", "ru", "el", "tr"])("a data set in %s", (locale) => {
  it("is imported, indexed, trained on and searched like any other", async () => {
    const { dir, names, asked } = await dataset(locale);
    const common = { task_id: "languages", output_dir: folder, dataset_dir: dir };
    const evaluation = { k: [10], query_typo_probabilities: [0, 0.5] };
    const bm25 = await runSystem(
      bm25System,
      bm25Schema.parse({
        system: "bm25",
        run_id: `bm25-${locale}`,
        ...common,
        recall_validation: evaluation,
      }),
    );
    const search = await openSearch(bm25.dir, {});
    if (["zh", "ja", "th"].includes(locale)) {
      let missed = 0;
      for (const [query] of asked) {
        const pairs = characterPairs(query);
        if (/[^\p{L}\p{M}]/u.test(query) || pairs.size === 0) continue;
        const found = new Set((await search(query, 50)).map(({ id }) => id));
        const bigrams = names.flatMap((name, i) =>
          [...characterPairs(name)].some((pair) => pairs.has(pair) && /^[\p{L}]+$/u.test(pair))
            ? [`d${i}`]
            : [],
        );
        missed += bigrams.filter((id) => !found.has(id)).length;
      }
      expect(missed).toBe(0);
    }
    for (const [i, name] of names.entries())
      expect((await search(name, 50)).map(({ id }) => id)).toContain(`d${i}`);
    const run = await train(
      parseConfig(
        JSON.stringify({
          ...{
            ...common,
            run_id: `towers-${locale}`,
            num_epochs: 6,
            batch_size: 16,
            learning_rate: 0.02,
            drop_last: false,
          },
          dataset: {
            query_features: [{ name: "query_search_phrase", type: "text" }],
            document_features: [{ name: "document_name", type: "text" }],
          },
          text_vectorizer: { type: "hashing", num_features: 2000, max_length: 24 },
          model: {
            ...{
              type: "TwoTower",
              text_embedding: { num_embeddings: 2000, embedding_dim: 16 },
              output_dim: 16,
            },
            ...{
              query: { text_feature: "query_search_phrase" },
              document: { text_feature: "document_name" },
            },
          },
          loss: { type: "batch_softmax" },
          recall_validation: { ...evaluation, every_epochs: 6 },
        }),
        locale,
      ),
    );
    const losses = run
      .metrics()
      .filter(({ name }) => name === "Loss/train")
      .map(({ value }) => value);
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    const counts = Object.keys(run.manifest().counts).filter((name) => name.includes("without words"));
    expect(counts).toEqual([]);
    const trained = await openSearch(run.dir, {});
    expect(await trained(names[0]!, 3)).toHaveLength(3);
  });
});
