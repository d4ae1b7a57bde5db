import type { PackedDense, PackedSide, PackedTable } from "../../browser/payload.js";
import { type PayloadWriter, wideSteps } from "../../browser/payload-bytes.js";
import { type BagSide, bagSides } from "../../encoders/bag-sides.js";
import { encodeAll } from "../../encoders/encode-all.js";
import type { Encoder } from "../../encoders/encoder.js";
import { fillNormal } from "../../engine/random/fill-random.js";
import { Random } from "../../engine/random/random.js";
import type { EmbeddingTable } from "../../engine/tables/embedding-table.js";
import type { Pool } from "../../experiment/evaluation-set.js";
import type { LoadedExperiment } from "../../experiment/load-experiment.js";
import type { ExperimentConfig } from "../../experiment/schema.js";
import { encoderSpec } from "../../experiment/specs.js";
import { vectorizerSpec } from "../../experiment/vectorizers.js";
import { type FeatureDeclaration, sourceColumns } from "../../features/feature-pipeline.js";
import { readRoundedTable } from "../../files/model-file.js";
import { emptyRecord, ownEntry } from "../../files/own-entry.js";
import { storedRows } from "../../files/rounded-rows.js";

/** Bits of a value of a float32 row in a page, and of an embedding of a document (12 would reorder 5 rankings of 200). */
const ROW_BITS_IN_PAGE = 16;
const INDEX_BITS = 16;
/** Characters of documents' texts up to which they are encoded when the page opens, and no index is kept. */
const MOST_TEXT = 300_000;
/** Share of rows that training moved from which on all are stored. */
const MOST_ROWS = 0.9;

export interface DenseSource {
  name: string;
  modelFile: string;
  config: ExperimentConfig;
  encoder: Encoder;
  features: LoadedExperiment["features"];
  pool: Pool;
}

/** Why an encoder cannot run in a page; null: it can. */
export function whyNotInPage({ config, encoder }: Pick<DenseSource, "config" | "encoder">): string | null {
  if (bagSides(encoder).query === null)
    return `queries of ${encoder.kind} are no bag of tokens; qdrl search asks it`;
  if (vectorizerSpec(config) === null) return "word-pieces are read in Node alone; qdrl search asks it";
  return null;
}

/**
 * An encoder of bags and its documents for a page. Rows are kept as the run stores them, float32 ones in 16 bits; rows that
 * still are what training drew at its start are not kept but drawn again. Documents are encoded from their texts
 * where these are short and their side is a bag, else their embeddings are kept in 16 bits.
 *
 * @returns the packed encoder, the columns that it reads, and what was rounded in words
 */
