import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { composedKernels, registerWasmGradients } from "../../../lib/engine/wasm-gradients/register.js";

interface Case {
  x: [number, number, number, number];
  filter: [number, number, number, number];
  strides: number;
  pad: "same" | "valid";
}

const cases: Case[] = [
  { x: [2, 5, 5, 3], filter: [3, 3, 3, 4], strides: 1, pad: "same" },
  { x: [2, 6, 7, 2], filter: [3, 3, 2, 5], strides: 2, pad: "same" },
  { x: [1, 7, 6, 2], filter: [3, 2, 2, 3], strides: 2, pad: "valid" },
  { x: [3, 4, 4, 3], filter: [1, 1, 3, 2], strides: 2, pad: "same" },
];

function normals(shape: number[], seed: number): tf.Tensor {
  const random = new Random(seed);
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    shape,
  );
}

/** Gradients of Σ conv(x, w) ⊙ r with respect to x and w on the backend in use. */
function gradients({ x, filter, strides, pad }: Case): [Float32Array, Float32Array] {
  const [image, weight] = [normals(x, 1) as tf.Tensor4D, normals(filter, 2) as tf.Tensor4D];
  const shape = tf.conv2d(image, weight, strides, pad).shape;
  const scale = normals(shape, 3);
  const slopes = tf.grads((a, b) =>
    tf.sum(tf.mul(tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad), scale)),
  )([image, weight]);
  return slopes.map((slope) => slope.dataSync().slice()) as [Float32Array, Float32Array];
}

describe("gradients of convolutions on wasm", () => {
  /** Sums of up to 100 products of standard normals: float32 rounding stays below 1e-4. */
  it.each(cases)("agrees with the cpu backend for %o", async (given) => {
    await selectBackend("cpu");
    const [cpuImage, cpuFilter] = gradients(given);
    await selectBackend("wasm");
    registerWasmGradients();
    const [image, filter] = gradients(given);
    expect(filter.length).toBe(cpuFilter.length);
    for (let i = 0; i < filter.length; i++) expect(filter[i]).toBeCloseTo(cpuFilter[i]!, 3);
    for (let i = 0; i < image.length; i++) expect(image[i]).toBeCloseTo(cpuImage[i]!, 3);
  });

  it("leaves no tensors behind", async () => {
    await selectBackend("wasm");
    registerWasmGradients();
    tf.tidy(() => void gradients(cases[0]!));
    const before = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) tf.tidy(() => void gradients(cases[1]!));
    expect(tf.memory().numTensors).toBe(before);
  });

  it("registers what it says, once", () => {
    registerWasmGradients();
    for (const name of composedKernels) expect(tf.getKernel(name, "wasm")).toBeDefined();
  });
});
