// node --import tsx tools/gpu/probe.ts PROVIDER: a product of matrices and a traced training step with its gradients by ONNX
// Runtime's provider, against tfjs on the CPU. Prints one line of JSON: { product, step, kernels } with the largest
// differences relative to the largest number and how many kernels each provider ran, or { fault } with why the provider cannot be used.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { selectBackend } from "../../lib/engine/backend.js";
import { checkProvider } from "../../lib/engine/graph-provider.js";
import { jit, jitGradients } from "../../lib/engine/jit/jit.js";

function apart(got: tf.Tensor, want: tf.Tensor): number {
  const [a, b] = [got.dataSync(), want.dataSync()] as [Float32Array, Float32Array];
  const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0) / largest;
}

async function probe(provider: string): Promise<object> {
  checkProvider(provider);
  await selectBackend("cpu");
  const product = (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D);
  const options = { provider, tell: () => {} } as const;
  const noise = (seed: number, ...shape: number[]) => tf.randomNormal(shape, 0, 1, "float32", seed);
  const [x, y] = [noise(1, 64, 48), noise(2, 48, 32)];
  const fast = jit(product, options);
  const products = apart(fast(x, y), product(x, y));
  if (fast.info().fallbacks > 0) throw new Error("the product was not run by the graph");

  // two towers of a layer, normalised, in-batch softmax: what a training step is made of
  const [queries, documents] = [noise(3, 8, 16), noise(4, 8, 16)];
  const weights = [noise(5, 16, 12), noise(6, 16, 12)];
  const loss = (...w: tf.Tensor[]) => {
    const unit = (rows: tf.Tensor) =>
      tf.div(rows, tf.sqrt(tf.add(tf.sum(tf.square(rows), 1, true), 1e-8))) as tf.Tensor2D;
    const q = unit(tf.relu(tf.matMul(queries as tf.Tensor2D, w[0] as tf.Tensor2D)));
    const d = unit(tf.relu(tf.matMul(documents as tf.Tensor2D, w[1] as tf.Tensor2D)));
    const scores = tf.mul(tf.matMul(q, d, false, true), 10);
    const own = tf.sum(tf.mul(scores, tf.eye(8)), 1);
    return tf.mean(tf.sub(tf.logSumExp(scores, 1), own)) as tf.Scalar;
  };
  const folder = mkdtempSync(path.join(tmpdir(), "qdrl-probe-"));
  const traced = jitGradients(loss, { ...options, profilePrefix: path.join(folder, "profile") });
  const { value, gradients } = traced(...weights);
  if (traced.info().fallbacks > 0) throw new Error("the step was not run by the graph");
  traced.dispose();
  const kernels = kernelsByProvider(folder);
  const plain = tf.valueAndGrads(loss)(weights);
  const step = Math.max(
    apart(value, plain.value),
    ...gradients.map((gradient, i) => apart(gradient!, plain.grads[i]!)),
  );
  return { product: products, step, kernels };
}

/** How many kernels of the profiled graph each provider ran. */
function kernelsByProvider(folder: string): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of readdirSync(folder)) {
    const events = JSON.parse(readFileSync(path.join(folder, name), "utf8")) as {
      name: string;
      args?: { provider?: string };
    }[];
    for (const { name: event, args } of events)
      if (event.endsWith("_kernel_time") && args?.provider)
        counts.set(args.provider, (counts.get(args.provider) ?? 0) + 1);
  }
  rmSync(folder, { recursive: true });
  return Object.fromEntries(counts);
}

try {
  console.log(JSON.stringify(await probe(process.argv[2] ?? "cpu")));
} catch (error) {
  console.log(JSON.stringify({ fault: (error as Error).message.split("\n")[0] }));
}
process.exit(0); // a device that is open keeps a process alive
