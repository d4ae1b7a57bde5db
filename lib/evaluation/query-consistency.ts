import { readTypoQueries } from "../datasets/misspellings.js";
import { encodeAll } from "../encoders/encode-all.js";
import { defaultListener, type Listener } from "../engine/progress.js";
import { loadExperiment } from "../experiment/load-experiment.js";
import { UserError } from "../files/user-error.js";
import { bootstrapInterval, type Interval, shownResampling } from "../metrics/bootstrap.js";
import { normalizedRows } from "../retrieval/indexes/unit-rows.js";
import { openEncoder } from "../retrieval/retrievers/open-encoder.js";

/** A search as meant and as typed, and how near their embeddings are. */
export interface QueryPair {
  meant: string;
  typed: string;
  /** Cosine of the two embeddings. */
  cosine: number;
  /** Mean cosine of what was typed with the other searches as meant. */
  others: number;
  /** 1 if no other search as meant is as near, else 0. */
  nearest: number;
}

export interface Consistency {
  pairs: QueryPair[];
  cosine: Interval;
  others: Interval;
  nearest: Interval;
}

/**
 * Whether a run's encoder puts a search with a real typing error where it puts the search that was meant: cosines over the
 * query pairs of DL-Typo. A cosine alone says little, since an encoder may put all texts near each other: the mean cosine
 * with the other searches, and how often the right one is nearest, stand beside it.
 *
 * DL-Typo's own task, passages of MS MARCO, needs documents that the `typos` data set does not have.
 *
 * @param folder  imported `typos` data set
 * @throws RangeError if the run has no encoder or its queries are not one text
 * @see Zhuang & Zuccon 2022, arXiv:2204.00716
 */
export async function queryConsistency(
  dir: string,
  folder = "data/typos",
  options: { listener?: Listener } = {},
): Promise<Consistency> {
  const found = readTypoQueries(folder);
  const { config, encoder } = await openEncoder(dir, options);
  try {
    const { query_features: declared } = config.dataset;
    const text = config.model.query.text_feature;
    if (declared.length !== 1 || declared[0]!.type !== "text")
      throw new UserError(
        `queryConsistency: ${dir} must read queries as one text, got ${declared.map((f) => `${f.name}: ${f.type}`).join(", ")}`,
      );
    const { features } = await loadExperiment(config, options.listener ?? defaultListener(), {
      training: false,
    });
    const embed = (texts: readonly string[]) =>
      normalizedRows(
        encodeAll(encoder, features.queryFeatures.encode(texts.map((value) => ({ [text]: value }))), "query"),
        encoder.outputDim,
      );
    return consistencyOf(
      found.map(({ query, typo }) => ({ meant: query, typed: typo })),
      embed(found.map(({ query }) => query)),
      embed(found.map(({ typo }) => typo)),
    );
  } finally {
    encoder.dispose();
  }
}

/** @param meant, typed  unit embeddings [pairs, D] */
export function consistencyOf(
  texts: readonly { meant: string; typed: string }[],
  meant: Float32Array,
  typed: Float32Array,
): Consistency {
  const count = texts.length;
  if (count < 2) throw new UserError(`consistencyOf: pairs must be at least 2, got ${count}`);
  const dim = meant.length / count;
  const pairs = texts.map((pair, i): QueryPair => {
    const cosines = texts.map((_, j) => {
      let dot = 0;
      for (let d = 0; d < dim; d++) dot += typed[i * dim + d]! * meant[j * dim + d]!;
      return dot;
    });
    const own = cosines[i]!;
    const rest = cosines.filter((_, j) => j !== i);
    return {
      ...pair,
      cosine: own,
      others: rest.reduce((sum, value) => sum + value, 0) / rest.length,
      nearest: rest.every((value) => value < own) ? 1 : 0,
    };
  });
  const over = (key: "cosine" | "others" | "nearest") =>
    bootstrapInterval(
      pairs.map((pair) => pair[key]),
      shownResampling,
    );
  return { pairs, cosine: over("cosine"), others: over("others"), nearest: over("nearest") };
}
