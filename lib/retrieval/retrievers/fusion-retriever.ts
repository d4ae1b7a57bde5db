import type { Pool, Row } from "../../experiment/evaluation-set.js";
import { cleanPhrase } from "../../tokenizer/clean-phrase.js";
import { fuse, type RankFusion } from "../fusion/rank-fusion.js";
import type { Ranked, Retriever } from "./retriever.js";

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
export class FusionRetriever implements Retriever {
  constructor(
    private readonly retrievers: readonly Retriever[],
    private readonly fusion: RankFusion,
    private readonly depth: number,
  ) {}

  async index(pool: Pool): Promise<void> {
    for (const retriever of this.retrievers) await retriever.index(pool);
  }

  async retrieve(queries: readonly Row[], k: number): Promise<Ranked[]> {
    const lists: Ranked[][] = [];
    for (const retriever of this.retrievers)
      lists.push(await retriever.retrieve(queries, Math.max(k, this.depth)));
    return queries.map((_, q) =>
      fuse(
        lists.map((list) => list[q]!),
        this.fusion,
        k,
      ),
    );
  }
}
