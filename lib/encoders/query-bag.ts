import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import type { CrossFieldIssue } from "../config/yaml-with-schema.js";
import type { Random } from "../engine/random/random.js";
import { EmbeddingTable } from "../engine/tables/embedding-table.js";
import type { FeatureBatch } from "../features/batch.js";
import { UserError } from "../files/user-error.js";
import {
  bagOfText,
  columnOf,
  countParameters,
  type Encoder,
  type EncoderSpec,
  tableOptions,
} from "./encoder.js";
import { type DeclaredFeature, encoderPart, featureIssues, textKeys } from "./encoder-part.js";

/** Name of the weight that turns documents' vectors onto fewer axes. */
export const DOCUMENT_AXES = "document.axes";

/**
 * Queries are the mean of their tokens' rows of one table; documents are vectors that are given, as they are or, where the
 * embeddings are narrower, their coordinates x · A on axes A [inputDim, outputDim] that are not trained. Nothing of a
 * query needs what made the documents' vectors, which may be a transformer.
 */
export class QueryBag implements Encoder {
  readonly kind = "QueryBag";
  readonly outputDim: number;
  readonly weights: Record<string, tf.Variable> = {};
  readonly tables: Record<string, EmbeddingTable>;
  readonly parameterCount: number;
  readonly frozen: ReadonlySet<string> = new Set([DOCUMENT_AXES]);
  training = false;

  /** @throws RangeError if embeddings are to be wider than the documents' vectors, or not as wide as the table */
  constructor(
    private readonly spec: EncoderSpec,
    random: Random,
  ) {
    const { embeddingDim: dim } = spec.textEmbedding;
    const inputDim = spec.documentVectorDim ?? 0;
    this.outputDim = spec.outputDim;
    if (dim !== spec.outputDim)
      throw new UserError(
        `QueryBag: table and embeddings must be equally wide, got ${dim} and ${spec.outputDim}`,
      );
    if (spec.outputDim > inputDim)
      throw new UserError(
        `QueryBag: embeddings must be at most as wide as documents' vectors, ${inputDim}, got ${spec.outputDim}`,
      );
    this.tables = { text: new EmbeddingTable({ ...tableOptions(spec.textEmbedding), random, name: "text" }) };
    if (spec.outputDim < inputDim)
      this.weights[DOCUMENT_AXES] = tf.variable(tf.eye(inputDim, spec.outputDim), false);
    this.parameterCount = countParameters(this.weights, this.tables);
  }

  embedQueries(batch: FeatureBatch): tf.Tensor2D {
    return bagOfText(this.tables["text"]!, batch, this.spec.queryTextFeature);
  }

  embedDocuments(batch: FeatureBatch): tf.Tensor2D {
    const { values, dim } = columnOf(batch, this.spec.documentVectorFeature!, "vector");
    const vectors = tf.tensor2d(values, [batch.size, dim]);
    const axes = this.weights[DOCUMENT_AXES] as tf.Variable<tf.Rank.R2> | undefined;
    return axes === undefined ? vectors : tf.matMul(vectors, axes);
  }

  randomState(): null {
    return null;
  }

  setRandomState(): void {
    throw new UserError("QueryBag: draws no random numbers, got a generator state");
  }

  dispose(): void {
    for (const weight of Object.values(this.weights)) weight.dispose();
    for (const table of Object.values(this.tables)) table.dispose();
  }
}

const { text_embedding, output_dim, query } = textKeys;

const settings = {
  text_embedding,
  output_dim,
  query,
  document: z.strictObject({
    text_feature: z.string().min(1).describe("document column that search and maps show a row by"),
    vector_feature: z.string().min(1).describe("document feature of type pretrained or vector"),
  }),
};

const vectorsOf = (features: readonly DeclaredFeature[], name: string) =>
  features.find((feature) => feature.name === name && ["pretrained", "vector"].includes(feature.type));

export const queryBagPart = encoderPart({
  kind: "QueryBag",
  summary: "a bag of tokens for queries, in the space of documents' vectors that are given",
  settings,
  optionsOf: ({ document }, { documentFeatures }) => ({
    documentVectorFeature: document.vector_feature,
    documentVectorDim: vectorsOf(documentFeatures, document.vector_feature)!.dim!,
  }),
  check: (section, context) => {
    const issues: CrossFieldIssue[] = featureIssues(
      ["model", "query", "text_feature"],
      section.query.text_feature,
      "text",
      context,
    );
    const { vector_feature: name } = section.document;
    const found = vectorsOf(context.documentFeatures, name);
    if (found === undefined)
      issues.push({
        path: ["model", "document", "vector_feature"],
        message: `must name a pretrained or vector feature of dataset.document_features (${context.documentFeatures.map((f) => `${f.name}: ${f.type}`).join(", ")}), got "${name}"`,
      });
    else if (section.output_dim > found.dim!)
      issues.push({
        path: ["model", "output_dim"],
        message: `must be at most the width of the documents' vectors, ${found.dim}, got ${section.output_dim}`,
      });
    if (section.text_embedding.embedding_dim !== section.output_dim)
      issues.push({
        path: ["model", "output_dim"],
        message: `must equal model.text_embedding.embedding_dim, ${section.text_embedding.embedding_dim}, got ${section.output_dim}`,
      });
    return issues;
  },
  make: (spec: EncoderSpec, random: Random) => new QueryBag(spec, random),
});
