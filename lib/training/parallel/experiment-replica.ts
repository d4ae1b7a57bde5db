import { createEncoder } from "../../encoders/create-encoder.js";
import { Random } from "../../engine/random/random.js";
import type { ExperimentConfig } from "../../experiment/schema.js";
import { encoderSpec } from "../../experiment/specs.js";
import { optimizerOf } from "../create-trainer.js";
import type { EmbeddedLoss } from "../objectives/batch-task.js";
import { embedded } from "./parallel-trainer.js";
import type { Replica } from "./replica.js";

/** What an experiment's replica is made from. */
export interface ExperimentReplica {
  /** table sizes resolved */
  config: ExperimentConfig;
  runSteps: number;
}

/** The encoder and the optimiser of an experiment; their numbers come with the first order. */
export function makeExperimentReplica({ config, runSteps }: ExperimentReplica): Replica {
  const model = createEncoder(encoderSpec(config), new Random(config.seed).fork("encoder"));
  return {
    model,
    optimizer: optimizerOf(config, model, runSteps),
    features: (part) => embedded(model, part as EmbeddedLoss["embed"]),
  };
}
