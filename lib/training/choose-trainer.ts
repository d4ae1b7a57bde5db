import * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../encoders/encoder.js";
import { computesElsewhere } from "../engine/tables/backend-rows.js";
import type { PairBatch } from "../experiment/pairs.js";
import { UserError } from "../files/user-error.js";
import type { Optimizer } from "../optimizers/optimizer.js";
import { type FusedRequest, fusedTraining } from "./fused-training.js";
import type { BatchTask } from "./objectives/batch-task.js";
import { embeddingSharding, ParallelTrainer } from "./parallel/parallel-trainer.js";
import type { ReplicaSource } from "./parallel/replica.js";
import { Replicas } from "./parallel/replicas.js";
import { Trainer, type TrainerOptions } from "./trainer.js";

/** What computes the steps: "auto" is fused where it applies. */
export type Engine = "auto" | "fused" | "tfjs";

/** Two ways to train one model on pairs. */
export interface TrainerChoice {
  engine: Engine;
  encoder: Encoder;
  optimizer: Optimizer;
  /** by tfjs */
  plain(): { task: BatchTask<PairBatch>; options: TrainerOptions };
  /** by the fused step, or in words why what is asked for has none */
  fused: (FusedRequest & { task: BatchTask<PairBatch> }) | string;
  /** processes that take each step together, this one included, and what the others are made from; null: this one alone */
  parallel?: { processes: number; source: ReplicaSource } | null;
  /** added to the engine's description */
  note?: string;
}

/**
 * The trainer with the fused step where it applies (or is demanded), else with tfjs.
 *
 * @returns the trainer, and what the manifest says of its engine
 * @throws RangeError if a fused step is demanded of something that has none
 */
export function chooseTrainer(choice: TrainerChoice): { trainer: Trainer; engine: string } {
  const { engine, encoder, optimizer, fused, parallel, note = "" } = choice;
  const onHost = computesElsewhere() && optimizer.updatesOnHost ? ", updates on the CPU" : "";
  const plain = (why: string) => {
    const { task, options } = choice.plain();
    if (!parallel)
      return {
        trainer: new Trainer(encoder, task, optimizer, options),
        engine: `tfjs (${why})${onHost}${note}`,
      };
    const replicas = new Replicas(parallel.processes - 1, parallel.source, tf.getBackend());
    const sharding = embeddingSharding(encoder, task);
    return {
      trainer: new ParallelTrainer(encoder, task, optimizer, options, replicas, sharding),
      engine: `tfjs, data-parallel over ${parallel.processes} processes${onHost}${note}`,
    };
  };
  if (engine === "tfjs") return plain("as configured");
  const refuse = (what: string, why: string) => {
    if (engine === "auto") return plain(why);
    throw new UserError(`engine: ${engine} must apply to the ${what}, got: ${why}`);
  };
  if (computesElsewhere()) return refuse("backend", `backend ${tf.getBackend()} computes its steps in tfjs`);
  if (typeof fused === "string") return refuse("experiment", fused);
  const { trainer, reason } = fusedTraining({ encoder, task: fused.task, optimizer }, fused);
  if (!trainer) return refuse("model", reason);
  const { threads } = fused;
  return { trainer, engine: `fused, ${threads} ${threads === 1 ? "thread" : "threads"}${note}` };
}
