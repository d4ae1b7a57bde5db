import type { BagSide } from "../encoders/bag-sides.js";
import { bagOfText } from "../encoders/encoder.js";
import { Mlp, type MlpStep } from "../encoders/mlp.js";
import { fillNormal } from "../engine/random/fill-random.js";
import { Random } from "../engine/random/random.js";
import { EmbeddingTable } from "../engine/tables/embedding-table.js";
import { type VectorizerSpec, vectorizerOf } from "../experiment/stream/stream-vectorizer.js";
import type { FeatureBatch } from "../features/batch.js";
import { type FeatureDeclaration, FeaturePipeline, sourceColumns } from "../features/feature-pipeline.js";
import { storedRows } from "../files/rounded-rows.js";
import { explainBags } from "../retrieval/explaining/explain-bags.js";
import { type Explanation, textsWithoutAWord } from "../retrieval/explaining/explanation.js";
import { normalizedRows } from "../retrieval/indexes/unit-rows.js";
import type { TextVectorizer } from "../tokenizer/text-vectorizer.js";
import type { LiveHit, LivePlace, LiveSystem } from "./live-system.js";
import type { PackedCorpus, PackedDense, PackedSide, PackedTable } from "./payload.js";
import type { PayloadBytes } from "./payload-bytes.js";
import { bestOf, dotProducts, placeOf } from "./ranking.js";

const DOCUMENTS_AT_ONCE = 256;

/** A trained encoder in a page: the library's own vectoriser and forward pass over rows unpacked from bytes. */
export class DenseLive implements LiveSystem {
  readonly kind = "dense";
  readonly name: string;
  readonly fidelity: string;
  readonly mostScore: number | null;
  private readonly vectorizer: TextVectorizer;
  private readonly query: BagSide;
  private readonly document: BagSide | null;
  private readonly queryFeatures: FeaturePipeline;
  private readonly dim: number;
  /** [N, dim], of unit length for cosine */
  private readonly documents: Float32Array;
  private latest: { text: string; scores: Float32Array } | null = null;

  constructor(
    private readonly packed: PackedDense,
    bytes: PayloadBytes,
    private readonly corpus: PackedCorpus,
  ) {
    this.name = packed.name;
    this.dim = packed.dim;
    this.fidelity = packed.fidelity;
    this.mostScore = packed.similarity === "cosine" ? 1 : null;
    const { dictionary } = packed.vectorizer;
    const tokens = dictionary === "" ? [] : dictionary.split("\n");
    this.vectorizer = vectorizerOf({
      ...packed.vectorizer,
      dictionary: new Map(tokens.map((token, i) => [token, i + 1])),
    } as unknown as VectorizerSpec);
    const tables = new Map(
      Object.entries(packed.tables).map(([name, table]) => [name, unpackTable(table, bytes)]),
    );
    this.query = unpackSide(packed.query, tables, bytes);
    this.document = packed.document && unpackSide(packed.document, tables, bytes);
    this.queryFeatures = new FeaturePipeline({
      features: [packed.query.feature],
      vectorizer: this.vectorizer,
    });
    const embedded = packed.index ? bytes.rows(packed.index, this.dim) : this.encodeDocuments();
    this.documents = packed.similarity === "cosine" ? normalizedRows(embedded, this.dim) : embedded;
  }

  private encodeDocuments(): Float32Array {
    const { feature } = this.packed.document!;
    const pipeline = new FeaturePipeline({ features: [feature], vectorizer: this.vectorizer });
    const count = this.corpus.ids.length;
    const out = new Float32Array(count * this.dim);
    for (let from = 0; from < count; from += DOCUMENTS_AT_ONCE) {
      const to = Math.min(count, from + DOCUMENTS_AT_ONCE);
      const columns = Object.fromEntries(
        sourceColumns(feature).map((column) => [column, this.corpus.columns[column]!.slice(from, to)]),
      );
      const batch = sortedBags(pipeline.encodeColumns(columns, to - from));
      out.set(embed(this.document!, batch, feature), from * this.dim);
    }
    return out;
  }

  /** [dim], of unit length for cosine */
  private embedQuery(text: string): Float32Array {
    const { feature } = this.packed.query;
    const batch = this.queryFeatures.encode([
      Object.fromEntries(sourceColumns(feature).map((column, i) => [column, i === 0 ? text : ""])),
    ]);
    const embedded = embed(this.query, batch, feature);
    return this.mostScore === null ? embedded : normalizedRows(embedded, this.dim);
  }

