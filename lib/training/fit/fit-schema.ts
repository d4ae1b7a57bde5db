import path from "node:path";
import { z } from "zod";
import { describeIssue } from "../../config/describe-issue.js";
import { toCamelCase } from "../../config/part.js";
import { emptyRecord } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import type { FitOptions, PublishedFitOptions } from "./fit-options.js";

type Value = NonNullable<unknown>;
const made = (what: string, is: (value: Value) => boolean) =>
  z.custom<unknown>((value) => value !== undefined && value !== null && is(value), {
    error: `must be ${what}`,
  });
const isObject = (value: Value) => typeof value === "object";
const isFunction = (value: Value) => typeof value === "function";
const isName = (value: Value) => typeof value === "string" && value !== "";
const hasKind = (value: Value) => isObject(value) && isName((value as { kind?: Value }).kind ?? "");
const part = (what: string) =>
  made(`${what}: a name, or { kind, … }`, (value) => isName(value) || hasKind(value));
const loss = z.custom<unknown>((value) => isName(value as Value) || hasKind(value as Value), {
  error: ({ input }) =>
    `must be a loss: a name, or { kind, … }${typeof input === "function" ? "; a function of your own gets its name by registerLoss(name, () => f)" : ""}`,
});
const optionsOf = (what: string) =>
  z.record(z.string(), z.unknown()).describe(`of ${what}, beside those in its { kind, … }`);
const positive = z.int().min(1);
const folderName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: "must be letters, digits, '.', '_' or '-'" });

