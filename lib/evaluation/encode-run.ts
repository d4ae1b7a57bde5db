import { picturePath } from "../datasets/images/picture-path.js";
import { encodeAll } from "../encoders/encode-all.js";
import type { Listener } from "../engine/progress.js";
import type { Random } from "../engine/random/random.js";
import { configCleaning } from "../experiment/config-cleaning.js";
import type { Row } from "../experiment/evaluation-set.js";
import { loadExperiment } from "../experiment/load-experiment.js";
import { textColumnsOf } from "../experiment/text-columns.js";
import { ownEntry } from "../files/own-entry.js";
import { openEncoder } from "../retrieval/retrievers/open-encoder.js";

/** Documents and a sample of queries of a run in its space, with what a map shows of each. */
export interface EncodedRun {
  /** [points, dim], documents first */
  embeddings: Float32Array;
  dim: number;
  points: {
    kind: "document" | "query";
    category: string;
    label: string;
    detail: string;
    /** Path of the document's picture, where the data set has pictures. */
    pictureFile?: string;
  }[];
}

/**
 * Embeds the documents of a run's first evaluation set and `queries` of its queries, drawn at random. A query takes
 * the category of its first relevant document.
 *
 * @param options.categoryColumn  document column that colours the map; of several the first that the documents have
 */
export async function encodeRun(
  dir: string,
  options: {
    queries: number;
    random: Random;
    categoryColumn: string | readonly string[];
    checkpoint?: string;
    listener?: Listener;
  },
): Promise<EncodedRun> {
  const { config, encoder } = await openEncoder(dir, options);
  try {
    const data = await loadExperiment(config, options.listener ?? {}, { training: false });
    const { pool, queries } = data.sets[0]!;
    const chosen = options.random.shuffle([...queries]).slice(0, options.queries);
    const { textColumns, nameColumn } = textColumnsOf(config);
    const nameOf = (row: number) => ownEntry(pool.items[row]!, nameColumn) ?? pool.ids[row]!;
    const { clean } = configCleaning(config);
    const textOf = (fields: Row) => clean(textColumns.map((column) => fields[column]).join(" "));
    const documents = encodeAll(encoder, data.features.documentFeatures.encode(pool.items), "document");
    const asked = encodeAll(
      encoder,
      data.features.queryFeatures.encode(chosen.map((query) => query.fields)),
      "query",
    );
    const embeddings = new Float32Array(documents.length + asked.length);
    embeddings.set(documents);
    embeddings.set(asked, documents.length);
    const columns = [options.categoryColumn].flat();
    const colouring = columns.find((column) => ownEntry(pool.items[0], column) !== undefined);
    const category = (row: number) => (colouring && pool.items[row]?.[colouring]) ?? "documents";
    return {
      embeddings,
      dim: encoder.outputDim,
      points: [
        ...pool.items.map((item, row) => ({
          kind: "document" as const,
          category: category(row),
          // the characters themselves, where documents have them
          label: [item["document_emoji"], nameOf(row)].filter(Boolean).join(" "),
          detail: category(row),
          ...(item["document_picture"]
            ? { pictureFile: picturePath(config.dataset_dir, item["document_picture"]) }
            : {}),
        })),
        ...chosen.map(({ fields, relevant }) => ({
          kind: "query" as const,
          category: category(Math.min(...relevant)),
          // a query without text is a picture
          label:
            textColumns.length > 0 ? `“${textOf(fields)}”` : `a picture of ${nameOf(Math.min(...relevant))}`,
          detail: `query, ${relevant.size} relevant`,
        })),
      ],
    };
  } finally {
    encoder.dispose();
  }
}
