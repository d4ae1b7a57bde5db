import * as tf from "@tensorflow/tfjs";
import type { FeatureColumn } from "../../features/batch.js";
import { UserError } from "../../files/user-error.js";
import type { ParameterSet } from "../parameter-set.js";
import { RegionEncoder } from "../regions/region-encoder.js";
import { expectKind, type Modality, type ModalityContext } from "./modality.js";
import type { ModalityEncoderSpec } from "./towers-spec.js";

/** The region encoder with one head, as a feature of a tower. */
export class RegionModality implements Modality {
  readonly outputDim: number;
  private readonly encoder: RegionEncoder;

  constructor(
    private readonly spec: Extract<ModalityEncoderSpec, { kind: "regions" }>,
    parameters: ParameterSet,
  ) {
    const { inputDim, width, heads, outputDim, dropout } = spec;
    this.outputDim = outputDim;
    this.encoder = new RegionEncoder(
      {
        featureDim: inputDim,
        boxHidden: width,
        attentionHeads: heads,
        forwardHidden: 2 * width,
        weightHidden: [width],
        projectionHidden: [width],
        dim: outputDim,
        labelHeads: 0,
        dropout,
      },
      parameters,
    );
  }

  embed(column: FeatureColumn, { size, training, random }: ModalityContext): tf.Tensor2D {
    const regions = expectKind(column, "regions");
    const { maxRegions, dim, counts } = regions;
    if (dim !== this.spec.inputDim)
      throw new UserError(`region encoder: features must have ${this.spec.inputDim} entries, got ${dim}`);
    const features = tf.tensor3d(regions.features, [size, maxRegions, dim]);
    const boxes = tf.tensor3d(regions.boxes, [size, maxRegions, 5]);
    return this.encoder.embed({ features, boxes, counts }, training ? random : null).caption;
  }
}
