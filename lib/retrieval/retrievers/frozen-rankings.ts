import type { Pool, Row } from "../../experiment/evaluation-set.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { cleanPhrase } from "../../tokenizer/clean-phrase.js";
import type { QueryResult } from "../../tracking/run-folder.js";
import type { Ranked, Retriever } from "./retriever.js";

/** Answers the queries of a run from the rankings that it keeps, and no others: for systems that are not here. */
export class FrozenRankings implements Retriever {
  private readonly byText: ReadonlyMap<string, QueryResult["top"]>;
  private indexOf: ReadonlyMap<string, number> = new Map();

  /** @param results  of clean queries; a text asked in several sets has one answer */
  constructor(
    results: readonly QueryResult[],
    private readonly queryText: string,
  ) {
    this.byText = new Map(results.map(({ query, top }) => [cleanPhrase(query), top]));
  }

  async index(pool: Pool): Promise<void> {
    this.indexOf = new Map(pool.ids.map((id, index) => [id, index]));
  }

  async retrieve(queries: readonly Row[], k: number): Promise<Ranked[]> {
    return queries.map((row) => {
      const text = cleanPhrase(ownEntry(row, this.queryText) ?? "");
      const top = this.byText.get(text);
      if (top === undefined)
        throw new UserError(
          `FrozenRankings: queries must be those that were ranked, as they are spelled, got "${text}"`,
        );
      const kept = top.slice(0, k);
      return {
        ids: Int32Array.from(kept, ([id]) => this.indexOf.get(id) ?? -1),
        scores: Float64Array.from(kept, ([, score]) => score),
      };
    });
  }
}
