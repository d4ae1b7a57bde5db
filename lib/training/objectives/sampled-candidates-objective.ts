import * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../../encoders/encoder.js";
import { whenKnown } from "../../engine/jit/tracing.js";
import type { Random } from "../../engine/random/random.js";
import type { PairBatch, PairSet } from "../../experiment/pairs.js";
import type { BatchNegativesConfig } from "../../experiment/sections/negatives.js";
import { takeRows } from "../../features/batch.js";
import type { StoredTensor } from "../../files/safetensors.js";
import { UserError } from "../../files/user-error.js";
import { candidateMask, type KnownPositives } from "../../losses/candidate-mask.js";
import { KnownGrades } from "../../losses/known-grades.js";
import type { BatchLoss, LossContext } from "../../losses/loss.js";
import { drawMined } from "../../negatives/hard-negatives.js";
import { MemoryBank } from "../../negatives/memory-bank.js";
import { StreamingFrequency } from "../../negatives/streaming-frequency.js";
import { uniformRows } from "../../negatives/uniform-negatives.js";
import { mineNegatives } from "./mine-hard-negatives.js";
import type { Objective, PreparedStep } from "./objective.js";

type HardSource = Extract<BatchNegativesConfig["add"][number], { type: "hard" }>;

/**
 * A loss over the batch's documents and whatever the configuration adds: random, mined and remembered ones, in this order,
 * with masks for false negatives and the logQ correction.
 *
 * Draws of a step come from the seed and the step's number, so they need no state.
 */
export class SampledCandidatesObjective implements Objective {
  readonly weights: Record<string, tf.Variable>;
  private readonly frequency: StreamingFrequency | null;
  private readonly memory: MemoryBank | null;
  private readonly mined = new Map<number, Int32Array>(); // by place in `add`
  private readonly grades: KnownGrades | null;
  private pending: { ids: Int32Array; embeddings: Float32Array } | null = null;

  constructor(
    private readonly loss: BatchLoss,
    private readonly options: BatchNegativesConfig,
    private readonly pairs: PairSet,
    private readonly positives: KnownPositives,
    private readonly encoder: Encoder,
    private readonly random: Random,
  ) {
    this.weights = loss.weights ?? {};
    this.grades = loss.readsGrades && pairs.grades ? new KnownGrades(pairs, pairs.grades) : null;
    this.frequency = options.log_q ? new StreamingFrequency(pairs.documents.size, options.log_q.rate) : null;
    const memories = options.add.flatMap((source) => (source.type === "memory" ? [source] : []));
    if (memories.length > 1)
      throw new UserError(`negatives.add: must have at most one memory, got ${memories.length}`);
    this.memory = memories[0] ? new MemoryBank(memories[0].size, encoder.outputDim) : null;
    const corpus = pairs.documents.size;
    for (const source of options.add)
      if (source.type === "random" && source.count > corpus)
        throw new UserError(
          `negatives.add: count of random documents must be at most the training documents (${corpus}), got ${source.count}`,
        );
  }

  beginEpoch(epoch: number): string | null {
    const told: string[] = [];
    this.options.add.forEach((source, place) => {
      if (source.type !== "hard" || !this.isDue(source, place, epoch)) return;
      const { mined, queriesWithout } = mineNegatives(source, this.pairs, this.positives, this.encoder);
      this.mined.set(place, mined);
      told.push(`hard negatives mined by ${source.from}; ${queriesWithout} queries have none`);
    });
    return told.length === 0 ? null : told.join("; ");
  }

  prepare(batch: PairBatch, step: number): PreparedStep {
    const fresh = this.freshRows(batch, step);
    const rows = Int32Array.from([...batch.documentIds, ...fresh]);
    const remembered = this.rememberedAt(step);
    const ids = Int32Array.from([...rows, ...(remembered?.ids ?? [])]);
    const context = this.contextOf(batch, ids);
    const size = batch.documentIds.length;
    return {
      documents: fresh.length === 0 ? batch.documents : takeRows(this.pairs.documents, rows),
      documentIds: rows,
      loss: (queries, documents) => {
        if (this.memory)
          whenKnown(documents, (values) => {
            const embeddings = values.slice(0, size * this.encoder.outputDim);
            this.pending = { ids: batch.documentIds, embeddings };
          });
        const all = remembered
          ? tf.concat2d(
              [
                documents,
                tf.tensor2d(remembered.embeddings, [remembered.ids.length, this.encoder.outputDim]),
              ],
              0,
            )
          : documents;
        return this.loss(queries, all, context).value;
      },
    };
  }

