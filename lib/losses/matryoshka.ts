import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../files/user-error.js";
import { batchSoftmax } from "./batch-softmax.js";
import { type BatchLoss, checkPairs } from "./loss.js";
import { lossPart, temperatureSetting } from "./loss-part.js";

/**
 * In-batch softmax at several widths at once, so that the first m numbers of an embedding are an embedding themselves:
 * one model, searched at any of the widths.
 * L = mean over m in widths of batchSoftmax(q[:, :m], d[:, :m]); cosines are taken anew at each width
 *
 * The paper sums over widths; the mean keeps learning rates comparable with the loss at one width.
 *
 * @param options.widths      m, each at most the embeddings' width D, which is added where it is missing
 * @param options.temperature τ > 0, at all widths
 * @throws RangeError for no width, one twice or one below 1, and when called for one above D
 * @see Kusupati et al. 2022, arXiv:2205.13147
 */
export function matryoshka(options: { widths: readonly number[]; temperature: number }): BatchLoss {
  const { widths, temperature } = options;
  if (
    widths.length === 0 ||
    new Set(widths).size !== widths.length ||
    widths.some((m) => !Number.isInteger(m) || m < 1)
  )
    throw new UserError(`matryoshka: widths must be different whole numbers ≥ 1, got [${widths.join(", ")}]`);
  const loss = batchSoftmax({ temperature });
  return (queries, documents, context) => {
    checkPairs("matryoshka", queries, documents);
    const dim = queries.shape[1];
    const wide = widths.find((m) => m > dim);
    if (wide !== undefined)
      throw new UserError(`matryoshka: widths must be at most the embedding's ${dim}, got ${wide}`);
    const all = widths.includes(dim) ? widths : [...widths, dim];
    const parts = all.map((m) => loss(firstColumns(queries, m), firstColumns(documents, m), context));
    const mean = <T extends tf.Tensor>(values: T[]) => tf.div(tf.addN(values), all.length) as T;
    return {
      value: mean(parts.map(({ value }) => value)),
      perExample: mean(parts.map(({ perExample }) => perExample)),
    };
  };
}

function firstColumns(matrix: tf.Tensor2D, m: number): tf.Tensor2D {
  return m === matrix.shape[1] ? matrix : tf.slice2d(matrix, [0, 0], [-1, m]);
}

export const matryoshkaPart = lossPart({
  kind: "matryoshka",
  summary: "batch_softmax at several widths of the embedding at once (arXiv:2205.13147)",
  settings: {
    widths: z
      .array(z.int().min(1))
      .min(1)
      .describe("first numbers of an embedding that are to be one themselves; the whole width is added"),
    temperature: temperatureSetting("τ, the cosine is divided by it, at every width"),
  },
  make: matryoshka,
});
