import { readTrainingRows } from "../datasets/training-rows.js";
import { encodeAll } from "../encoders/encode-all.js";
import { defaultListener, type Listener } from "../engine/progress.js";
import { loadExperiment } from "../experiment/load-experiment.js";
import { openEncoder } from "../retrieval/retrievers/open-encoder.js";

/** What an index is built over and asked, in a run's space. */
export interface SearchVectors {
  dim: number;
  /** [N, dim] */
  documents: Float32Array;
  /** [Q, dim] */
  queries: Float32Array;
}

/**
 * Vectors of a run to try indexes on: the queries of its first evaluation set against that set's documents, or against the
 * distinct queries of the training data (search for what others have asked).
 */
export async function encodeEvaluation(
  dir: string,
  options: { against?: "documents" | "training queries"; listener?: Listener } = {},
): Promise<SearchVectors> {
  const { against = "documents", listener = defaultListener() } = options;
  const { config, encoder } = await openEncoder(dir);
  try {
    const { sets, features } = await loadExperiment(config, listener, { training: false });
    const { pool, queries } = sets[0]!;
    const { queryFeatures, documentFeatures } = features;
    const asked = encodeAll(encoder, queryFeatures.encode(queries.map(({ fields }) => fields)), "query");
    if (against === "documents") {
      const documents = encodeAll(encoder, documentFeatures.encode(pool.items), "document");
      return { dim: encoder.outputDim, documents, queries: asked };
    }
    const text = config.model.query.text_feature;
    const { columns } = await readTrainingRows(config.dataset_dir, "training", [text]);
    const distinct = [...new Set(columns[text]!)].map((phrase) => ({ [text]: phrase }));
    const documents = encodeAll(encoder, queryFeatures.encode(distinct), "query");
    return { dim: encoder.outputDim, documents, queries: asked };
  } finally {
    encoder.dispose();
  }
}
