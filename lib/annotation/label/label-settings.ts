import { z } from "zod";
import { describeIssue } from "../../config/describe-issue.js";
import { nearestName } from "../../config/nearest-name.js";
import { UserError } from "../../files/user-error.js";
import { itemLosses } from "../../losses/create-item-loss.js";
import { losses } from "../../losses/create-loss.js";
import { optimizers } from "../../optimizers/create-optimizer.js";
import { labelChoices } from "./label-choices.js";
import { isItemLoss } from "./label-task.js";

const named = (known: { get(kind: string): unknown }) =>
  z.string().superRefine((kind, context) => {
    try {
      known.get(kind);
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
    }
  });

function knownLoss(kind: string): void {
  if (isItemLoss(kind)) return;
  if (losses.kinds().includes(losses.kindOf(kind))) return;
  const known = [...losses.kinds(), ...itemLosses.kinds()];
  const nearest = nearestName(kind, known);
  throw new UserError(
    `unknown loss "${kind}"; ${nearest ? `did you mean ${nearest}?` : `known: ${known.join(", ")}`}`,
  );
}

const keys = {
  seed: z.int().min(0).default(1).describe("of every draw"),
  questions: z
    .string()
    .min(1)
    .default("queries")
    .describe(
      "queries: those of the training part; documents: the documents themselves; or a file of documents",
    ),
  choice: named(labelChoices).default("nearest").describe("how the next question is chosen"),
  considered: z.int().min(1).default(300).describe("questions drawn among which the next one is chosen"),
  candidates: z.int().min(1).max(100).default(9).describe("nearest documents shown with a question"),
  pool: z
    .int()
    .min(2)
    .nullable()
    .default(null)
    .describe(
      "documents drawn anew for each question, among which its nearest are; null = all. Where it is not given: all, unless embedding them takes longer than 0.4 s",
    ),
  train: z
    .enum(["batch", "all"])
    .default("batch")
    .describe(
      "what a step trains on: batch: the newest answer and a draw of earlier ones; all: in turn every label there is",
    ),
  epochs: z.int().min(0).max(1000).default(3).describe("batch: steps an answer; all: passes over the labels"),
  batchSize: z.int().min(1).max(1024).default(32).describe("questions in a step, each with its candidates"),
  rehearsal: z
    .int()
    .min(0)
    .max(4096)
    .default(32)
    .describe("pairs of the run's own training data in every step, so that it is not forgotten; 0 = none"),
  loss: named({ get: knownLoss })
    .default("batch_softmax")
    .describe("a loss of labelled items that takes sessions, or a loss of pairs"),
  lossOptions: z.record(z.string(), z.unknown()).default({}).describe("options of the loss"),
  optimizer: named(optimizers)
    .default("lazy_adam")
    .describe("update rule; one that moves the rows of a step alone is fast"),
  learningRate: z.number().positive().default(3e-4).describe("step size of the optimiser"),
  measure: z.string().default("Recall@10").describe("shown as it moves"),
  measuredOn: z
    .string()
    .nullable()
    .default(null)
    .describe("evaluation set; null = validation where there is one, else the run's first"),
};

/** What a folder of labels was begun with. */
export const labelSettings = z.strictObject(keys);
export type LabelSettings = z.output<typeof labelSettings>;

/** Settings as far as they are given. */
export type GivenLabelSettings = z.input<typeof labelSettings>;

/** Defaults filled in. @throws UserError one line per broken rule */
export function parseLabelSettings(given: GivenLabelSettings): LabelSettings {
  const parsed = labelSettings.safeParse(given, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new UserError(
    parsed.error.issues
      .flatMap((issue) => describeIssue(issue, labelSettings, given, () => "label"))
      .join("\n"),
  );
}
