// docs/losses.md: published losses, miners and optimisers by name, computed here and set beside their references.
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { register } from "tsx/esm/api";

const LIB = {
  items: "lib/losses/create-item-loss.ts",
  pairs: "lib/losses/create-loss.ts",
  miners: "lib/negatives/miners/create-miner.ts",
  optimizers: "lib/optimizers/create-optimizer.ts",
  random: "lib/engine/random/random.ts",
};
const MINERS = [
  ...["AngularMiner", "BatchEasyHardMiner", "BatchHardMiner", "HDCMiner", "PairMarginMiner"],
  ...["MultiSimilarityMiner", "TripletMarginMiner", "EmbeddingsAlreadyPackagedAsTriplets"],
];
/** Combinations that cannot agree, and why. */
const APART = {
  "NPairsLoss with HDCMiner": "ties: the first pair of a label, and (i, j) is as far apart as (j, i)",
};
const ELSEWHERE = {
  CentroidTripletLoss: "takes no miner; compared with pytorch-metric-learning 1.7.3, which had it",
  CrossBatchMemory: "a loss by name inside it; takes no miner; 13 losses over four batches compared",
  GenericPairLoss: 'a function of one\'s own, in code only: `{kind: "GenericPairLoss", compute}`',
  VICRegLoss: "two views, no labels; takes no miner",
  CLIPLoss: "pairs; vectors `4-finetuner/clip_loss`",
  CosineSimilarityLoss: "scored pairs; vector `4-finetuner/cosine_similarity_loss`",
  MarginMSELoss: "triplets with margins; vector `4-finetuner/margin_mse_loss`",
};

const fixture = (name) => JSON.parse(readFileSync(`tests/fixtures/${name}.json`, "utf8"));
const shown = (value) => (value === 0 ? "0" : value.toPrecision(4).replace(/^0\./, "."));

