import * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../encoders/encoder.js";
import type { GraphProvider } from "../engine/graph-provider.js";
import type { Rewinding } from "../engine/jit/graph-compiler.js";
import { computesElsewhere } from "../engine/tables/backend-rows.js";
import type { PairBatch } from "../experiment/pairs.js";
import { UserError } from "../files/user-error.js";
import type { Optimizer } from "../optimizers/optimizer.js";
import { type FusedRequest, fusedTraining } from "./fused-training.js";
import { graphsPay } from "./graphs-pay.js";
import type { BatchTask } from "./objectives/batch-task.js";
import { embeddingSharding, ParallelTrainer } from "./parallel/parallel-trainer.js";
import type { ReplicaSource } from "./parallel/replica.js";
import { Replicas } from "./parallel/replicas.js";
import { Trainer, type TrainerOptions } from "./trainer.js";
import { GraphDifferentiation } from "./updates/graph-differentiation.js";

/** What computes the steps: "auto" is fused where it applies, else jit where it is the faster one. */
export type Engine = "auto" | "fused" | "jit" | "tfjs";

/** Two ways to train one model on pairs. */
export interface TrainerChoice {
  engine: Engine;
  encoder: Encoder;
  optimizer: Optimizer;
  /** by tfjs */
  plain(): { task: BatchTask<PairBatch>; options: TrainerOptions };
  /** by the fused step, or in words why what is asked for has none */
  fused: (FusedRequest & { task: BatchTask<PairBatch> }) | string;
  graphs: GraphRequest;
  /** processes that take each step together, this one included, and what the others are made from; null: this one alone */
  parallel?: { processes: number; source: ReplicaSource } | null;
  /** added to the engine's description */
  note?: string;
}

/** What decides whether "auto" computes steps by graphs, and how they are run. */
export interface GraphRequest {
  /** rows that a step embeds on each side */
  batchSize: number;
  threads: number;
  /** where they run; "auto" takes graphs for every step that is not fused where this is not the processor */
  provider?: GraphProvider;
  /** why graphs could not hold most of a step, null if they can */
  not?: string | null;
  /** what the loss draws from while it is computed, beside the encoder */
  rewinding?: Rewinding;
  /** told what graphs cannot hold; default: a line on the error stream */
  tell?: (line: string) => void;
  /** where graphs are kept; default: see GraphDifferentiation */
  cacheDir?: string | null;
}

/**
 * The trainer with the fused step where it applies (or is demanded), else with graphs where they are faster, else with tfjs.
 *
 * @returns the trainer, and what the manifest says of its engine
 * @throws RangeError if a fused step is demanded of something that has none
 */
export function chooseTrainer(choice: TrainerChoice): { trainer: Trainer; engine: string } {
  const { trainer, engine } = chosenTrainer(choice);
  const { provider = "cpu" } = choice.graphs;
  const idle = provider !== "cpu" && !engine.startsWith("jit");
  return {
    trainer,
    engine: idle ? `${engine}; provider ${provider} takes no step, engine: jit would` : engine,
  };
}

function chosenTrainer(choice: TrainerChoice): { trainer: Trainer; engine: string } {
  const { engine, encoder, optimizer, fused, graphs, parallel, note = "" } = choice;
  const onHost = computesElsewhere() && optimizer.updatesOnHost ? ", updates on the CPU" : "";
  const unfused = (why: string) => {
    const { task, options } = choice.plain();
    if (!parallel) {
      const steps = plainSteps(engine === "fused" ? "auto" : engine, encoder, graphs, why);
      return {
        trainer: new Trainer(encoder, task, optimizer, { ...options, ...steps.options }),
        engine: `${steps.engine}${onHost}${note}`,
      };
    }
    if (engine === "jit")
      throw new UserError(`engine: must be auto or tfjs with data_parallel ${parallel.processes}, got jit`);
    const replicas = new Replicas(parallel.processes - 1, parallel.source, tf.getBackend());
    const sharding = embeddingSharding(encoder, task);
    return {
      trainer: new ParallelTrainer(encoder, task, optimizer, options, replicas, sharding),
      engine: `tfjs, data-parallel over ${parallel.processes} processes${onHost}${note}`,
    };
  };
  if (engine === "tfjs" || engine === "jit") return unfused("as configured");
  const refuse = (what: string, why: string) => {
    if (engine === "auto") return unfused(why);
    throw new UserError(`engine: ${engine} must apply to the ${what}, got: ${why}`);
  };
  if (computesElsewhere()) return refuse("backend", `backend ${tf.getBackend()} computes its steps in tfjs`);
  if (typeof fused === "string") return refuse("experiment", fused);
  const { trainer, reason } = fusedTraining({ encoder, task: fused.task, optimizer }, fused);
  if (!trainer) return refuse("model", reason);
  const { threads } = fused;
  return { trainer, engine: `fused, ${threads} ${threads === 1 ? "thread" : "threads"}${note}` };
}

/** What computes steps that are not fused, and what the manifest says of it. */
export function plainSteps(
  engine: Exclude<Engine, "fused">,
  encoder: Encoder,
  graphs: GraphRequest,
  why: string,
): { options: Pick<TrainerOptions, "differentiation">; engine: string } {
  const { threads, batchSize, provider = "cpu", not = null, rewinding, cacheDir, tell } = graphs;
  const pays = () => not === null && !computesElsewhere() && graphsPay(encoder, batchSize);
  const asked = provider !== "cpu" && !computesElsewhere();
  const chosen = engine === "jit" || (engine === "auto" && (asked || pays()));
  if (!chosen) return { options: {}, engine: `tfjs (${why})` };
  return {
    options: {
      differentiation: new GraphDifferentiation(rewindingOf(encoder, rewinding), {
        ...{ threads, provider },
        ...(cacheDir !== undefined && { cacheDir }),
        ...(tell && { tell }),
      }),
    },
    engine: `jit, ONNX Runtime on ${provider}, ${threads} ${threads === 1 ? "thread" : "threads"}`,
  };
}

/** Draws of an encoder, and of what else there is. */
function rewindingOf(encoder: Encoder, further?: Rewinding): Rewinding {
  return {
    state: () => [encoder.randomState(), further?.state()],
    restore: ([own, other]: [number[] | null, unknown]) => {
      if (own) encoder.setRandomState(own);
      further?.restore(other as never);
    },
  };
}
