import { Random } from "../../engine/random/random.js";
import type { Replica } from "../../training/parallel/replica.js";
import { GroupOptimizer } from "./group-optimizer.js";
import type { KddReplicaOptions } from "./kdd-replica-source.js";
import { pretrainReplica } from "./pretrain.js";
import { matcherReplica } from "./train-matcher.js";
import { pairScorer, type SeededPart } from "./train-step.js";
import { openWorkspace } from "./workspace.js";

/** A training of the KDD system in another process: its model from the same working files, numbers as they are sent. */
export function makeKddReplica({ config, step }: KddReplicaOptions): Replica {
  const space = openWorkspace(config);
  const made =
    step === "pretrain" ? pretrainReplica(space) : matcherReplica(space, step === "model1" ? 1 : 2);
  return {
    model: pairScorer({ name: step, weights: made.weights, groups: made.groups }),
    optimizer: new GroupOptimizer(made.groups),
    features(seeded) {
      const { part, draws } = seeded as SeededPart;
      return made.features(part, Random.fromState(draws));
    },
  };
}
