import fs from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { countParameters, type Encoder } from "../../encoders/encoder.js";
import { setParameters } from "../../encoders/parameters.js";
import type { Listener } from "../../engine/progress.js";
import type { Random } from "../../engine/random/random.js";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { UserError } from "../../files/user-error.js";
import { listCheckpoints, readCheckpoint } from "../../tracking/checkpoint.js";
import { RunFolder } from "../../tracking/run-folder.js";
import type { Callback } from "../../training/callbacks/callback.js";
import { progress } from "../../training/callbacks/progress.js";
import { runCheckpoints } from "../../training/callbacks/run-checkpoints.js";
import { resumeRun } from "../../training/claim-run.js";
import type { BatchTask } from "../../training/objectives/batch-task.js";
import { ParallelTrainer } from "../../training/parallel/parallel-trainer.js";
import type { ReplicaSource } from "../../training/parallel/replica.js";
import { Replicas } from "../../training/parallel/replicas.js";
import { Session, type SessionEpoch } from "../../training/session.js";
import { runEpochs } from "../../training/train.js";
import { Trainer, type TrainerOptions } from "../../training/trainer.js";
import { GraphDifferentiation } from "../../training/updates/graph-differentiation.js";
import { exponentialRate } from "./exponential-rate.js";
import { GroupOptimizer, type ParameterGroup } from "./group-optimizer.js";
import { appendMetrics } from "./kdd-metrics.js";

/** A training of the KDD system: pre-training, or one of the matching models. */
export interface StepTraining<B> {
  /** what lines and the progress bar call it */
  name: string;
  /** holds checkpoints and timings */
  dir: string;
  metricsFile: string;
  /** of all that decides what an epoch computes; checkpoints of another one are thrown away */
  key: string;
  epochs: number;
  /** which epoch's parameters stay: the best on validation, or a number from 1 */
  use: number | "best";
  /** trained and frozen ones */
  weights: Record<string, tf.Variable>;
  groups: readonly ParameterGroup[];
  gamma: number;
  publishedRates: boolean;
  epoch(number: number): SessionEpoch<B>;
  itemsOf(batch: B): number;
  loss(batch: B): tf.Scalar;
  engine?: "jit" | "tfjs";
  /** what a loss draws from */
  drawsOf?(batch: B): Random;
  /** told what graphs cannot hold */
  tell?: Listener["line"];
  /** how several processes take a step; left out: one takes it */
  parallel?: StepShards<B> | null;
  /** after an epoch: nDCG@5 on validation, and whatever else is to stand in the metrics */
  measure(): { ndcg5: number; [name: string]: unknown };
  /** sums over the training, kept in checkpoints */
  counts: Record<string, number>;
}

/** A step cut into rows. What the loss reads of them is made part by part; the loss is of all rows together. */
export interface StepShards<B> {
  processes: number;
  source: ReplicaSource;
  /** rows of the batch as plain data, for `count` processes or fewer */
  parts(batch: B, count: number): unknown[];
  /** on the tape; draws: what dropout draws from */
  features(part: unknown, draws: Random): tf.Tensor[];
  loss(features: tf.Tensor[], batch: B): tf.Scalar;
  drawsOf(batch: B): Random;
}

/**
 * Trains by the loop of all experiments, with a checkpoint after every epoch, all of which are kept: a training that was
 * killed goes on after its last epoch and ends with the same bytes, more epochs are added to those that are there, and
 * another epoch is exported without training again. `weights` hold the parameters of the epoch in use afterwards.
 *
 * @returns nDCG@5 of every epoch, and the epoch in use (from 1)
 * @throws RangeError if no epoch has a batch, or the loss stops being finite
 */
export async function trainStep<B>(
  training: StepTraining<B>,
  listener: Listener,
): Promise<{ ndcg: number[]; epoch: number }> {
  const { epochs, gamma, publishedRates, counts } = training;
  const folder = new StepFolder(training);
  const tell = (line: string) => listener.line?.(line);
  const model = pairScorer(training);
  const trainer = trainerOf(training, model, {
    schedule: (epoch) => exponentialRate(1, gamma, epoch, publishedRates),
    scheduleBy: "epoch",
  });
  let ndcg: number[] = [];
  const measuring: Callback = {
    name: "measuring",
    on: {
      epoch_end({ epoch, trainLoss: loss }) {
        const measured = training.measure();
        ndcg.push(measured.ndcg5);
        appendMetrics(folder.metricsFile, { epoch, loss, ...measured });
        tell(
          `${training.name}, epoch ${epoch + 1}: loss ${loss.toFixed(3)}, nDCG@5 ${measured.ndcg5.toFixed(4)}`,
        );
      },
    },
    state: () => ({ ndcg, counts }),
    restore(saved) {
      const state = saved as { ndcg: number[]; counts: Record<string, number> };
      ndcg = state.ndcg;
      Object.assign(counts, state.counts);
    },
  };
  const session: Session<B> = new Session({
    ...{ trainer, epochs, tell, validation: null, emptyBatch: "fail", itemsOf: training.itemsOf },
    epoch: (epoch) => training.epoch(epoch),
    callbacks: [
      ...(listener.progress ? [progress(listener, `${training.name}, epoch`)] : []),
      measuring,
      runCheckpoints(folder, () => session, { every: 1, keep: Number.POSITIVE_INFINITY }),
    ],
  });
  folder.claim(training.key, epochs);
  resumeRun(folder, session, true, tell);
  try {
    await runEpochs(session);
  } finally {
    trainer.close();
  }
  const epoch = training.use === "best" ? 1 + ndcg.indexOf(Math.max(...ndcg)) : training.use;
  if (epoch !== epochs) setParameters(model, readCheckpoint(folder.checkpointOf(epoch)).parameters);
  return { ndcg, epoch };
}

