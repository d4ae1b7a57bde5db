import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { ParameterSet } from "../../encoders/parameter-set.js";
import type { Listener } from "../../engine/progress.js";
import { Random } from "../../engine/random/random.js";
import { epochOrder } from "../../experiment/pairs.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { partStart } from "../../training/parallel/parallel-trainer.js";
import { beamSearch } from "./encoders/beam-search.js";
import { CaptionDecoder } from "./encoders/caption-decoder.js";
import { padWords } from "./encoders/word-vectors.js";
import { scorePredictions } from "./ensemble.js";
import { type Answers, type Predictions, readAnswers } from "./files/prediction-files.js";
import { trainingKey } from "./finished-steps.js";
import type { ParameterGroup } from "./group-optimizer.js";
import { engineOf } from "./kdd-engine.js";
import { type KddReplica, kddReplicaSource } from "./kdd-replica-source.js";
import type { KddConfig } from "./kdd-schema.js";
import { captionLoss, captionTerms } from "./losses/caption.js";
import { labelLogits, multilabel } from "./losses/multilabel.js";
import { workFiles } from "./prepare.js";
import { type StepShards, trainStep } from "./train-step.js";
import { saveWeights, type Workspace } from "./workspace.js";

type Pair = { query: string; product: string };

/**
 * Pre-trains the image encoder on two tasks at once: the words of a picture's query as labels, and the query as a
 * caption. After every epoch the validation candidates are ranked by minus the positive label loss, and captions of a
 * few validation pictures are kept. Exports the encoder of the configured epoch.
 *
 * Captions are trained with start and end tokens (as published without, so that the end was never learned).
 *
 * @returns nDCG@5 of every epoch, and the one exported (from 1)
 * @see specs/3-kdd-multimodal-recall.md section 6 and quirks 2 to 4
 */
export async function pretrain(
  space: Workspace,
  listener: Listener,
): Promise<{ ndcg: number[]; epoch: number }> {
  const { config, data, words } = space;
  const { pretrain: settings, image } = config;
  const files = workFiles(config.work_dir);
  const random = new Random(config.seed).fork("pretrain");
  const captionSet = new ParameterSet("caption", random);
  const decoder = new CaptionDecoder({ dim: words.dim, dropout: image.dropout }, words, captionSet);
  const weights = { ...space.imageWeights, ...captionSet.variables };
  const answers = readAnswers(path.join(config.data_dir, "valid_answer.json"));
  const usable = data.pairs.filter(({ query }) => space.wordsOf(data.queries[query]!.query).length > 0);
  try {
    const result = await trainStep<CaptionBatch>(
      {
        ...{ name: "pre-training", weights, gamma: settings.gamma, counts: {} },
        ...{ dir: files.training("pretrain"), metricsFile: files.metrics("pretrain") },
        key: trainingKey(config, "pretrain"),
        ...{ epochs: settings.epochs, use: settings.export_epoch },
        publishedRates: config.published_rate_schedule,
        groups: groupsOf(config, weights),
        epoch(number) {
          const order = epochOrder(usable.length, random.fork(`order-${number}`));
          const draws = random.fork(`dropout-${number}`);
          return {
            steps: Math.floor(order.length / settings.batch_size),
            items: order.length,
            batches: captionBatches(usable, order, settings.batch_size, draws),
            whenEmpty: () =>
              new UserError(
                `pretrain.batch_size: must be at most the number of pairs whose query has words (${usable.length}), got ${settings.batch_size}`,
              ),
          };
        },
        itemsOf: ({ pairs }) => pairs.length,
        loss: ({ pairs, draws }) => batchLoss(space, decoder, pairs, draws),
        ...{ engine: engineOf(config), drawsOf: ({ draws }) => draws, tell: listener.line },
        parallel: config.data_parallel === 1 ? null : shardsOf(space, decoder),
        measure: () => ({
          ndcg5: scorePredictions(labelPredictions(space, "valid"), answers).mean,
          captions: captionsOf(space, decoder, answers),
        }),
      },
      listener,
    );
    saveWeights(files.encoder, space.imageWeights);
    return result;
  } finally {
    for (const weight of Object.values(captionSet.variables)) weight.dispose();
  }
}

/** Pairs, and what dropout draws from. */
interface CaptionBatch {
  pairs: readonly Pair[];
  draws: Random;
}

function* captionBatches(
  all: readonly Pair[],
  order: Uint32Array | Int32Array,
  size: number,
  draws: Random,
): Generator<CaptionBatch> {
  for (let start = 0; start + size <= order.length; start += size)
    yield { pairs: Array.from(order.subarray(start, start + size), (i) => all[i]!), draws };
}

function groupsOf({ pretrain: settings }: KddConfig, weights: Record<string, tf.Variable>): ParameterGroup[] {
  const { learning_rate: learningRate, weight_decay: weightDecay } = settings;
  return [{ name: "all", weights, learningRate, weightDecay }];
}

/** Rows of a batch for one process, captions padded as in the whole batch. */
interface CaptionPart {
  pairs: readonly Pair[];
  captionLength: number;
}

