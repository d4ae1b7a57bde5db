import type { LabelMeasured } from "../../browser/page/label-shapes.js";
import { encodeAll } from "../../encoders/encode-all.js";
import type { Encoder } from "../../encoders/encoder.js";
import type { PoolQuery } from "../../experiment/evaluation-set.js";
import type { FeatureBatch } from "../../features/batch.js";
import { judgeRanking } from "../../metrics/judged-ranking.js";
import { meanInterval } from "../../metrics/mean-interval.js";
import { parseMeasure } from "../../metrics/measure.js";
import { exactSearch } from "../../retrieval/indexes/exact-search.js";
import type { LabelStore } from "./label-store.js";

/** Results looked at where a measure names no cut-off. */
const DEPTH = 100;

/** Measures a model as it moves, always on the same queries and documents. */
export class LabelMeasures {
  private first: Float64Array | null = null;
  private last: LabelMeasured | null = null;

  /**
   * @param queries  of an evaluation set, relevant documents by position in the store
   * @param batch    what the encoder reads of them
   */
  constructor(
    private readonly encoder: Encoder,
    private readonly documents: LabelStore,
    private readonly set: string,
    private readonly queries: readonly PoolQuery[],
    private readonly batch: FeatureBatch,
    private readonly measure: string,
  ) {}

  /** Remembers what the model is worth before the first answer. */
  begin(): void {
    this.first = this.valuesNow();
  }

  /**
   * @param answers  that the model has seen
   * @param every    answers from one measurement to the next; in between the last one is given
   */
  now(answers: number, every = 1): LabelMeasured | null {
    if (this.queries.length === 0 || this.first === null) return null;
    if (this.last && (this.last.answers === answers || answers - this.last.answers < every)) return this.last;
    const { first } = this;
    const values = this.valuesNow();
    const mean = (of: Float64Array) => of.reduce((sum, value) => sum + value, 0) / of.length;
    const change = meanInterval([values.map((value, q) => value - first[q]!)]);
    this.last = {
      ...{ measure: this.measure, set: this.set, queries: this.queries.length },
      ...{ value: mean(values), start: mean(first), change, answers },
    };
    return this.last;
  }

  /** Forgets the last value: answers were taken back. */
  forget(): void {
    this.last = null;
  }

  private valuesNow(): Float64Array {
    const { compute, name } = parseMeasure(this.measure);
    const k = Number(/@(\d+)$/.exec(name)?.[1] ?? DEPTH);
    this.documents.refresh();
    const { ids } = exactSearch({
      documents: this.documents.embeddings,
      dim: this.documents.dim,
      queries: encodeAll(this.encoder, this.batch, "query"),
      k,
    });
    return Float64Array.from(this.queries, ({ grades }, q) =>
      compute(
        judgeRanking(
          ids.subarray(q * k, (q + 1) * k).filter((id) => id >= 0),
          grades,
        ),
      ),
    );
  }
}
