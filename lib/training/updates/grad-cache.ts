import * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../../encoders/encoder.js";
import { type FeatureBatch, takeRows } from "../../features/batch.js";
import { UserError } from "../../files/user-error.js";
import type { EmbeddedLoss, Side } from "../objectives/batch-task.js";

/**
 * Value and gradients of a loss of a whole batch, with the encoder's activations of only `chunkSize` rows in memory at a
 * time (GradCache): embed everything without the tape, differentiate the loss with respect to the embeddings, then embed
 * chunk by chunk again with the tape and carry the embeddings' gradients on. Equal to the gradients of the whole batch to
 * rounding, for every loss that is a function of embeddings, so that accumulation is exact where a plain sum of chunk
 * losses would not be. Random choices of the encoder (dropout) are repeated in the second pass.
 *
 * @param own  weights that the loss trains itself
 * @returns value and gradients of dense weights and of `own`, by name, as valueAndGradients gives them; gradients of tables
 *   are recorded in the tables
 * @throws RangeError unless chunkSize is a positive integer
 * @see Gao et al. 2021, arXiv:2101.06983
 */
export function gradCache(
  encoder: Encoder,
  { embed: inputs, loss }: EmbeddedLoss,
  chunkSize: number,
  own: Record<string, tf.Variable> = {},
): { value: tf.Scalar; gradients: Record<string, tf.Tensor> } {
  if (!Number.isInteger(chunkSize) || chunkSize < 1)
    throw new UserError(`gradCache: chunkSize must be a positive integer, got ${chunkSize}`);
  for (const table of Object.values(encoder.tables)) table.clearGradients();
  const chunks = inputs.flatMap(({ side, rows }, input) => chunksOf(rows, side, input, chunkSize));
  const states: (number[] | null)[] = [];
  const embed = ({ part, side }: Chunk) =>
    side === "query" ? encoder.embedQueries(part) : encoder.embedDocuments(part);
  const embedded: Float32Array[][] = inputs.map(() => []);
  for (const chunk of chunks) {
    states.push(encoder.randomState());
    // nothing but tensors may leave a tidy: it would walk through every number
    tf.tidy(() => void embedded[chunk.input]!.push((embed(chunk).dataSync() as Float32Array).slice()));
  }
  const after = encoder.randomState();

  const whole = inputs.map(({ rows }, input) =>
    tf.tidy(() => tf.variable(tf.tensor2d(joined(embedded[input]!), [rows.size, encoder.outputDim]))),
  ) as tf.Variable<tf.Rank.R2>[];
  let result: ReturnType<typeof tf.variableGrads>;
  try {
    result = tf.variableGrads(() => loss(...whole), [...whole, ...Object.values(own)] as tf.Variable[]);
  } catch (error) {
    tf.dispose(whole);
    throw error;
  }
  const { value, grads } = result;
  const slopes = whole.map(({ name }) => grads[name]!.dataSync() as Float32Array);
  const gradients: Record<string, tf.Tensor> = {};
  for (const [name, weight] of Object.entries(own)) gradients[name] = grads[weight.name]!;
  tf.dispose([...whole, ...whole.map(({ name }) => grads[name]!)]);

  chunks.forEach((chunk, i) => {
    const state = states[i];
    if (state) encoder.setRandomState(state);
    const from = chunk.start * encoder.outputDim;
    const slope = slopes[chunk.input]!.slice(from, from + chunk.part.size * encoder.outputDim);
    const pulled = tf.variableGrads(
      () =>
        tf.sum(tf.mul(embed(chunk), tf.tensor2d(slope, [chunk.part.size, encoder.outputDim]))) as tf.Scalar,
      [...Object.values(encoder.weights), ...Object.values(encoder.tables).map(({ anchor }) => anchor)],
    );
    for (const [name, weight] of Object.entries(encoder.weights)) {
      const more = pulled.grads[weight.name];
      if (!more) continue;
      const sum = gradients[name];
      gradients[name] = sum ? tf.add(sum, more) : more;
      if (sum) tf.dispose([sum, more]);
    }
    for (const { anchor } of Object.values(encoder.tables)) pulled.grads[anchor.name]?.dispose();
    pulled.value.dispose();
  });
  if (after) encoder.setRandomState(after);
  return { value, gradients };
}

interface Chunk {
  side: Side;
  /** which of the inputs it is a part of */
  input: number;
  start: number;
  part: FeatureBatch;
}

function chunksOf(batch: FeatureBatch, side: Side, input: number, size: number): Chunk[] {
  const chunks: Chunk[] = [];
  for (let start = 0; start < batch.size; start += size) {
    const rows = Array.from({ length: Math.min(size, batch.size - start) }, (_, i) => start + i);
    chunks.push({ side, input, start, part: takeRows(batch, rows) });
  }
  return chunks;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