function shardsOf(space: Workspace, decoder: CaptionDecoder): StepShards<CaptionBatch> {
  const lengthOf = ({ query }: Pair) => space.wordsOf(space.data.queries[query]!.query).length + 2;
  return {
    processes: space.config.data_parallel,
    source: kddReplicaSource({ config: space.config, step: "pretrain" }),
    parts: ({ pairs }, count) => {
      const parts = Math.min(count, pairs.length);
      const captionLength = Math.max(...pairs.map(lengthOf));
      return Array.from({ length: parts }, (_, i) => ({
        pairs: pairs.slice(partStart(pairs.length, i, parts), partStart(pairs.length, i + 1, parts)),
        captionLength,
      }));
    },
    features: (part, draws) => captionRows(space, decoder, part as CaptionPart, draws),
    loss: ([labels, captions]) => tf.mean(tf.add(labels!, captions!)) as tf.Scalar,
    drawsOf: ({ draws }) => draws,
  };
}

/** What a process beside the pre-training needs to take part in its steps. */
export function pretrainReplica(space: Workspace): KddReplica {
  const { config, words } = space;
  const captionSet = new ParameterSet("caption", new Random(config.seed));
  const decoder = new CaptionDecoder({ dim: words.dim, dropout: config.image.dropout }, words, captionSet);
  const weights = { ...space.imageWeights, ...captionSet.variables };
  return {
    ...{ weights, groups: groupsOf(config, weights) },
    features: (part, draws) => captionRows(space, decoder, part as CaptionPart, draws),
  };
}

/** The loss of each picture's words and that of its caption, [B] each: {@link batchLoss} is the mean of their sum. */
function captionRows(
  space: Workspace,
  decoder: CaptionDecoder,
  { pairs, captionLength }: CaptionPart,
  draws: Random,
): tf.Tensor[] {
  const { label, logits, captions } = readBatch(space, decoder, pairs, draws, captionLength);
  const terms = tf.reshape(captionTerms(logits, captions), [pairs.length, captionLength - 1]);
  return [tf.add(label.positive, label.negative), tf.sum(terms, 1)];
}

function batchLoss(
  space: Workspace,
  decoder: CaptionDecoder,
  pairs: readonly Pair[],
  draws: Random,
): tf.Scalar {
  const { label, logits, captions } = readBatch(space, decoder, pairs, draws, 1);
  return tf.add(label.value, captionLoss(logits, captions)) as tf.Scalar;
}

function readBatch(
  space: Workspace,
  decoder: CaptionDecoder,
  pairs: readonly Pair[],
  draws: Random,
  captionLength: number,
) {
  const { startId, endId } = space.reader;
  const heads = space.embed(
    pairs.map(({ product }) => product),
    draws,
  );
  const labels = pairs.map(({ query }) => space.wordsOf(space.data.queries[query]!.query));
  const label = multilabel(labelLogits(heads.labels, space.words.table), labels, {
    hardExamples: space.config.pretrain.hard_examples,
    excluded: [0, startId, endId],
  });
  const captions = labels.map((ids) => [startId, ...ids, endId]);
  const logits = decoder.logits(padWords(captions, captionLength), heads.caption, draws);
  return { label, logits, captions };
}

/** Candidates scored by minus the positive part of the label loss. */
export function labelPredictions(space: Workspace, set: "valid" | "test"): Predictions {
  return predictWith(space, set, (query, products) =>
    tf.tidy(() => {
      const logits = labelLogits(space.embed(products, null).labels, space.words.table);
      const labels = products.map(() => space.wordsOf(query));
      const { positive } = multilabel(logits, labels, {
        hardExamples: 1,
        excluded: [0, space.reader.startId, space.reader.endId],
      });
      return Array.from(tf.neg(positive).dataSync());
    }),
  );
}

/** Scores of every candidate of every query of a set. */
export function predictWith(
  space: Workspace,
  set: "valid" | "test",
  score: (query: string, products: readonly string[]) => number[],
): Predictions {
  return new Map(
    Object.entries(space.data.candidates[set]).map(([id, { query, products }]) => {
      const scores = score(query, products);
      return [id, products.map((product, i): [string, number] => [product, scores[i]!])];
    }),
  );
}

/** What the decoder writes for the first answers of validation, beside what was searched. */
function captionsOf(space: Workspace, decoder: CaptionDecoder, answers: Answers) {
  const { captions, beam, depth } = space.config.pretrain;
  const { startId: startToken, endId: endToken } = space.reader;
  return [...answers].slice(0, captions).map(([query, [product]]) => {
    const start = tf.tidy(() => space.embed([product!], null).caption);
    // states of all prefixes are recomputed from the start: captions are short and few
    const next = (tokens: readonly number[]) =>
      tf.tidy(() => {
        let states = start;
        let logits: tf.Tensor2D | null = null;
        for (const token of tokens) ({ logits, states } = decoder.step([token], states));
        return logits!.dataSync();
      });
    const [best] = beamSearch((sequences) => sequences.map(next), { startToken, endToken, beam, depth });
    start.dispose();
    const words = best!.tokens.map((id) => space.reader.text(id)).join(" ");
    return { searched: ownEntry(space.data.candidates.valid, query)?.query ?? "", written: words.trim() };
  });
}
