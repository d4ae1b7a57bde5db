import type { Pool, Row } from "../../experiment/evaluation-set.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import type { TextCleaning } from "../../tokenizer/text-cleaning.js";
import { SpellingCorrector, wordCounts } from "../../typos/spelling-corrector.js";
import type { AskedQuery, Ranked, Retriever } from "./retriever.js";

/** A system whose queries are first corrected by the words of the documents that it searches. */
export class SpellingRetriever implements Retriever {
  private corrector: SpellingCorrector | null = null;

  /** @param options.maxDistance  edits that a correction may be away; default 2 */
  constructor(
    private readonly retriever: Retriever,
    private readonly options: {
      documentColumns: readonly string[];
      textColumns: readonly string[];
      cleaning: TextCleaning;
      maxDistance?: number;
    },
  ) {}

  async index(pool: Pool): Promise<void> {
    const { documentColumns, maxDistance, cleaning } = this.options;
    const texts = pool.items.flatMap((item) =>
      documentColumns.map((column) => cleaning.clean(ownEntry(item, column) ?? "")),
    );
    this.corrector = new SpellingCorrector(wordCounts(texts), maxDistance);
    await this.retriever.index(pool);
  }

  async retrieve(queries: readonly Row[], k: number, asked?: readonly AskedQuery[]): Promise<Ranked[]> {
    const corrector = this.corrector;
    if (corrector === null)
      throw new UserError("SpellingRetriever.rank: index(pool) must be called first, got no pool");
    const corrected = queries.map((query) => {
      const row = { ...query };
      for (const column of this.options.textColumns)
        row[column] = corrector.correct(ownEntry(row, column) ?? "");
      return row;
    });
    return this.retriever.retrieve(corrected, k, asked);
  }
}
