import * as tf from "@tensorflow/tfjs";
import type { Random } from "../../engine/random/random.js";
import type { EmbeddingTable } from "../../engine/tables/embedding-table.js";
import type { FeatureBatch } from "../../features/batch.js";
import { UserError } from "../../files/user-error.js";
import { ParameterSet } from "../parameter-set.js";
import { createModality } from "./create-modality.js";
import { createFusion, type ModalityFusion } from "./fusion.js";
import { type Modality, missingOf } from "./modality.js";
import type { TowerSpec } from "./towers-spec.js";

export interface TowerParts {
  name: string;
  outputDim: number;
  random: Random;
  text: EmbeddingTable;
  tables: Record<string, EmbeddingTable>;
  weights: Record<string, tf.Variable>;
}

/**
 * A list of features, an encoder each, and their fusion. A row that lacks a feature gets that feature's learned
 * embedding of "missing" in its place; modality dropout makes rows lack features in training.
 */
export class Tower {
  private readonly modalities: Modality[];
  /** [dim] of each feature, what a missing value is embedded as */
  private readonly absent: tf.Variable<tf.Rank.R1>[];
  private readonly fusion: ModalityFusion;

  /** @throws RangeError if there is no feature or the dropout is not in [0, 1) */
  constructor(
    private readonly spec: TowerSpec,
    { name, outputDim, random, text, tables, weights }: TowerParts,
  ) {
    if (spec.features.length === 0)
      throw new UserError(`Towers: ${name} must have at least one feature, got none`);
    if (!(spec.modalityDropout >= 0 && spec.modalityDropout < 1))
      throw new UserError(`Towers: modalityDropout must be in [0, 1), got ${spec.modalityDropout}`);
    const collect = (set: ParameterSet) => Object.assign(weights, set.variables);
    this.modalities = spec.features.map(({ feature, encoder }) => {
      const full = `${name}.${feature}`;
      const parameters = new ParameterSet(full, random);
      const modality = createModality(encoder, { name: full, parameters, random, text, tables, weights });
      collect(parameters);
      return modality;
    });
    this.absent = spec.features.map(({ feature }, i) => {
      const set = new ParameterSet(`${name}.${feature}`, random);
      const vector = set.normal<tf.Rank.R1>("missing", [this.modalities[i]!.outputDim], 0.1);
      collect(set);
      return vector;
    });
    const parameters = new ParameterSet(`${name}.fusion`, random);
    const dims = this.modalities.map((modality) => modality.outputDim);
    this.fusion = createFusion(spec.fusion, {
      name: `${name}.fusion.mlp`,
      dims,
      outputDim,
      parameters,
      random,
      weights,
    });
    collect(parameters);
  }

  /** @param names columns of the batch, one per feature of the spec */
  embed(batch: FeatureBatch, names: readonly string[], training: boolean, random: Random): tf.Tensor2D {
    const { size } = batch;
    const dropped = this.draw(size, training, random);
    const parts = this.modalities.map((modality, m) => {
      const column = batch.columns[names[m]!];
      if (column === undefined)
        throw new UserError(
          `Towers: batch must have feature "${names[m]}", got ${Object.keys(batch.columns).join(", ") || "none"}`,
        );
      const values = modality.embed(column, { size, training, random });
      return fillMissing(values, this.absent[m]!, missingOf(column, size), dropped?.[m] ?? null);
    });
    return this.fusion(parts);
  }

  /** Per feature, the rows that lose it; null outside training. A row that would lose all keeps a random one. */
  private draw(size: number, training: boolean, random: Random): Uint8Array[] | null {
    const rate = this.spec.modalityDropout;
    const count = this.modalities.length;
    if (!training || rate === 0 || count === 1) return null;
    const dropped = Array.from({ length: count }, () => new Uint8Array(size));
    for (let row = 0; row < size; row++) {
      let left = count;
      for (let m = 0; m < count; m++)
        if (random.next() < rate) {
          dropped[m]![row] = 1;
          left--;
        }
      if (left === 0) dropped[random.int(count)]![row] = 0;
    }
    return dropped;
  }
}

function fillMissing(
  values: tf.Tensor2D,
  absent: tf.Tensor1D,
  missing: Uint8Array | null,
  dropped: Uint8Array | null,
): tf.Tensor2D {
  const lacks = Float32Array.from({ length: values.shape[0] }, (_, row) =>
    missing?.[row] === 1 || dropped?.[row] === 1 ? 1 : 0,
  );
  if (!lacks.includes(1)) return values;
  const mask = tf.tensor2d(lacks, [lacks.length, 1]);
  return tf.add(tf.mul(values, tf.sub(1, mask)), tf.mul(mask, tf.expandDims(absent, 0))) as tf.Tensor2D;
}
