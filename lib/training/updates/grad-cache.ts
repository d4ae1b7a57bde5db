import * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../../encoders/encoder.js";
import { type Differentiation, tapeDifferentiation } from "../../engine/ops/differentiation.js";
import { type FeatureBatch, takeRows } from "../../features/batch.js";
import { UserError } from "../../files/user-error.js";
import type { EmbeddedLoss, Side } from "../objectives/batch-task.js";
import { trainedParameters } from "./trained-parameters.js";

/**
 * Value and gradients of a loss of a whole batch, with the encoder's activations of only `chunkSize` rows in memory at a
 * time (GradCache): embed everything without the tape, differentiate the loss with respect to the embeddings, then embed
 * chunk by chunk again with the tape and carry the embeddings' gradients on. Equal to the gradients of the whole batch to
 * rounding, for every loss that is a function of embeddings, so that accumulation is exact where a plain sum of chunk
 * losses would not be. Random choices of the encoder (dropout) are repeated in the second pass.
 *
 * @param options.own  weights that the loss trains itself
 * @param options.differentiation  what computes; default: tfjs op by op
 * @returns value and gradients of dense weights and of `own`, by name, as valueAndGradients gives them; gradients of tables
 *   are recorded in the tables
 * @throws RangeError unless chunkSize is a positive integer
 * @see Gao et al. 2021, arXiv:2101.06983
 */
export function gradCache(
  encoder: Encoder,
  { embed: inputs, loss }: EmbeddedLoss,
  chunkSize: number,
  options: { own?: Record<string, tf.Variable>; differentiation?: Differentiation } = {},
): { value: tf.Scalar; gradients: Record<string, tf.Tensor> } {
  if (!Number.isInteger(chunkSize) || chunkSize < 1)
    throw new UserError(`gradCache: chunkSize must be a positive integer, got ${chunkSize}`);
  const { own = {}, differentiation = tapeDifferentiation } = options;
  for (const table of Object.values(encoder.tables)) table.clearGradients();
  const chunks = inputs.flatMap(({ side, rows }, input) => chunksOf(rows, side, input, chunkSize));
  const states: (number[] | null)[] = [];
  const embed = ({ part, side }: Chunk) =>
    side === "query" ? encoder.embedQueries(part) : encoder.embedDocuments(part);
  const embedded: Float32Array[][] = inputs.map(() => []);
  for (const chunk of chunks) {
    states.push(encoder.randomState());
    embedded[chunk.input]!.push(differentiation.values(() => embed(chunk)));
  }
  const after = encoder.randomState();

  const whole = inputs.map(({ rows }, input) =>
    tf.tidy(() => tf.variable(tf.tensor2d(joined(embedded[input]!), [rows.size, encoder.outputDim]))),
  ) as tf.Variable<tf.Rank.R2>[];
  let result: ReturnType<Differentiation["addGradients"]>;
  try {
    const weights = Object.fromEntries(whole.map((variable, input) => [`input ${input}`, variable]));
    result = differentiation.addGradients(() => loss(...whole), {
      weights: { ...own, ...weights } as Record<string, tf.Variable>,
      tables: {},
    });
  } catch (error) {
    tf.dispose(whole);
    throw error;
  }
  const { value } = result;
  const slopes = whole.map((_, input) => result.gradients[`input ${input}`]!.dataSync() as Float32Array);
  const gradients: Record<string, tf.Tensor> = {};
  for (const name of Object.keys(own)) {
    const gradient = result.gradients[name];
    if (gradient) gradients[name] = gradient;
  }
  tf.dispose([...whole, ...whole.map((_, input) => result.gradients[`input ${input}`]!)]);

  const trained = trainedParameters(encoder);
  chunks.forEach((chunk, i) => {
    const state = states[i];
    if (state) encoder.setRandomState(state);
    const from = chunk.start * encoder.outputDim;
    const slope = slopes[chunk.input]!.slice(from, from + chunk.part.size * encoder.outputDim);
    const pulled = differentiation.addGradients(
      () =>
        tf.sum(tf.mul(embed(chunk), tf.tensor2d(slope, [chunk.part.size, encoder.outputDim]))) as tf.Scalar,
      trained,
    );
    for (const [name, more] of Object.entries(pulled.gradients)) {
      const sum = gradients[name];
      gradients[name] = sum ? tf.add(sum, more) : more;
      if (sum) tf.dispose([sum, more]);
    }
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