  stepDone(): void {
    this.loss.clamp?.();
    if (this.memory && this.pending) this.memory.add(this.pending.ids, this.pending.embeddings);
    this.pending = null;
  }

  measurements(): Record<string, number> {
    return Object.fromEntries(
      Object.entries(this.weights)
        .filter(([, weight]) => weight.size === 1)
        .map(([name, weight]) => [`Loss/${name}`, weight.dataSync()[0]!]),
    );
  }

  state(): Record<string, StoredTensor> {
    const out: Record<string, StoredTensor> = {};
    const put = (name: string, data: Float32Array | Int32Array, shape = [data.length]) => {
      out[name] = { shape, data };
    };
    for (const [name, weight] of Object.entries(this.weights))
      put(`weights/${name}`, (weight.dataSync() as Float32Array).slice(), weight.shape);
    for (const [name, { data, shape }] of Object.entries(this.loss.memory?.state() ?? {}))
      put(`loss/${name}`, data as Float32Array, [...shape]);
    for (const [name, data] of Object.entries(this.frequency?.state() ?? {})) put(`frequency/${name}`, data);
    for (const [name, data] of Object.entries(this.memory?.state() ?? {})) put(`memory/${name}`, data);
    for (const [place, rows] of this.mined) put(`mined/${place}`, rows);
    return out;
  }

  restore(state: Record<string, StoredTensor>): void {
    const group = (prefix: string) =>
      Object.fromEntries(
        Object.entries(state).flatMap(([name, { data }]) =>
          name.startsWith(prefix) ? [[name.slice(prefix.length), data]] : [],
        ),
      );
    for (const [name, weight] of Object.entries(this.weights))
      tf.tidy(() => weight.assign(tf.tensor(state[`weights/${name}`]!.data, weight.shape)));
    this.loss.memory?.restore(
      Object.fromEntries(
        Object.entries(state).flatMap(([name, stored]) =>
          name.startsWith("loss/") ? [[name.slice("loss/".length), stored]] : [],
        ),
      ),
    );
    this.frequency?.restore(group("frequency/"));
    this.memory?.restore(group("memory/"));
    for (const [place, rows] of Object.entries(group("mined/")))
      this.mined.set(Number(place), rows as Int32Array);
  }

  private isDue({ from, refresh_epochs: every }: HardSource, place: number, epoch: number): boolean {
    if (!this.mined.has(place)) return true;
    return from === "model" && epoch % every === 0;
  }

  /** Documents of the sources that are embedded with the batch. */
  private freshRows(batch: PairBatch, step: number): number[] {
    return this.options.add.flatMap((source, place) => {
      const random = this.random.fork(`negatives-${place}-${step}`);
      if (source.type === "random") return [...uniformRows(source.count, this.pairs.documents.size, random)];
      if (source.type === "memory") return [];
      const width = source.rank_to - source.rank_from + 1;
      return [...drawMined(this.mined.get(place)!, width, batch.queryIds, source.per_query, random)];
    });
  }

  private rememberedAt(step: number): { ids: Int32Array; embeddings: Float32Array } | null {
    const source = this.options.add.find(({ type }) => type === "memory");
    if (!this.memory || this.memory.count === 0) return null;
    if (source?.type === "memory" && step < source.warmup_steps) return null;
    return { ids: this.memory.ids(), embeddings: this.memory.embeddings() };
  }

  private contextOf(batch: PairBatch, ids: Int32Array): LossContext {
    const { mask, in_batch: inBatch } = this.options;
    const context: LossContext = { documentIds: ids };
    if (mask !== "none" || !inBatch)
      context.negatives = candidateMask(batch.queryIds, ids, mask, this.positives, { inBatch });
    if (this.grades) context.grades = this.grades.of(batch.queryIds, ids);
    if (this.frequency) {
      this.frequency.observe(batch.documentIds);
      context.logQ = this.logCandidates(ids, batch.documentIds.length);
    }
    return context;
  }

  /** log of the expected number of times each document is among the candidates of a step. */
  private logCandidates(ids: Int32Array, size: number): Float32Array {
    const corpus = this.pairs.documents.size;
    const uniform = this.options.add.reduce(
      (sum, source) => sum + (source.type === "random" ? source.count / corpus : 0),
      0,
    );
    // the memory holds the documents of earlier batches: as many batches' worth as fit
    const batches = 1 + (this.memory ? this.memory.count / size : 0);
    return Float32Array.from(ids, (id) => Math.log(batches * this.frequency!.probability(id) + uniform));
  }
}
