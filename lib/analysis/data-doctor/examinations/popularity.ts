import type { Side } from "../../../training/objectives/batch-task.js";
import { type DataExamination, type DataFinding, shown } from "../finding.js";
import { type PairCensus, POOL } from "../pair-census.js";

/**
 * Gini coefficient of counts: Σᵢ (2i − n − 1) xᵢ / (n Σ x) with x ascending, i from 1; 0 = all the same, towards 1 = one has
 * all. NaN where nothing is counted.
 */
export function giniCoefficient(counts: ArrayLike<number>): number {
  const sorted = Float64Array.from(counts).sort();
  const n = sorted.length;
  let [weighted, sum] = [0, 0];
  sorted.forEach((count, i) => {
    weighted += (2 * (i + 1) - n - 1) * count;
    sum += count;
  });
  return weighted / (n * sum);
}

/** How unequally training rows are spread over documents and queries, and documents of the pool that no row has. */
export const popularity: DataExamination = {
  name: "popularity",
  about:
    "how unequally training rows are spread over documents and queries (Gini coefficient), documents that none has",
  begin: (settings) => ({
    finish(census) {
      if (census.trainingRows === 0) return [];
      const findings = (["document", "query"] as const).map((side): DataFinding => {
        const counts = rowsPer(census, side);
        const used = counts
          .filter((count) => count > 0)
          .sort()
          .reverse();
        const top = Math.max(1, Math.ceil(used.length / 100));
        const topRows = used.slice(0, top).reduce((sum, count) => sum + count, 0);
        const least = used[settings.examples - 1] ?? 1;
        const order: number[] = [];
        counts.forEach((count, i) => {
          if (count >= least && order.length < 10_000) order.push(i);
        });
        order.sort((a, b) => counts[b]! - counts[a]!);
        const gini = giniCoefficient(used);
        const column = side === "document" ? census.documents : census.queries;
        return {
          check: "popularity",
          what: `training rows of the ${top === 1 ? "most frequent" : `${top.toLocaleString("en")} most frequent`} ${side === "document" ? "documents" : "queries"} of ${used.length.toLocaleString("en")} (1 %; Gini ${gini.toFixed(2)})`,
          outcome: gini > 0.6 ? "look" : "ok",
          count: topRows,
          of: census.trainingRows,
          unit: "training rows",
          examples: order
            .slice(0, settings.examples)
            .map(
              (i) => `${counts[i]!.toLocaleString("en")} × ${shown(column.text(i) ?? column.id(i) ?? "")}`,
            ),
          cost:
            gini > 0.6
              ? side === "document"
                ? "frequent documents are negatives most often and are pushed away from every query: an in-batch loss learns relevance divided by popularity"
                : "few queries decide the loss"
              : null,
          mend:
            gini > 0.6
              ? side === "document"
                ? {
                    says: "correct scores by how often a document is a candidate",
                    configuration: "negatives: { type: batch, mask: known_positives, log_q: {} }",
                  }
                : {
                    says: "draw fewer pairs an epoch, anew each time",
                    configuration: `pairs_per_epoch: ${Math.max(1, Math.round(census.trainingRows / 4))}`,
                  }
              : null,
        };
      });
      if (!census.hasPool) return findings;
      const counts = rowsPer(census, "document");
      const { documents } = census;
      let [pool, unused] = [0, 0];
      const examples: string[] = [];
      for (let i = 0; i < documents.size; i++) {
        if ((documents.parts.at(i) & POOL) === 0) continue;
        pool++;
        if (counts[i]! > 0) continue;
        unused++;
        if (examples.length < settings.examples)
          examples.push(shown(documents.text(i) ?? documents.id(i) ?? ""));
      }
      findings.push({
        check: "popularity",
        what: "documents of the pool that no training row has",
        outcome: unused > pool / 4 ? "look" : "ok",
        count: unused,
        of: pool,
        unit: "documents of the pool",
        examples,
        cost:
          unused === 0
            ? null
            : "their words, and embeddings of the words that only they have, are never trained",
        mend:
          unused === 0
            ? null
            : {
                says: "let documents' own titles be queries too, or give untrained documents as negatives",
                configuration: "dataset: { document_pairs: document_name }",
              },
      });
      return findings;
    },
  }),
};

/** Relevant training rows of each query or document. */
export function rowsPer(census: PairCensus, side: Side): Uint32Array {
  const counts = new Uint32Array(side === "query" ? census.queries.size : census.documents.size);
  for (let row = census.firstTraining; row < census.rows; row++)
    if (census.isRelevant(row)) counts[census.pairs[side].at(row)]!++;
  return counts;
}