/** Every option of fit, with its default where it is a plain value. */
export const fitKeys = {
  model: made("a name, a path, a spec or an encoder", (value) => isName(value) || isObject(value)).describe(
    "name (qdrl model list), transformer's folder, run folder, .onnx file, spec, or an encoder",
  ),
  modelOptions: z
    .record(z.string(), z.unknown())
    .describe("keys of a configuration's section model, in camelCase; pictureSize: pixels a side"),
  inputSize: z
    .union([positive, z.tuple([z.literal(3), positive, positive]), z.tuple([positive, positive])], {
      error: "must be pixels a side, [height, width] or [3, height, width]",
    })
    .describe("pictures: pixels a side, or [3, height, width], both equal; modelOptions.pictureSize"),
  trainData: made(
    "a data set, a file, documents or vectorised data",
    (value) => isName(value) || isObject(value),
  ).describe("data set by name or folder; .csv, .tsv, .jsonl or .parquet file; documents; vectorised data"),
  evalData: made("data like trainData, or validation", (value) => isName(value) || isObject(value)).describe(
    "held-out data of the same kind; validation: that part of the data set",
  ),
  valSplit: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe("share of trainData held out, drawn by seed, where there is no evalData"),
  csvOptions: z
    .record(z.string(), z.unknown())
    .describe(
      "isLabeled, relations, dialect, delimiter, encoding, header, size, samplingRate, seed, task, convertToBlob",
    ),
  loss: loss.describe("of pairs for pairs, of labelled items for classes, sessions and instances"),
  lossOptions: optionsOf("loss"),
  miner: part("a miner").describe("what of a batch of labelled items is compared"),
  minerOptions: optionsOf("miner"),
  negatives: z.record(z.string(), z.unknown()).describe("pairs only: a configuration's section negatives"),
  sampler: z
    .enum(["auto", "class", "balanced", "session", "instance", "random"])
    .default("auto")
    .describe("how batches are drawn; auto: by the data, at random for losses with class weights"),
  itemsPerClass: positive.describe(
    "class and balanced samplers: items of a class in a batch; default: batch size / classes",
  ),
  views: z.int().min(2).describe("instance sampler: views of an item in a batch; default 2"),
  optimizer: part("an optimiser").default("adam").describe("what applies the gradients"),
  optimizerOptions: optionsOf("optimizer; layerWiseLrDecay is layerWiseDecay"),
  configureOptimizer: made("a function of the encoder", isFunction).describe(
    "gives an optimiser, or [optimiser, schedule], in place of optimizer",
  ),
  learningRate: z
    .number()
    .positive()
    .default(1e-3)
    .describe("step size of the optimiser, before its schedule"),
  layerWiseDecay: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe("each layer's rate is this times that of the layer above"),
  lossOptimizer: part("an optimiser").describe(
    "of weights that the loss trains itself; default: the same as of the model",
  ),
  lossOptimizerOptions: optionsOf("lossOptimizer; learningRate too"),
  schedule: made(
    "a schedule: a name, { kind, … }, or a function of the step",
    (value) => isName(value) || hasKind(value) || isFunction(value),
  ).describe("factor of the learning rate; default: constant"),
  scheduleOptions: optionsOf("schedule"),
  scheduleBy: z.enum(["batch", "epoch"]).describe("what the schedule counts; default: batches"),
  epochs: positive.default(10).describe("passes over trainData"),
  batchSize: z
    .union([positive, z.literal("auto")], { error: "must be a positive integer or auto" })
    .default(256)
    .describe("items or pairs of a step; auto: the fastest per item, measured before training"),
  callbacks: z
    .array(z.custom<unknown>(hasName, { error: "must be a callback" }))
    .describe("run in this order"),
  progress: z
    .custom<unknown>((value) => value === null || isObject(value ?? 0), {
      error: "must be a callback or null",
    })
    .describe("runs first; null: no progress is shown"),
  clipNorm: z.number().positive().describe("longest gradient; default: any"),
  chunkSize: positive.describe(
    "rows embedded at a time, the gradient being that of the whole batch; default: all",
  ),
  side: z.enum(["query", "document"]).default("document").describe("tower that embeds labelled items"),
  emptyBatch: z.enum(["skip", "fail"]).default("skip").describe("a batch in which the miner finds nothing"),
  freeze: z
    .union([z.boolean(), z.array(z.string().min(1))], { error: "must be true, false or names of layers" })
    .default(false)
    .describe("true: all but the last layer keep their weights; or the layers that do (qdrl model layers)"),
  layerName: z.string().min(1).describe("layer that embeddings are taken from; default: the last"),
  outputDim: positive.describe(
    "length of the embeddings: a linear layer with batch normalisation on the encoder",
  ),
  projectionHead: z
    .union(
      [
        z.boolean(),
        z.strictObject({ numLayers: positive.max(16).default(2), outputDim: positive.default(128) }),
      ],
      {
        error: "must be true, false or { numLayers, outputDim }",
      },
    )
    .describe("layers with batch normalisation and ReLU on the encoder; true: two, to 128 numbers"),
  preprocess: made("a function of a document", isFunction).describe(
    "applied to each document before it is read",
  ),
  collate: made("a function of documents", isFunction).describe(
    "makes batches of documents for an encoder of one's own",
  ),
  device: z
    .enum(["cpu", "cuda", "gpu"])
    .describe("what computes; where there is no GPU a line says so and the CPU does"),
  numWorkers: z
    .int()
    .min(0)
    .max(256)
    .default(0)
    .describe("threads that read a data set's pairs anew in each epoch; 0: read once, before"),
  toOnnx: z
    .union([z.boolean(), z.string().min(1)], { error: "must be true, false or a folder" })
    .default(false)
    .describe("writes query.onnx and document.onnx there at the end; true: into runDir/onnx"),
  report: z
    .boolean()
    .describe("measures on held-out data before and after; default: for documents and files that have any"),
  seed: z.int().min(0).default(0).describe("of every random draw"),
  resume: made("a checkpoint", isObject).describe(
    "a checkpoint to go on from; with runDir its own is taken up",
  ),
  engine: z
    .enum(["auto", "fused", "jit", "tfjs"])
    .default("auto")
    .describe(
      "what computes the steps: fused = SIMD kernels (pairs alone), jit = graphs in ONNX Runtime, tfjs = op by op; auto = the fastest that applies",
    ),
  threads: positive.describe("of the fused engine and of graphs; default: all cores"),
  runDir: z.string().min(1).describe("run folder …/<task>/<run>: metrics, checkpoints, model, answers"),
  runName: folderName.describe("run folder reports/runs/<experimentName>/<runName>"),
  experimentName: folderName.describe("default: default"),
  description: z.string().min(1).describe("with a run folder: a sentence for its fit.yaml"),
  fresh: z.boolean().describe("with a run folder: start over"),
  name: z.string().min(1).describe("with a run folder: what tables call it; default: model and loss"),
  evaluation: made("evaluation sets by name", isObject).describe(
    "with a run folder: default: those of the data set",
  ),
  evaluateBefore: z
    .boolean()
    .describe("with a run folder: answers the queries before the first step too, as epoch −1"),
  signal: made("an AbortSignal", isObject).describe("ends the fit after the batch under way"),
  tell: made("a function of a line", isFunction).describe("is told what happens"),
} satisfies Record<keyof FitOptions, z.ZodType>;