  private scores(text: string): Float32Array {
    if (this.latest?.text !== text)
      this.latest = { text, scores: dotProducts(this.documents, this.embedQuery(text), this.dim) };
    return this.latest.scores;
  }

  async search(text: string, k: number): Promise<LiveHit[]> {
    if (this.vectorizer.cleaning.clean(text).trim() === "") return [];
    return bestOf(this.scores(text), k);
  }

  async places(text: string, documents: readonly number[]): Promise<(LivePlace | null)[]> {
    const scores = this.scores(text);
    return documents.map((document) => placeOf(scores, document));
  }

  async find(name: string): Promise<number> {
    return this.corpus.names.indexOf(name);
  }

  async explain(text: string, document: number): Promise<Explanation> {
    const { cleaning } = this.vectorizer;
    const cleaned = cleaning.clean(text);
    const row = this.documents.subarray(document * this.dim, (document + 1) * this.dim);
    const explanation = explainBags(
      {
        vectorizer: this.vectorizer,
        query: this.query,
        document: this.document,
        similarity: this.packed.similarity,
      },
      cleaned,
      this.packed.index ? row : cleaning.clean(this.documentText(document)),
      this.scores(text)[document]!,
    );
    const words = cleaned.split(" ").filter((word) => word !== "");
    if (words.length < 2 || words.length !== explanation.words.length) return explanation;
    const without = textsWithoutAWord(words).map(
      (rest) => dotProducts(row, this.embedQuery(rest), this.dim)[0]!,
    );
    return {
      ...explanation,
      words: explanation.words.map((word, i) => ({ ...word, without: without[i]! })),
    };
  }

  private documentText(document: number): string {
    return sourceColumns(this.packed.document!.feature)
      .map((column) => this.corpus.columns[column]![document]!)
      .filter((value) => value !== "")
      .join(" ");
  }

  async neighbours(document: number, k: number): Promise<LiveHit[]> {
    const row = this.documents.subarray(document * this.dim, (document + 1) * this.dim);
    const near = bestOf(dotProducts(this.documents, row, this.dim), k + 1);
    return near.filter(({ id }) => id !== document).slice(0, k);
  }
}

/** Ids of every text in one order, so that texts of the same tokens have the very same embedding: ties stay ties. */
function sortedBags(batch: FeatureBatch): FeatureBatch {
  for (const column of Object.values(batch.columns))
    if (column.kind === "text")
      for (let from = 0; from < column.ids.length; from += column.length)
        column.ids
          .subarray(from, from + column.length)
          .sort()
          .reverse(); // padding, 0, stays last
  return batch;
}

function embed(side: BagSide, batch: FeatureBatch, feature: FeatureDeclaration): Float32Array {
  const bag = bagOfText(side.table, batch, feature.name, { weights: side.weights });
  return side.tower.apply(bag).dataSync() as Float32Array;
}

function unpackTable(packed: PackedTable, bytes: PayloadBytes): EmbeddingTable {
  const { rows, dim, count, gaps, drawn } = packed;
  const table = new EmbeddingTable({ rows, dim });
  if (drawn) {
    fillNormal(table.values, new Random(drawn.seed).fork("encoder"), drawn.label);
    table.values.fill(0, 0, dim);
    table.setWeights(storedRows(drawn.storage, table.weights, dim));
  }
  const stored = bytes.rows(packed.values, dim);
  const ids = gaps && bytes.gaps(gaps, count);
  for (let i = 0; i < count; i++)
    table.values.set(stored.subarray(i * dim, (i + 1) * dim), (ids ? ids[i]! : i) * dim);
  return table;
}

function unpackSide(
  packed: PackedSide,
  tables: ReadonlyMap<string, EmbeddingTable>,
  bytes: PayloadBytes,
): BagSide {
  const table = tables.get(packed.table)!;
  let weights: EmbeddingTable | null = null;
  if (packed.weights) {
    weights = new EmbeddingTable({ rows: table.rows, dim: 1 });
    weights.setWeights(bytes.floats(packed.weights));
  }
  const plan: MlpStep[] = [];
  let width = table.dim;
  for (const layer of packed.layers) {
    plan.push(["linear", width, layer.width]);
    if (layer.relu) plan.push(["relu"]);
    width = layer.width;
  }
  const tower = new Mlp("tower", plan, table.dim, width, new Random(0));
  tower.layers.forEach(({ weight, bias }, i) => {
    weight.dataSync().set(bytes.floats(packed.layers[i]!.weight));
    bias.dataSync().set(bytes.floats(packed.layers[i]!.bias));
  });
  return { table, weights, tower };
}
