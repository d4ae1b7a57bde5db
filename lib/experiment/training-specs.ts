import { losses } from "../losses/create-loss.js";
import type { LossSpec } from "../losses/loss.js";
import { optimizers } from "../optimizers/create-optimizer.js";
import { schedules } from "../optimizers/create-schedule.js";
import type { OptimizerSpec } from "../optimizers/optimizer.js";
import type { ScheduleSpec } from "../optimizers/schedules/schedule.js";
import type { ExperimentConfig } from "./schema.js";

/** The loss that a configuration names, in plain data. */
export function lossSpec({ loss }: Pick<ExperimentConfig, "loss">): LossSpec {
  return losses.specOf(loss);
}

/** The optimiser that a configuration names, in plain data. */
export function optimizerSpec({
  optimizer,
  learning_rate: learningRate,
}: Pick<ExperimentConfig, "optimizer" | "learning_rate">): OptimizerSpec {
  return { ...optimizers.specOf(optimizer), learningRate };
}

/**
 * The schedule that a configuration names, in plain data.
 *
 * @param runSteps steps of the whole run, the end of schedules that name none
 */
export function scheduleSpec(
  { schedule }: Pick<ExperimentConfig, "schedule">,
  runSteps: number,
): ScheduleSpec {
  const spec = schedules.specOf(schedule);
  return spec["totalSteps"] === null ? { ...spec, totalSteps: runSteps } : spec;
}

/** Whether the run's length decides a learning rate, so that num_epochs may not change on the way. */
export function scheduleNeedsLength({
  schedule,
  update,
}: Pick<ExperimentConfig, "schedule" | "update">): boolean {
  return [schedule, ...update.groups.map((group) => group.schedule)].some(
    (each) => "total_steps" in each && each.total_steps === null,
  );
}

/** What tables call the objective: loss with its main setting, and where negatives come from unless from the batch. */
export function objectiveName({ loss, negatives }: Pick<ExperimentConfig, "loss" | "negatives">): string {
  return [lossName(loss), ...negativeNames(negatives)].join(", ");
}

function lossName(loss: ExperimentConfig["loss"]): string {
  if (loss.type === "custom") return loss.name;
  if (loss.type === "labelled")
    return [loss.name, loss.miner?.name].filter(Boolean).join(" with ").replaceAll("_", " ");
  const name = losses.get(loss.type).displayName ?? loss.type.replaceAll("_", " ");
  if ("temperature" in loss) return `${name} τ ${loss.temperature}`;
  return "margin" in loss ? `${name} m ${loss.margin}` : name;
}

function negativeNames(negatives: ExperimentConfig["negatives"]): string[] {
  if (negatives.type === "cache") return [`cache ${negatives.size}`];
  const names = negatives.mask === "none" ? [] : [`${negatives.mask.replace("_", " ")} masked`];
  for (const source of negatives.add) {
    if (source.type === "random") names.push(`${source.count} random`);
    if (source.type === "hard") names.push(`${source.per_query} hard (${source.from})`);
    if (source.type === "memory") names.push(`memory ${source.size}`);
  }
  if (negatives.log_q !== null) names.push("logQ");
  return names;
}
