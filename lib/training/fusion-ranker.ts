import { type Fusion, fuse } from "../retrieval/fusion.js";
import { cleanPhrase } from "../tokenizer/clean-phrase.js";
import type { Ranked, Ranker } from "./evaluate.js";
import type { Pool, Row } from "./evaluation-set.js";

/**
 * What is done to queries that several systems are asked: nothing where one of them reads texts as they are written, since
 * those that read cleaned texts clean them themselves; else cleaning.
 */
export function sharedPreparation(
  systems: readonly { prepare?: (text: string) => string }[],
): (text: string) => string {
  return systems.find((system) => system.prepare !== undefined)?.prepare ?? cleanPhrase;
}

/** Several systems answering as one: each ranks `depth` documents, which are then fused. */
export class FusionRanker implements Ranker {
  constructor(
    private readonly rankers: readonly Ranker[],
    private readonly fusion: Fusion,
    private readonly depth: number,
  ) {}

  async index(pool: Pool): Promise<void> {
    for (const ranker of this.rankers) await ranker.index(pool);
  }

  async rank(queries: readonly Row[], k: number): Promise<Ranked[]> {
    const lists: Ranked[][] = [];
    for (const ranker of this.rankers) lists.push(await ranker.rank(queries, Math.max(k, this.depth)));
    return queries.map((_, q) =>
      fuse(
        lists.map((list) => list[q]!),
        this.fusion,
        k,
      ),
    );
  }
}
