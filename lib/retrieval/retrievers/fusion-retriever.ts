import type { Pool, Row } from "../../experiment/evaluation-set.js";
import { asWritten } from "../../tokenizer/text-cleaning.js";
import { fuse, type RankFusion } from "../fusion/rank-fusion.js";
import type { AskedQuery, Ranked, Retriever } from "./retriever.js";

/**
 * What is done to queries that several systems are asked: what is done for each alone; nothing where that differs, since those
 * that read cleaned texts clean them themselves.
 */
export function sharedPreparation(
  systems: readonly { prepare: (text: string) => string }[],
): (text: string) => string {
  const [first, ...others] = new Set(systems.map((system) => system.prepare));
  return first === undefined || others.length > 0 ? asWritten : first;
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

  async retrieve(queries: readonly Row[], k: number, asked?: readonly AskedQuery[]): Promise<Ranked[]> {
    const lists: Ranked[][] = [];
    for (const retriever of this.retrievers)
      lists.push(await retriever.retrieve(queries, Math.max(k, this.depth), asked));
    return queries.map((_, q) =>
      fuse(
        lists.map((list) => list[q]!),
        this.fusion,
        k,
      ),
    );
  }
}