function hasName(value: unknown): boolean {
  return typeof value === "object" && value !== null && "on" in value;
}

const required: readonly string[] = ["model", "trainData", "loss"];
const schema = z.strictObject(
  Object.fromEntries(
    Object.entries(fitKeys).map(([key, type]) => [key, required.includes(key) ? type : type.optional()]),
  ),
);

/** What the fine-tuner called what has another name here. */
export const publishedNames: Readonly<Record<string, keyof FitOptions>> = {
  numItemsPerClass: "itemsPerClass",
  scheduler: "schedule",
  schedulerOptions: "scheduleOptions",
  schedulerStep: "scheduleBy",
  preprocessFn: "preprocess",
  collateFn: "collate",
  modelArtifact: "model",
};

/** Options of the fine-tuner that there are none of here, and why. */
export const leftOut: Readonly<Record<string, string>> = {
  inputDtype: "engines compute in float32, and features have the type of their column",
  toEmbeddingModel:
    "freeze, layerName, outputDim and projectionHead make the embedding model where they are given",
  public: "it belongs to the stored file, see uploadArtifact of the client",
};

/** What an option needs beside it to mean anything. */
const needs: readonly [keyof FitOptions, keyof FitOptions][] = [
  ["fresh", "runDir"],
  ["name", "runDir"],
  ["description", "runDir"],
  ["evaluation", "runDir"],
  ["evaluateBefore", "runDir"],
  ["scheduleBy", "schedule"],
  ["scheduleOptions", "schedule"],
  ["minerOptions", "miner"],
  ["lossOptimizerOptions", "lossOptimizer"],
  ["experimentName", "runName"],
];

/** Options with every part a spec, and defaults filled in. */
export type ResolvedOptions = Omit<
  FitOptions,
  "loss" | "miner" | "optimizer" | "lossOptimizer" | "schedule"
> & {
  loss: { kind: string; [option: string]: unknown };
  miner?: { kind: string; [option: string]: unknown };
  optimizer: { kind: string; [option: string]: unknown };
  lossOptimizer?: { kind: string; learningRate: number; [option: string]: unknown };
  schedule?: Exclude<FitOptions["schedule"], string | undefined>;
} & Required<
    Pick<
      FitOptions,
      "learningRate" | "epochs" | "batchSize" | "sampler" | "side" | "emptyBatch" | "seed" | "engine"
    >
  >;

/**
 * Checks every option, in our spelling or the fine-tuner's (`train_data`), and refuses those that would be dropped. The type
 * checker does so where options are written out; options that come from a file, or from JavaScript, are seen here first.
 *
 * @throws UserError naming the option, and the nearest known one
 */
export function parseFitOptions(given: FitOptions | PublishedFitOptions): ResolvedOptions {
  const spelled = ours(given);
  for (const key of Object.keys(spelled)) {
    const why = Object.entries(leftOut).find(([name]) => name === toCamelCase(key))?.[1];
    if (why !== undefined)
      throw new UserError(`fit: ${key} must be left out, as ${why}; got ${show(spelled[key])}`);
  }
  const runDir = runDirOf(spelled);
  const named: Record<string, unknown> = { ...spelled, ...(runDir !== undefined && { runDir }) };
  const parsed = schema.safeParse(named, { reportInput: true });
  if (!parsed.success)
    throw new UserError(
      parsed.error.issues.flatMap((issue) => describeIssue(issue, schema, named, () => "fit")).join("\n"),
    );
  const options = parsed.data as unknown as FitOptions;
  for (const [option, other] of needs)
    if (named[option] !== undefined && named[other] === undefined)
      throw new UserError(`fit: ${option} must be given with ${other} only, got ${show(named[option])}`);
  checkTogether(named as unknown as FitOptions);
  return resolved(options);
}

/** Keys in our spelling; those without a value are left out. */
function ours(given: object): Record<string, unknown> {
  const out = emptyRecord<unknown>();
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const camel = toCamelCase(key);
    const known = Object.hasOwn(publishedNames, camel) ? publishedNames[camel]! : camel;
    const kept = Object.hasOwn(fitKeys, known) ? known : key;
    if (Object.hasOwn(out, kept)) throw new UserError(`fit: ${kept} must be given once, got ${key} too`);
    out[kept] = value;
  }
  return out;
}

