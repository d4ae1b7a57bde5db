import type * as tf from "@tensorflow/tfjs";
import type { Random } from "../../engine/random/random.js";
import type { ReplicaSource } from "../../training/parallel/replica.js";
import type { ParameterGroup } from "./group-optimizer.js";
import type { KddConfig } from "./kdd-schema.js";

/** What takes part in a training's steps from another process. */
export interface KddReplica {
  /** trained and frozen ones */
  weights: Record<string, tf.Variable>;
  groups: readonly ParameterGroup[];
  features(part: unknown, draws: Random): tf.Tensor[];
}

/** What a replica of a training is made from. */
export interface KddReplicaOptions {
  config: KddConfig;
  step: "pretrain" | "model1" | "model2";
}

/** How another process makes its replica. */
export function kddReplicaSource(options: KddReplicaOptions): ReplicaSource {
  return { module: "lib/studies/kdd/kdd-replica.ts", make: "makeKddReplica", options };
}
