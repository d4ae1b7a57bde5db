import type { EvaluationSet, Pool, Row } from "../../experiment/evaluation-set.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { cleaningNames, cleaningOf } from "../../tokenizer/text-cleaning.js";
import type { QueryResult } from "../../tracking/run-folder.js";
import type { AskedQuery, Ranked, Retriever } from "./retriever.js";

/** A query that was ranked: what it says in the data set, and its ranking. */
interface RankedQuery extends AskedQuery {
  text: string;
  top: QueryResult["top"];
}

/**
 * Answers the queries of a run from the rankings that it keeps, and no others: for systems that are not here. A query of the
 * data set is known by its set and id; one that is typed by its text as it is spelled, case, white space and Unicode forms aside.
 */
export class FrozenRankings implements Retriever {
  private readonly byId = new Map<string, RankedQuery>();
  private readonly byText = new Map<string, RankedQuery[]>();
  private indexOf: ReadonlyMap<string, number> = new Map();

  /**
   * @param results  of clean queries
   * @param sets     what the queries say, by name of the set
   * @param why      other queries have no answer, if it is known
   */
  constructor(
    results: readonly QueryResult[],
    sets: readonly EvaluationSet[],
    private readonly queryText: string,
    private readonly why: string | undefined = undefined,
  ) {
    const texts = new Map(
      sets.flatMap(({ name, queries }) =>
        queries.map(({ id, fields }) => [idKey({ set: name, id }), ownEntry(fields, queryText) ?? ""]),
      ),
    );
    for (const { set, id, query, top } of results) {
      const ranked = { set, id, text: texts.get(idKey({ set, id })) ?? query, top };
      this.byId.set(idKey(ranked), ranked);
      const alike = this.byText.get(textKey(ranked.text));
      if (alike) alike.push(ranked);
      else this.byText.set(textKey(ranked.text), [ranked]);
    }
  }

  async index(pool: Pool): Promise<void> {
    this.indexOf = new Map(pool.ids.map((id, index) => [id, index]));
  }

  /** @throws UserError for a query that was not ranked or is spelled otherwise, or a typed text that several queries have */
  async retrieve(queries: readonly Row[], k: number, asked?: readonly AskedQuery[]): Promise<Ranked[]> {
    return queries.map((row, q) => {
      const text = ownEntry(row, this.queryText) ?? "";
      const { top } = asked ? this.ofSet(asked[q]!, text) : this.typed(text);
      const kept = top.slice(0, k);
      return {
        ids: Int32Array.from(kept, ([id]) => this.indexOf.get(id) ?? -1),
        scores: Float64Array.from(kept, ([, score]) => score),
      };
    });
  }

  private ofSet(asked: AskedQuery, text: string): RankedQuery {
    const found = this.byId.get(idKey(asked));
    if (found === undefined)
      throw new UserError(
        `FrozenRankings: queries must be those that were ranked, got "${text}" (${asked.id} of ${asked.set})`,
      );
    const prepared = [found.text, ...cleaningNames.map((name) => cleaningOf(name).clean(found.text))];
    if (!prepared.includes(text))
      throw new UserError(
        `FrozenRankings: queries must be those that were ranked, as they are spelled ("${found.text}"), got "${text}"`,
      );
    return found;
  }

  private typed(text: string): RankedQuery {
    const [found, ...others] = this.byText.get(textKey(text)) ?? [];
    if (found === undefined)
      throw new UserError(
        `FrozenRankings: queries must be those that were ranked, as they are spelled, got "${text}"${this.why ? `; the run cannot be searched: ${this.why}` : ""}`,
      );
    const answer = JSON.stringify(found.top);
    const other = others.find(({ top }) => JSON.stringify(top) !== answer);
    if (other !== undefined)
      throw new UserError(
        `FrozenRankings: a typed query must be that of one ranking, got "${text}", which is ${found.id} of ${found.set} and ${other.id} of ${other.set} with different answers`,
      );
    return found;
  }
}

function idKey({ set, id }: AskedQuery): string {
  return JSON.stringify([set, id]);
}

function textKey(text: string): string {
  return text.normalize("NFC").toLowerCase().trim().replace(/\s+/g, " ");
}