function runDirOf({
  runDir,
  runName,
  experimentName = "default",
}: Record<string, unknown>): string | undefined {
  if (runName === undefined) return runDir as string | undefined;
  if (runDir !== undefined)
    throw new UserError(
      `fit: runName must be left out with runDir, got ${show(runName)} and ${show(runDir)}`,
    );
  return path.join("reports/runs", String(experimentName), String(runName));
}

function checkTogether(options: FitOptions): void {
  const { model, modelOptions, inputSize, sampler = "auto" } = options;
  if (inputSize !== undefined && typeof model !== "string")
    throw new UserError("fit: inputSize must be given with a model's name only, got a model that is made");
  if (Array.isArray(inputSize) && inputSize.at(-2) !== inputSize.at(-1))
    throw new UserError(`fit: inputSize must be of a square picture, got [${inputSize.join(", ")}]`);
  if (
    inputSize !== undefined &&
    ["pictureSize", "picture_size"].some((key) => Object.hasOwn(modelOptions ?? {}, key))
  )
    throw new UserError("fit: inputSize must be left out with modelOptions.pictureSize, got both");
  if (modelOptions !== undefined && typeof model !== "string")
    throw new UserError("fit: modelOptions must be given with a model's name only, got a model that is made");
  for (const [option, samplers] of [
    ["itemsPerClass", ["class", "balanced"]],
    ["views", ["instance"]],
  ] as const)
    if (options[option] !== undefined && sampler !== "auto" && !samplers.some((each) => each === sampler))
      throw new UserError(
        `fit: ${option} must be given with sampler ${samplers.join(" or ")} only, got ${options[option]} with sampler ${sampler}`,
      );
  const excluding: [keyof FitOptions, keyof FitOptions][] = [
    ["configureOptimizer", "optimizer"],
    ["configureOptimizer", "schedule"],
    ["configureOptimizer", "layerWiseDecay"],
    ["outputDim", "projectionHead"],
    ["resume", "runDir"],
  ];
  for (const [one, other] of excluding)
    if (options[one] !== undefined && options[other] !== undefined) {
      const why = one === "resume" ? ", whose newest checkpoint is taken up" : "";
      throw new UserError(`fit: ${one} must be left out with ${other}${why}, got both`);
    }
}

function resolved(options: FitOptions): ResolvedOptions {
  const { loss, miner, optimizer, lossOptimizer, schedule, learningRate = 1e-3 } = options;
  const { lossOptions, minerOptions, optimizerOptions, lossOptimizerOptions, scheduleOptions, ...others } =
    options;
  const { inputSize, ...rest } = others;
  const { layerWiseLrDecay, ...ofOptimizer } = camel(optimizerOptions);
  if (layerWiseLrDecay !== undefined && options.layerWiseDecay !== 1 && options.layerWiseDecay !== undefined)
    throw new UserError("fit: layerWiseDecay must be given once, got layerWiseLrDecay too");
  return {
    ...(rest as ResolvedOptions),
    ...(inputSize !== undefined && {
      modelOptions: {
        ...options.modelOptions,
        pictureSize: typeof inputSize === "number" ? inputSize : inputSize.at(-1)!,
      },
    }),
    ...(options.csvOptions && { csvOptions: camel({ ...options.csvOptions }) }),
    loss: specOf(loss, lossOptions),
    optimizer: specOf(optimizer as string, ofOptimizer),
    ...(layerWiseLrDecay !== undefined && { layerWiseDecay: layerWiseLrDecay as number }),
    ...(miner !== undefined && { miner: specOf(miner, minerOptions) }),
    ...(lossOptimizer !== undefined && {
      lossOptimizer: { learningRate, ...specOf(lossOptimizer, lossOptimizerOptions) },
    }),
    ...(schedule !== undefined && {
      schedule: typeof schedule === "function" ? schedule : specOf(schedule, scheduleOptions),
    }),
  };
}

function specOf(
  named: string | { kind: string },
  options: Readonly<Record<string, unknown>> | undefined,
): { kind: string; [option: string]: unknown } {
  return { ...(typeof named === "string" ? { kind: named } : named), ...camel(options) };
}

function camel(options: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [toCamelCase(key), value]));
}

function show(value: unknown): string {
  return typeof value === "object" ? "an object" : JSON.stringify(value);
}