export function packDense(
  source: DenseSource,
  writer: PayloadWriter,
): { packed: PackedDense; columns: string[]; rounding: string } {
  const { config, encoder, pool, features } = source;
  const { query, document } = bagSides(encoder);
  const spec = encoderSpec(config);
  const documentFeature = featureOf(config.dataset.document_features, spec.documentTextFeature);
  const texts = documentFeature ? sourceColumns(documentFeature) : [];
  const length = pool.items.reduce(
    (sum, item) => sum + texts.reduce((all, column) => all + (ownEntry(item, column)?.length ?? 0), 0),
    0,
  );
  const fromTexts = document !== null && documentFeature !== undefined && length <= MOST_TEXT;
  const tables = emptyRecord<PackedTable>();
  const roundings = new Set<string>();
  const side = (bag: BagSide, feature: FeatureDeclaration): PackedSide => {
    const table = Object.keys(encoder.tables).find((name) => ownEntry(encoder.tables, name) === bag.table)!;
    if (!ownEntry(tables, table)) {
      const { packed, rounding } = packTable(source, table, bag.table, writer);
      tables[table] = packed;
      roundings.add(rounding);
    }
    return {
      feature: { name: feature.name, type: "text", from: sourceColumns(feature) },
      table,
      weights: bag.weights && writer.add(bag.weights.weights),
      layers: bag.tower.layers.map(({ weight, bias, relu }) => ({
        width: bias.shape[0]!,
        weight: writer.add(weight.dataSync() as Float32Array),
        bias: writer.add(bias.dataSync() as Float32Array),
        relu,
      })),
    };
  };
  const queryFeature = featureOf(config.dataset.query_features, spec.queryTextFeature)!;
  const packedQuery = side(query!, queryFeature);
  const packedDocument = fromTexts ? side(document, documentFeature) : null;
  let index: PackedDense["index"] = null;
  if (!fromTexts) {
    const embeddings = encodeAll(encoder, features.documentFeatures.encode(pool.items), "document");
    const { steps, scales } = wideSteps(embeddings, encoder.outputDim, INDEX_BITS);
    index = writer.addSteps(INDEX_BITS, steps, scales);
    roundings.add(`documents in ${INDEX_BITS} bits`);
  }
  const { dictionary, ...vectorizer } = {
    dictionary: new Map<string, number>(),
    ...vectorizerSpec(config)!,
  };
  return {
    packed: {
      kind: "dense",
      name: source.name,
      similarity: config.recall_validation.similarity,
      vectorizer: { ...vectorizer, dictionary: [...dictionary.keys()].join("\n") },
      tables,
      query: packedQuery,
      document: packedDocument,
      dim: encoder.outputDim,
      index,
      fidelity: "",
    },
    columns: fromTexts ? [...texts] : [],
    rounding: [...roundings].join(", "),
  };
}

function featureOf(features: readonly FeatureDeclaration[], name: string): FeatureDeclaration | undefined {
  return features.find((feature) => feature.name === name && feature.type === "text");
}

function packTable(
  { modelFile, config }: DenseSource,
  name: string,
  table: EmbeddingTable,
  writer: PayloadWriter,
): { packed: PackedTable; rounding: string } {
  const { rows, dim } = table;
  const rounded = readRoundedTable(modelFile, name);
  const kept = movedRows(table, name, config);
  const all = kept.length > rows * MOST_ROWS;
  const ids = all ? Array.from({ length: rows }, (_, id) => id) : kept;
  const take = <A extends Int8Array | Float32Array>(values: A, out: A, width: number): A => {
    ids.forEach((id, i) => {
      out.set(values.subarray(id * width, (id + 1) * width), i * width);
    });
    return out;
  };
  const count = ids.length;
  const wide = rounded
    ? null
    : wideSteps(take(table.weights, new Float32Array(count * dim), dim), dim, ROW_BITS_IN_PAGE);
  const values = rounded
    ? writer.addSteps(
        8,
        take(rounded.steps, new Int8Array(count * dim), dim),
        take(rounded.scales, new Float32Array(count), 1),
      )
    : writer.addSteps(ROW_BITS_IN_PAGE, wide!.steps, wide!.scales);
  return {
    packed: {
      ...{ rows, dim, count, values },
      gaps: all ? null : writer.addGaps(ids),
      drawn: all ? null : { seed: config.seed, label: name, storage: config.store_rows },
    },
    rounding: rounded
      ? `rows in ${rounded.storage} as the run stores them`
      : `rows in ${ROW_BITS_IN_PAGE} bits (the run has float32)`,
  };
}

/** Ids of the rows that are not what training drew at its start, as the model file stores them. */
function movedRows(table: EmbeddingTable, name: string, config: ExperimentConfig): number[] {
  const { rows, dim, weights } = table;
  const drawn = new Float32Array(rows * dim);
  fillNormal(drawn, new Random(config.seed).fork("encoder"), name);
  drawn.fill(0, 0, dim);
  const start = storedRows(config.store_rows, drawn, dim);
  const moved: number[] = [];
  for (let row = 0; row < rows; row++)
    for (let i = row * dim; i < (row + 1) * dim; i++)
      if (weights[i] !== start[i]) {
        moved.push(row);
        break;
      }
  return moved;
}
