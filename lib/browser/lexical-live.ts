import type { Explanation } from "../retrieval/explaining/explanation.js";
import { bm25Analyzer } from "../retrieval/lexical/bm25-analysis.js";
import { Bm25Retriever } from "../retrieval/retrievers/bm25-retriever.js";
import { asWritten, cleaningOf } from "../tokenizer/text-cleaning.js";
import type { LiveHit, LivePlace, LiveSystem } from "./live-system.js";
import type { PackedCorpus, PackedLexical } from "./payload.js";

/** BM25 in a page: the library's retriever over the page's documents. */
export class LexicalLive implements LiveSystem {
  readonly kind = "bm25";
  readonly name: string;
  readonly fidelity: string;
  readonly mostScore = null;
  private readonly retriever: Bm25Retriever;
  private readonly prepare: (text: string) => string;
  private readonly ready: Promise<void>;

  constructor(
    packed: PackedLexical,
    private readonly corpus: PackedCorpus,
  ) {
    this.name = packed.name;
    this.fidelity = packed.fidelity;
    const cleaning = cleaningOf(packed.cleaning);
    this.prepare = packed.analysis.type === "standard" ? asWritten : cleaning.clean;
    this.retriever = new Bm25Retriever({
      query: "text",
      fields: packed.fields.map(({ columns, weight }) => ({ columns, weight, trainingQueries: false })),
      ...packed.options,
      analyze: bm25Analyzer(packed.analysis, cleaning),
    });
    const { ids, columns } = corpus;
    const names = [...new Set(packed.fields.flatMap((field) => field.columns))];
    const items = ids.map((_, row) => Object.fromEntries(names.map((name) => [name, columns[name]![row]!])));
    this.ready = this.retriever.index({ ids, items });
  }

  private async ranked(text: string, k: number): Promise<LiveHit[]> {
    await this.ready;
    const prepared = this.prepare(text);
    if (prepared.trim() === "") return [];
    const [{ ids, scores } = { ids: [], scores: [] }] = await this.retriever.retrieve(
      [{ text: prepared }],
      k,
    );
    return Array.from(ids, (id, i) => ({ id, score: scores[i]! }));
  }

  search(text: string, k: number): Promise<LiveHit[]> {
    return this.ranked(text, k);
  }

  async places(text: string, documents: readonly number[]): Promise<(LivePlace | null)[]> {
    const all = await this.ranked(text, this.corpus.ids.length);
    const found = new Map(all.map(({ id, score }, i) => [id, { rank: i + 1, score }]));
    return documents.map((document) => found.get(document) ?? null);
  }

  async find(name: string): Promise<number> {
    return this.corpus.names.indexOf(name);
  }

  async explain(text: string, document: number): Promise<Explanation> {
    await this.ready;
    return this.retriever.explain(this.prepare(text), document);
  }

  neighbours(): null {
    return null;
  }
}