export async function lossesPage() {
  const stop = register();
  const load = (file) => import(pathToFileURL(path.resolve(file)).href);
  const [{ itemLosses, createItemLoss }, { losses }, { miners }, { optimizers }, { Random }] =
    await Promise.all(Object.values(LIB).map(load));
  stop();
  await tf.setBackend("cpu");
  const { cases, losses: answers, proxies, centers, made } = fixture("metric-learning/losses");
  const mined = fixture("metric-learning/mined-losses");

  const lossValue = (name, miner, { rows, labels }) => {
    const parts = { session: false, classes: 4, dim: 5, random: new Random(1) };
    const own = name === "SoftTripleLoss" ? { centersPerClass: 3 } : {};
    const loss = createItemLoss({ ...own, kind: name }, { ...parts, miner: miner && { kind: miner } });
    loss.weights?.class_weights?.assign(tf.tensor2d(name === "SoftTripleLoss" ? centers : proxies));
    return tf.tidy(() => loss(tf.tensor2d(rows), { labels: Int32Array.from(labels) }).value.dataSync()[0]);
  };
  const same = (a, b) => Math.abs(a - b) <= 2e-4 * Math.max(Math.abs(b), 1e-2);
  const cell = (ours, theirs, what) =>
    same(ours, theirs) ? shown(ours) : APART[what] ? "—¹" : `**${shown(ours)} ≠ ${shown(theirs)}**`;

  const named = Object.keys(answers).filter((name) => !name.includes(" "));
  const kind = (name) => `\`${itemLosses.kindOf(name)}\``;
  const first = named.map((name) => {
    const cells = ["random", "unnormalised", "tied", "degenerate"].map((input) => {
      const wanted = answers[name][input];
      if (!wanted || wanted.value === null) return "—²";
      return cell(lossValue(name, null, cases[input]), wanted.value, name);
    });
    return `| ${name} | ${kind(name)} | ${cells.join(" | ")} |`;
  });
  const second = named.map((name) => {
    const cells = MINERS.map((miner) =>
      cell(lossValue(name, miner, cases[mined.case]), mined.values[name][miner], `${name} with ${miner}`),
    );
    return `| ${name} | ${cells.join(" | ")} |`;
  });
  const kindOf = {
    CLIPLoss: losses.kindOf("CLIPLoss"),
    CosineSimilarityLoss: "cosine_similarity",
    MarginMSELoss: "margin_mse",
  };
  const others = Object.entries(ELSEWHERE).map(
    ([name, note]) => `| ${name} | \`${kindOf[name] ?? itemLosses.kindOf(name)}\` | ${note} |`,
  );
  const published = (registry) =>
    registry
      .parts()
      .filter((part) => part.published)
      .map((part) => `| ${part.published[0]} | \`${part.kind}\` | ${part.summary} |`);
  const { made: torch } = fixture("torch-optimizers/paths");

  return `# Losses, miners and optimisers by their published names

<!-- Made by tools/docs.mjs: every value is computed when the page is written. -->

\`fit\`, \`createLoss\` and configurations take the published name (\`TripletMarginLoss\`, \`BatchHardMiner\`, \`RMSprop\`) or ours.
A loss of labelled items is also one of pairs (\`loss: {type: ProxyAnchorLoss}\`): queries and documents are items, labelled by
the document. Any loss goes with any miner unless a table says otherwise, and with any optimiser: those see gradients only.
Two exceptions: LBFGS evaluates a batch several times, so it takes no groups, no \`lossOptimizer\` and no fused step; momentum
and weight decay of \`sgd\` have no fused step either.

## Losses of labelled items

The value of each loss with its defaults, which equals that of ${made} within 2·10⁻⁴ (a difference would be set in
bold); gradients in embeddings and class vectors are compared by \`tests/losses/metric-learning.test.ts\`.

| published | ours | random | unnormalised | copies | degenerate |
|---|---|---|---|---|---|
${first.join("\n")}

² no number in the reference, or rounding decides (a row of zeros exactly at a margin); ours is finite.

| published | ours | |
|---|---|---|
${others.join("\n")}

## Loss × miner

On the unnormalised input, as above.

| loss | ${MINERS.map((name) => name.replace("EmbeddingsAlreadyPackagedAsTriplets", "AlreadyPackaged").replace(/Miner$/, "")).join(" | ")} |
|---|${MINERS.map(() => "---").join("|")}|
${second.join("\n")}

¹ ${Object.values(APART).join("; ")}.

DistanceWeighted and UniformHistogram draw at random: their frequencies are compared. MaximumLoss asks the loss itself.

| published | ours | |
|---|---|---|
${published(miners).join("\n")}

## Optimisers

Each goes the way of ${torch} over twelve steps, parameter by parameter, within 3·10⁻⁵
(\`tests/optimizers/torch-optimizers.test.ts\`; NAdam is that of torch 2, which repaired its product of momenta).

| published | ours | |
|---|---|---|
${published(optimizers).join("\n")}

## Which are the same function

- On batches with one positive per query: \`batch_softmax\` = \`softmax\` = \`list_net\`. \`dataset.grade_column\` sets \`list_net\` and
  \`approximate_ndcg\` apart: they then see the grades of all documents that the query's pairs name
  (on 50 Chorus searches that moved nDCG@10 by −.005 [−.035, .027] and −.001 [−.037, .033]: nothing to tell; reports/LOG.md).
- \`triplet\` with num_negatives ≥ B − 1 = \`triplet_margin\` on cosine distance over all terms; \`pairwise_hinge\` takes the same
  mean query by query, so it is the same where no candidate is masked.
- \`nt_xent\` = \`sup_con\` at the same τ with two items a label. With more, an item's other positives stand in \`sup_con\`'s
  denominator and not in \`nt_xent\`'s.
- \`n_pairs\` over pairs of queries and documents = \`batch_softmax\` with τ = 1.
- \`large_margin_softmax\` with unit class vectors = \`sphere_face\`; with m = 1 both are a softmax on ‖x‖ cos θ.
- \`sparse_adam\` = \`hf_adamw\` without weight decay; \`adamw\` and \`adam_l2\` without it = \`adam\` on rows that every step touches.

## Where they differ from the references

\`centroid_triplet\` uses all other classes where the reference drops some from five on. \`angular\` and the angular miner leave
embeddings unnormalised where the reference does (\`unit_negatives\` mends the loss). A row of zeros is divided by 10⁻⁸, not by
10⁻¹². Class vectors start uniform in ±1/√D. \`soft_triple\` has no regulariser. \`GenericPairLoss\` is abstract there.
`;
}
