import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { ParameterSet } from "../../../lib/encoders/parameter-set.js";
import { maskBias } from "../../../lib/encoders/regions/masks.js";
import type { ImageHeads } from "../../../lib/encoders/regions/region-encoder.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { beamSearch } from "../../../lib/studies/kdd/encoders/beam-search.js";
import { CaptionDecoder } from "../../../lib/studies/kdd/encoders/caption-decoder.js";
import { SentenceMatcher } from "../../../lib/studies/kdd/encoders/sentence-matcher.js";
import { WordMatcher } from "../../../lib/studies/kdd/encoders/word-matcher.js";
import {
  bestHeads,
  bestHeadsCross,
  meanScore,
  weightedScore,
} from "../../../lib/studies/kdd/encoders/word-scores.js";
import { padWords, WordVectors } from "../../../lib/studies/kdd/encoders/word-vectors.js";
import { expectClose, expectFloat32Close, vector } from "../../support/vectors.js";

const name = (entry: string) => `3-kdd-multimodal-recall/${entry}`;

beforeAll(async () => void (await selectBackend("wasm")));

describe("scores of words with pictures", () => {
  it("weigh the best head of each word", () => {
    const { inputs, expected } = vector(name("model1_score"));
    const matches = bestHeads(tf.tensor3d([inputs.word_embeddings]), tf.tensor3d([inputs.image_label_heads]));
    expectFloat32Close(matches.dataSync(), expected.best_per_word);
    const score = weightedScore(matches, tf.tensor2d([inputs.word_logits]), maskBias([2], 3));
    expectFloat32Close(score.dataSync(), [expected.score]);
  });

  it("average them without weights", () => {
    const { inputs, expected } = vector(name("model0_label_average_score"));
    const matches = bestHeads(tf.tensor3d([inputs.word_embeddings]), tf.tensor3d([inputs.image_label_heads]));
    expectFloat32Close(meanScore(matches, [2]).dataSync(), [expected.score]);
    expect(meanScore(matches, [0]).dataSync()[0]).toBe(0);
  });

  it("form the matrix of all queries with all pictures", () => {
    const { inputs, expected } = vector(name("model1_cross_matrix"));
    const [first, second] = inputs.query_words;
    const words = tf.tensor3d([first, [...second, [5, 5]]]);
    const matches = bestHeadsCross(words, tf.tensor3d(inputs.image_label_heads));
    const logits = inputs.word_logits_query_image.map((images: number[][]) =>
      images.map((row) => (row.length === 1 ? [...row, 3] : row)),
    );
    const bias = tf.reshape(maskBias([2, 1], 2), [2, 1, 2]);
    expectFloat32Close(weightedScore(matches, tf.tensor3d(logits), bias).dataSync(), expected.flat());
  });
});

const dim = 4;
const random = new Random(3);
const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
const heads = (batch: number): ImageHeads => ({
  caption: tf.tensor2d(normals(batch * dim), [batch, dim]),
  labels: tf.tensor3d(normals(batch * 2 * dim), [batch, 2, dim]),
});

describe("the matching models", () => {
  const words = () => new WordVectors(normals(9 * dim), dim);
  const queries = padWords([[1, 2, 3], [4], [5, 6]]);

  it("model 1 scores pairs as the diagonal of the cross matrix", () => {
    const matcher = new WordMatcher(
      { hidden: 3, weightHidden: 5, dim, dropout: 0.1 },
      words(),
      new ParameterSet("model", new Random(1)),
    );
    const image = heads(3);
    const read = matcher.read(queries, null);
    const cross = matcher.crossScores(read, image).arraySync();
    const pairs = matcher.scores(read, image).dataSync();
    expectFloat32Close(
      cross.map((row, i) => row[i]!),
      pairs,
    );
    // the other entries are those of pairs too: pictures turned by one
    const turned = {
      caption: tf.gather(image.caption, tf.tensor1d([1, 2, 0], "int32")),
      labels: tf.gather(image.labels, tf.tensor1d([1, 2, 0], "int32")),
    };
    expectFloat32Close(
      cross.map((row, i) => row[(i + 1) % 3]!),
      matcher.scores(read, turned).dataSync(),
    );
  });

  it("both score a query alike however far it is padded, and take one without words", () => {
    const table = words();
    const image = heads(1);
    const one = new WordMatcher(
      { hidden: 3, weightHidden: 5, dim, dropout: 0 },
      table,
      new ParameterSet("one", new Random(1)),
    );
    const two = new SentenceMatcher({ dim, dropout: 0 }, table, new ParameterSet("two", new Random(2)));
    const short = padWords([[5, 6]]);
    const long = { ids: Int32Array.of(5, 6, 0, 0), lengths: short.lengths, maxLength: 4 };
    expectFloat32Close(
      one.scores(one.read(long, null), image).dataSync(),
      one.scores(one.read(short, null), image).dataSync(),
    );
    expectFloat32Close(
      two.scores(long, image.caption, null).dataSync(),
      two.scores(short, image.caption, null).dataSync(),
    );
    const empty = padWords([[]]);
    expect(one.scores(one.read(empty, null), image).dataSync()[0]).toBe(0);
    expect(Number.isFinite(two.scores(empty, image.caption, null).dataSync()[0])).toBe(true);
  });

  it("the caption decoder steps as it runs over a whole caption", () => {
    const decoder = new CaptionDecoder({ dim, dropout: 0 }, words(), new ParameterSet("c", new Random(1)));
    const start = heads(1).caption;
    const whole = decoder.logits(padWords([[1, 2, 3]]), start, null);
    expect(whole.shape).toEqual([1, 2, 9]);
    const first = decoder.step([1], start);
    const second = decoder.step([2], first.states);
    expectFloat32Close(whole.dataSync(), [...first.logits.dataSync(), ...second.logits.dataSync()]);
  });
});

describe("searching captions", () => {
  const table = () => {
    const { inputs } = vector(name("beam_search_clean"));
    return (sequences: readonly (readonly number[])[]) =>
      sequences.map((tokens) => inputs.transition_logits_by_previous_token[String(tokens.at(-1))]);
  };
  it("finds the hypotheses of the worked example", () => {
    const { inputs, expected, tolerance } = vector(name("beam_search_clean"));
    const found = beamSearch(table(), {
      startToken: inputs.start_token,
      endToken: inputs.eos_token,
      beam: inputs.beam,
      depth: inputs.depth,
    });
    expect(found.map(({ tokens }) => tokens)).toEqual(
      expected.map(({ tokens }: { tokens: number[] }) => tokens),
    );
    expectClose(
      found.map(({ logProbability }) => logProbability),
      expected.map((entry: { log_prob: number }) => entry.log_prob),
      tolerance,
    );
  });

  it("is greedy with a beam of one, and stops at the depth", () => {
    const greedy = { startToken: 0, beam: 1 };
    const ending = beamSearch(table(), { ...greedy, endToken: 3, depth: 4 });
    expect(ending.map(({ tokens }) => tokens)).toEqual([[1, 3]]);
    const endless = beamSearch((sequences) => sequences.map(() => [0, 1, 0]), {
      ...greedy,
      endToken: 2,
      depth: 3,
    });
    expect(endless.map(({ tokens }) => tokens)).toEqual([[1, 1, 1]]);
  });
});
