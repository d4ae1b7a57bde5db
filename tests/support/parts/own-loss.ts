import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { cosineMatrix } from "../../../lib/losses/cosine.js";
import { registerLoss } from "../../../lib/losses/create-loss.js";
import { marginSetting } from "../../../lib/losses/loss-part.js";

/** Squared distance of each own cosine from 1 and of each other from a margin below: everything a new loss needs. */
registerLoss(
  "squared_cosines",
  ({ margin, ownWeight }: { margin: number; ownWeight: number }) =>
    (queries, documents) => {
      const cosines = cosineMatrix(queries, documents);
      const own = tf.eye(queries.shape[0], documents.shape[0]);
      const off = tf.square(tf.sub(cosines, tf.sub(1, tf.mul(tf.sub(1, own), margin))));
      const weights = tf.add(tf.mul(own, ownWeight - 1), 1);
      const perExample = tf.mean(tf.mul(off, weights), 1) as tf.Tensor1D;
      return { value: tf.mean(perExample) as tf.Scalar, perExample };
    },
  {
    margin: marginSetting(0.8),
    own_weight: z.number().positive().default(20).describe("of the own document"),
  },
);