function trainerOf<B>(training: StepTraining<B>, model: Encoder, options: TrainerOptions): Trainer<B> {
  const { groups, loss, parallel } = training;
  const optimizer = new GroupOptimizer(groups);
  if (!parallel) {
    const task = lossTask(loss);
    if (training.engine !== "jit") return new Trainer<B>(model, task, optimizer, options);
    const { drawsOf, tell } = training;
    let draws: Random | null = null;
    const noting: BatchTask<B> = {
      ...task,
      prepare(batch, step) {
        draws = drawsOf?.(batch) ?? null;
        return task.prepare(batch, step);
      },
    };
    const rewinding = {
      state: () => draws?.state(),
      restore: (state: number[] | undefined) => void (state && draws?.restore(state)),
    };
    // activations of a wide encoder take gigabytes a graph
    const differentiation = new GraphDifferentiation(rewinding, { openGraphs: 4, ...(tell && { tell }) });
    return new Trainer<B>(model, noting, optimizer, { ...options, differentiation });
  }
  if (training.engine === "jit")
    throw new UserError(`engine: must be auto or tfjs with data_parallel ${parallel.processes}, got jit`);
  const replicas = new Replicas(parallel.processes - 1, parallel.source, tf.getBackend());
  return new ParallelTrainer<B>(
    model,
    lossTask(loss),
    optimizer,
    options,
    replicas,
    (batch, _step, count) => {
      const parts = parallel.parts(batch, count);
      const draws = parallel.drawsOf(batch);
      return {
        // others draw from forks of the generator as it stands before the step
        parts: parts.map((part, rank) => ({ part, draws: draws.fork(`rank ${rank}`).state() })),
        features: (own) => parallel.features((own as SeededPart).part, draws),
        loss: (...features) => parallel.loss(features, batch),
      };
    },
  );
}

/** What a replica is sent: rows, and the state of a generator to draw dropout from. */
export interface SeededPart {
  part: unknown;
  draws: number[];
}

/** A loss that runs the model by itself, in which nothing is remembered. */
function lossTask<B>(loss: (batch: B) => tf.Scalar): BatchTask<B> {
  const prepare = (batch: B) => ({ embed: [], loss: () => loss(batch) });
  return {
    ...{ weights: {}, prepare, prepareValidation: prepare, beginEpoch: () => null, stepDone: () => {} },
    ...{ measurements: () => ({}), state: () => ({}), restore: () => {} },
  };
}

/** A run's folder whose metrics stand elsewhere. */
class StepFolder extends RunFolder {
  constructor(private readonly at: Pick<StepTraining<never>, "dir" | "metricsFile">) {
    super(at.dir);
  }

  override get metricsFile(): string {
    return this.at.metricsFile;
  }

  checkpointOf(epoch: number): string {
    return path.join(this.checkpoints, `epoch-${String(epoch).padStart(5, "0")}.safetensors`);
  }

  /** Throws away checkpoints of another training and of epochs that are no longer asked for. */
  claim(key: string, epochs: number): void {
    const file = path.join(this.dir, "key");
    if (!fs.existsSync(file) || fs.readFileSync(file, "utf8") !== key) {
      fs.rmSync(this.dir, { recursive: true, force: true });
      atomicWriteFile(file, key);
    }
    for (const old of listCheckpoints(this.checkpoints)) if (old > this.checkpointOf(epochs)) fs.rmSync(old);
  }
}

/** What trainer and checkpoints see of a model that scores a query with a product: its parameters. */
export function pairScorer({
  name,
  weights,
  groups,
}: Pick<StepTraining<never>, "name" | "weights" | "groups">): Encoder {
  const embedsNothing = () => {
    throw new UserError(`${name}: scores pairs and has no embeddings of one side`);
  };
  return {
    ...{ kind: name, outputDim: 0, weights, tables: {}, training: false },
    parameterCount: countParameters(weights, {}),
    frozen: new Set(
      Object.keys(weights).filter((key) => !groups.some((group) => Object.hasOwn(group.weights, key))),
    ),
    embedQueries: embedsNothing,
    embedDocuments: embedsNothing,
    randomState: () => null, // each epoch draws from a generator of its own
    setRandomState: () => {},
    dispose: () => {}, // whoever made the weights frees them
  };
}
