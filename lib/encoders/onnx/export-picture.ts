import type * as tf from "@tensorflow/tfjs";
import { type GemOptions, gemDefaults } from "../gem.js";
import type { ModalityEncoderSpec } from "../modalities/towers-spec.js";
import type { GraphLayers } from "./graph-layers.js";

/** PatchEncoder over pixels [batch, size, size, 3] as nodes. */
export function patchNodes(
  layers: GraphLayers,
  pixels: string,
  name: string,
  spec: Extract<ModalityEncoderSpec, { kind: "patches" }>,
): string {
  const { graph } = layers;
  const { size, patch, width, heads, mixing } = spec;
  const across = size / patch;
  const grid = graph.node("Reshape", [pixels, graph.integers(0, across, patch, across, patch, 3)]);
  const cut = graph.node("Reshape", [
    graph.node("Transpose", [grid], { perm: [0, 1, 3, 2, 4, 5] }),
    graph.integers(0, across * across, patch * patch * 3),
  ]);
  let x = layers.add(layers.linear(cut, `${name}.embed`), layers.weight(`${name}.position`));
  const turned = (y: string) => graph.node("Transpose", [y], { perm: [0, 2, 1] });
  for (let layer = 0; layer < spec.layers; layer++) {
    const prefix = `${name}.${layer}`;
    const mixed = layers.norm(x, `${prefix}.mix.norm`);
    const exchanged =
      mixing === "mlp"
        ? turned(layers.mlp(turned(mixed), `${prefix}.mix`))
        : layers.selfAttention(mixed, prefix, width, heads, null);
    x = layers.add(x, exchanged);
    x = layers.add(x, layers.mlp(layers.norm(x, `${prefix}.channel.norm`), `${prefix}.channel`));
  }
  return layers.linear(pooled(layers, layers.norm(x, `${name}.norm`), [1], spec), `${name}.head`);
}

/** The mean, or generalised mean, over the axes of positions. */
function pooled(
  { graph }: GraphLayers,
  x: string,
  axes: number[],
  { pooling, gem = gemDefaults }: { pooling?: "mean" | "gem" | undefined; gem?: GemOptions },
): string {
  const mean = (y: string) => graph.node("ReduceMean", [y], { axes, keepdims: 0 });
  if (pooling !== "gem") return mean(x);
  const { p, eps } = gem;
  const powers = graph.node("Pow", [graph.node("Max", [x, graph.scalar(eps)]), graph.scalar(p)]);
  return graph.node("Pow", [mean(powers), graph.scalar(1 / p)]);
}

/** ResidualCnn over pixels [batch, size, size, 3] as nodes, channels first inside. */
export function cnnNodes(
  layers: GraphLayers,
  pixels: string,
  name: string,
  spec: Extract<ModalityEncoderSpec, { kind: "cnn" }>,
  weights: Readonly<Record<string, tf.Variable>>,
): string {
  const { graph } = layers;
  /** convolution with tfjs's padding "same": what is odd goes to the end */
  const conv = (x: string, filter: string, side: number, stride: number): { y: string; side: number } => {
    const variable = weights[`${name}.${filter}.filter`]!;
    const [kernel, , input, output] = variable.shape as [number, number, number, number];
    const next = Math.ceil(side / stride);
    const padding = Math.max(0, (next - 1) * stride + kernel - side);
    const [before, after] = [padding >> 1, padding - (padding >> 1)];
    const weight = graph.constant(
      `${name}.${filter}`,
      outputFirst(variable.dataSync() as Float32Array, kernel * kernel, input, output),
      [output, input, kernel, kernel],
    );
    const y = graph.node("Conv", [x, weight], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [before, before, after, after],
    });
    return { y, side: next };
  };
  /** layer norm over channels and positions, scale and shift by channel */
  const norm = (x: string, part: string, side: number): string => {
    const full = `${name}.${part}`;
    const everywhere = (which: string) => {
      const values = weights[`${full}.${which}`]!.dataSync() as Float32Array;
      const spread = new Float32Array(values.length * side * side);
      values.forEach((value, c) => {
        spread.fill(value, c * side * side, (c + 1) * side * side);
      });
      return graph.constant(`${full}.${which}`, spread, [values.length, side, side]);
    };
    return graph.node("LayerNormalization", [x, everywhere("scale"), everywhere("shift")], {
      axis: 1,
      epsilon: { float: 1e-5 },
    });
  };
  const stem = conv(
    graph.node("Transpose", [pixels], { perm: [0, 3, 1, 2] }),
    "stem",
    spec.size,
    spec.stemStride,
  );
  let x = graph.node("Relu", [norm(stem.y, "stem.norm", stem.side)]);
  let side = stem.side;
  spec.channels.forEach((_, stage) => {
    for (let b = 0; b < spec.blocks; b++) {
      const block = `${stage}.${b}`;
      const stride = stage > 0 && b === 0 ? 2 : 1;
      const first = conv(x, `${block}.first`, side, stride);
      const middle = graph.node("Relu", [norm(first.y, `${block}.first.norm`, first.side)]);
      const second = norm(
        conv(middle, `${block}.second`, first.side, 1).y,
        `${block}.second.norm`,
        first.side,
      );
      const skip = layers.has(`${name}.${block}.skip.filter`) ? conv(x, `${block}.skip`, side, stride).y : x;
      x = graph.node("Relu", [layers.add(skip, second)]);
      side = first.side;
    }
  });
  return layers.linear(pooled(layers, x, [2, 3], spec), `${name}.head`);
}

/** [positions, input, output] → [output, input, positions] */
function outputFirst(values: Float32Array, positions: number, input: number, output: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let p = 0; p < positions; p++)
    for (let i = 0; i < input; i++)
      for (let o = 0; o < output; o++)
        out[(o * input + i) * positions + p] = values[(p * input + i) * output + o]!;
  return out;
}
