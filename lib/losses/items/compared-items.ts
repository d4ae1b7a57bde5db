import * as tf from "@tensorflow/tfjs";
import { UserError } from "../../files/user-error.js";
import { createMiner } from "../../negatives/miners/create-miner.js";
import type { Pairs, Triplets } from "../../negatives/miners/tuples.js";
import type { ItemLossParts } from "../item-loss-part.js";
import { type LabelLoss, NoTuplesError } from "../label-loss.js";
import type { LossValue, OwnWeights } from "../loss.js";
import { unitDistances } from "./item-distances.js";
import { ItemTuples } from "./item-tuples.js";
import { mineBy } from "./mine-by.js";

/** A batch of items and what each is compared with: the batch itself, or rows kept from batches before. */
export interface ComparedItems {
  /** [N, D] */
  embeddings: tf.Tensor2D;
  /** [M, D]; the same tensor where items are compared with each other */
  references: tf.Tensor2D;
  labels: Int32Array;
  referenceLabels: Int32Array;
  tuples: ItemTuples;
}

/** A loss as a function of what is compared with what; see {@link comparedItemLoss}. */
export type ComparedLoss = (items: ComparedItems) => LossValue;

/**
 * A loss over tuples of labelled items, as pytorch-metric-learning frames them: any miner chooses the tuples, and without
 * one all are used. Miners read Euclidean distances between unit vectors. Of sessions, the tuples are those of
 * session_triplets.
 *
 * @throws NoTuplesError when called, if a miner finds nothing
 */
export function comparedItemLoss(compute: ComparedLoss, parts: ItemLossParts): LabelLoss {
  const { miner: spec, session, random } = parts;
  const miner = spec ? createMiner(spec, "any", random) : null;
  const ofSessions = session && !spec ? createMiner({ kind: "session_triplets" }, "triplets", random) : null;
  return (embeddings, context) => {
    const { labels } = context;
    const among = (mined: Pairs | Triplets | null, rows: tf.Tensor2D, of: Int32Array) =>
      compute({
        embeddings: rows,
        references: rows,
        labels: of,
        referenceLabels: of,
        tuples: new ItemTuples(mined, { labels: of, referenceLabels: of, selves: of.map((_, i) => i) }),
      });
    const chooser = miner ?? ofSessions;
    if (!chooser) return among(null, embeddings, labels);
    const mined = mineBy<Pairs | Triplets>(
      chooser,
      () => unitDistances(embeddings, embeddings),
      embeddings,
      context,
      (kept) =>
        tf.tidy(() => {
          const rows = tf.gather(embeddings, kept) as tf.Tensor2D;
          return among(
            null,
            rows,
            Int32Array.from(kept, (i) => labels[i]!),
          ).value.dataSync()[0]!;
        }),
    );
    const found = "positive" in mined ? mined.anchor.length : mined.first.length;
    if (found === 0)
      throw new NoTuplesError(
        `${spec?.kind ?? "session_triplets"}: the miner must find something in a batch of ${labels.length}, got nothing`,
      );
    return among(mined, embeddings, labels);
  };
}

/** Refuses sessions, for losses that read classes. */
export function checkClasses(kind: string, { session }: ItemLossParts): void {
  if (session)
    throw new UserError(
      `${kind}: items must have classes, got sessions; a loss of triplets or pairs fits those, e.g. triplet_margin`,
    );
}

/** {@link comparedItemLoss} with weights that the loss trains. */
export function weightedItemLoss(
  { compute, ...own }: OwnWeights & { compute: ComparedLoss },
  parts: ItemLossParts,
): LabelLoss {
  return Object.assign(comparedItemLoss(compute, parts), own);
}
