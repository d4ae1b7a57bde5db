import * as tf from "@tensorflow/tfjs";
import type { Random } from "../engine/random/random.js";
import { EmbeddingTable } from "../engine/tables/embedding-table.js";
import { UserError } from "../files/user-error.js";
import { bagOfText, columnOf, type EncoderSpec, tableOptions } from "./encoder.js";
import {
  encoderPart,
  featureIssues,
  ignoredKeys,
  tableSetting,
  textFeatureIssues,
  textKeys,
} from "./encoder-part.js";
import { resolvedRows } from "./model-sizes.js";
import { TowerEncoder } from "./tower-encoder.js";
import { textTables, towerIssues, towerKeys, towerOf, towerOptions } from "./two-tower.js";

/**
 * TwoTower whose document side reads a category too: concat(mean token embedding, category row) → MLP. The category
 * table is an ordinary lookup without padding row.
 *
 * @throws RangeError if categoryFeature or documentCategoricalFeature is not given
 */
function multiModalTwoTower(spec: EncoderSpec, random: Random): TowerEncoder {
  const { categoryFeature, documentCategoricalFeature } = spec;
  if (!categoryFeature || !documentCategoricalFeature)
    throw new UserError(
      `MultiModalTwoTower: ${categoryFeature ? "documentCategoricalFeature" : "categoryFeature"} must be given, got undefined`,
    );
  const { embeddingDim } = spec.textEmbedding;
  const query = towerOf("query", spec, embeddingDim, random);
  const document = towerOf("document", spec, embeddingDim + categoryFeature.embeddingDim, random);
  const { tables, queryText, documentText, weights, frozen } = textTables(spec, random);
  const category = new EmbeddingTable({
    ...tableOptions(categoryFeature),
    random,
    name: "category",
    paddingRow: false,
  });
  return new TowerEncoder(
    spec.kind,
    spec.outputDim,
    { ...tables, category },
    [query, document],
    (batch) => query.apply(bagOfText(queryText, batch, spec.queryTextFeature, { weights })),
    (batch) => {
      const words = bagOfText(documentText, batch, spec.documentTextFeature, { weights });
      const column = columnOf(batch, documentCategoricalFeature, "categorical");
      return document.apply(tf.concat2d([words, category.lookup(column.ids)], 1));
    },
    null,
    frozen,
  );
}

export const multiModalTwoTowerPart = encoderPart({
  kind: "MultiModalTwoTower",
  summary: "TwoTower whose document side reads a category too",
  settings: { ...textKeys, ...towerKeys, ...ignoredKeys, category_feature: tableSetting },
  optionsOf: (section) => ({
    ...towerOptions(section),
    documentCategoricalFeature: section.document.categorical_feature!,
    categoryFeature: {
      numEmbeddings: resolvedRows(section.category_feature.num_embeddings),
      embeddingDim: section.category_feature.embedding_dim,
      ...(section.category_feature.initial_std !== null && {
        initialStd: section.category_feature.initial_std,
      }),
    },
  }),
  check: (section, context) => {
    const feature = section.document.categorical_feature;
    const path: ["model", "document", string] = ["model", "document", "categorical_feature"];
    return [
      ...(feature === undefined ? [{ path, message: "is required by MultiModalTwoTower" }] : []),
      ...textFeatureIssues(section, context),
      ...(feature === undefined ? [] : featureIssues(path, feature, "categorical", context)),
      ...towerIssues(section, false),
    ];
  },
  make: multiModalTwoTower,
});
