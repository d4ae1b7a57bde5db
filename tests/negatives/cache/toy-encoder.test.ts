import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, it } from "vitest";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { createLoss } from "../../../lib/losses/create-loss.js";
import { CacheHandler } from "../../../lib/negatives/cache/cache-handler.js";
import { meanCacheLoss } from "../../../lib/negatives/cache/cache-loss.js";
import { NegativeCache } from "../../../lib/negatives/cache/negative-cache.js";

beforeAll(async () => void (await selectBackend("cpu")));

const [corpus, dim, batch, steps] = [40, 6, 2, 500];
/** Training sees documents 0 to 9 far more often than the others, so that rare ones are rarely in-batch negatives. */
const draw = (random: Random) => (random.next() < 0.8 ? random.int(10) : random.int(corpus));

/** Mean over the corpus of the cross-entropy of query i against all documents, after training with one of two losses. */
function corpusCrossEntropy(kind: "cache" | "batch", seed: number): number {
  const random = new Random(seed);
  const start = () =>
    tf.tensor2d(
      Float32Array.from({ length: corpus * dim }, () => 0.3 * random.normal()),
      [corpus, dim],
    );
  const queries = tf.variable(start());
  const documents = tf.variable(start());
  const rowsOf = (table: tf.Variable, rows: ArrayLike<number>) =>
    tf.matMul(
      tf.cast(tf.oneHot(tf.tensor1d(Int32Array.from(rows), "int32"), corpus), "float32"),
      table as tf.Tensor2D,
    ) as tf.Tensor2D;
  const cache = new NegativeCache(
    { document: { shape: [], dtype: "int32" }, embedding: { shape: [dim], dtype: "float32" } },
    32,
  );
  const handler = new CacheHandler(cache, { dataKeys: ["document"], skipPresent: ["document"] });
  const inBatch = createLoss({ kind: "softmax", temperature: 1, similarity: "dot" } as never);
  const optimizer = tf.train.sgd(0.3);
  for (let step = 0; step < steps; step++)
    tf.tidy(() => {
      const ids = Array.from({ length: batch }, () => draw(random));
      let keep: () => void = () => {};
      optimizer.minimize(() => {
        const [q, p] = [rowsOf(queries, ids), rowsOf(documents, ids)];
        if (kind === "batch") {
          const negatives = Float32Array.from({ length: batch * batch }, (_, cell) =>
            ids[Math.floor(cell / batch)] === ids[cell % batch] ? 0 : 1,
          );
          return inBatch(q, p, { negatives }).value;
        }
        const result = handler.loss({
          network: (features) => rowsOf(documents, features["document"]!),
          queries: q,
          positives: p,
          random,
          excluded: (i, row) => cache.data["document"]![row] === ids[i],
        });
        const embedding = (p.dataSync() as Float32Array).slice();
        keep = () => void handler.apply(handler.updates(result, { document: ids, embedding }));
        return meanCacheLoss(result);
      });
      keep();
    });
  return tf.tidy(() => {
    const logits = tf.matMul(queries as tf.Tensor2D, documents as tf.Tensor2D, false, true);
    const own = tf.sum(tf.mul(logits, tf.eye(corpus)), 1);
    return tf.mean(tf.sub(tf.logSumExp(logits, 1), own)).dataSync()[0]!;
  });
}

it("a dual encoder trained with the cache has a lower cross-entropy over the corpus than with in-batch negatives", () => {
  for (const seed of [1, 2, 3])
    expect(corpusCrossEntropy("cache", seed), `seed ${seed}`).toBeLessThan(corpusCrossEntropy("batch", seed));
});
