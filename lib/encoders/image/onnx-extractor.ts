import * as ort from "onnxruntime-node";
import { power } from "../../engine/power.js";
import { UserError } from "../../files/user-error.js";
import { type GemOptions, gemDefaults } from "../gem.js";
import { OnnxModel } from "../onnx/onnx-model.js";

export interface OnnxExtractorOptions {
  /** pixels on each side that the model reads */
  size: number;
  /** per channel; pixels are given as (pixel / 255 − mean) / std */
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
  /** order of the model's axes: batch, channels, height, width, or channels last */
  layout: "nchw" | "nhwc";
  /** name of an output, or of any value of the graph; null = the first output */
  output: string | null;
  /** how the positions of a map become one; default: mean */
  pooling?: "mean" | "gem";
  gem?: GemOptions;
}

/**
 * A picture encoder from an ONNX file, frozen. The output may be [B, dim], or have further axes, which are averaged
 * (positions of [B, dim, h, w] in the layout nchw, tokens of [B, tokens, dim] and [B, h, w, dim] otherwise).
 */
export class OnnxExtractor {
  private constructor(
    private readonly session: ort.InferenceSession,
    private readonly options: OnnxExtractorOptions,
    private readonly output: string,
  ) {}

  /** @throws RangeError if the file is no ONNX model, or has no such output */
  static async open(
    model: Uint8Array,
    source: string,
    options: OnnxExtractorOptions,
  ): Promise<OnnxExtractor> {
    let session: ort.InferenceSession;
    try {
      session = await ort.InferenceSession.create(cutAt(model, source, options.output), {
        graphOptimizationLevel: "all",
        logSeverityLevel: 3,
      });
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(
        `${source}: must be an ONNX model that ONNX Runtime can load, got: ${(error as Error).message.split("\n")[0]}`,
      );
    }
    const output = options.output ?? session.outputNames[0]!;
    if (!session.outputNames.includes(output))
      throw new UserError(
        `${source}: output must be one of ${session.outputNames.join(", ")}, got "${output}"`,
      );
    return new OnnxExtractor(session, options, output);
  }

  /**
   * @param pixels [batch, size, size, 3], 0 to 255
   * @returns features [batch, dim]
   */
  async extract(pixels: Uint8Array, batch: number): Promise<{ features: Float32Array; dim: number }> {
    const { size, layout } = this.options;
    const shape = layout === "nchw" ? [batch, 3, size, size] : [batch, size, size, 3];
    const input = new ort.Tensor("float32", this.normalised(pixels, batch), shape);
    const result = (await this.session.run({ [this.session.inputNames[0]!]: input }))[this.output]!;
    const { pooling = "mean", gem = gemDefaults } = this.options;
    return pooled(result.data as Float32Array, result.dims, layout, pooling === "gem" ? gem : null);
  }

  async dispose(): Promise<void> {
    await this.session.release();
  }

  private normalised(pixels: Uint8Array, batch: number): Float32Array {
    const { size, mean, std, layout } = this.options;
    const area = size * size;
    if (pixels.length !== batch * area * 3)
      throw new UserError(
        `OnnxExtractor: pixels must be [${batch}, ${size}, ${size}, 3], got ${pixels.length} values`,
      );
    const out = new Float32Array(pixels.length);
    for (let b = 0; b < batch; b++)
      for (let i = 0; i < area; i++)
        for (let c = 0; c < 3; c++) {
          const from = (b * area + i) * 3 + c;
          const to = layout === "nchw" ? (b * 3 + c) * area + i : from;
          out[to] = (pixels[from]! / 255 - mean[c]!) / std[c]!;
        }
    return out;
  }
}

/** The model with a value that is none of its outputs as its output, if that is what is asked for. */
function cutAt(model: Uint8Array, source: string, output: string | null): Uint8Array {
  if (output === null) return model;
  const parsed = new OnnxModel(model, source);
  if (parsed.outputs.includes(output) || !parsed.nodes.some(({ outputs }) => outputs.includes(output)))
    return model;
  return parsed.withOutputs([output]);
}

/** Means, or generalised means, over the axes that are neither batch nor channels. */
function pooled(
  values: Float32Array,
  dims: readonly number[],
  layout: "nchw" | "nhwc",
  gem: GemOptions | null,
): { features: Float32Array; dim: number } {
  const batch = dims[0]!;
  const perRow = values.length / batch;
  const first = layout === "nchw" && dims.length === 4;
  const dim = dims.length === 2 ? perRow : first ? dims[1]! : dims.at(-1)!;
  const positions = perRow / dim;
  const features = new Float32Array(batch * dim);
  for (let b = 0; b < batch; b++)
    for (let p = 0; p < positions; p++)
      for (let d = 0; d < dim; d++) {
        const at = first ? d * positions + p : p * dim + d;
        const value = values[b * perRow + at]!;
        features[b * dim + d]! += (gem ? power(Math.max(value, gem.eps), gem.p) : value) / positions;
      }
  if (gem) for (let i = 0; i < features.length; i++) features[i] = power(features[i]!, 1 / gem.p);
  return { features, dim };
}
