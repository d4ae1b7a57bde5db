import { systemFor } from "../answering-system.js";
import { type DataExamination, type DataFinding, shown } from "../finding.js";

/** Queries of a set that are asked, evenly over it. */
const ASKED = 300;
const K = 10;

/**
 * How much of what a system finds is judged at all: the share of unjudged documents among the first ten of each held-out query,
 * by the run that is named or by BM25. What is not judged counts as wrong.
 *
 * @see Buckley & Voorhees 2004, doi:10.1145/1008992.1009000
 */
export const judgementHoles: DataExamination = {
  name: "judgement-holes",
  about:
    "documents among the first ten of a system that nobody has judged, and queries with a single judged document",
  begin: (settings) => ({
    async finish(census) {
      if (census.firstTraining === 0 || settings.heldOut === 0) return [];
      const judged = new Map<number, Set<number>>();
      const parts = new Map<number, number>();
      let negatives = 0;
      for (let row = 0; row < census.firstTraining; row++) {
        const query = census.pairs.query.at(row);
        const group = census.documentGroup(census.pairs.document.at(row));
        const own = judged.get(query) ?? new Set<number>();
        judged.set(query, own.add(group));
        parts.set(query, census.pairs.part.at(row));
        if (!census.isRelevant(row)) negatives++;
      }
      const system = await systemFor(census, settings.run, settings.listener);
      return [...(await holes()), ...singles()];

      async function holes(): Promise<DataFinding[]> {
        const findings: DataFinding[] = [];
        for (const [number, part] of census.parts.slice(0, settings.heldOut).entries()) {
          const queries = [...judged.keys()].filter(
            (query) => parts.get(query) === number && census.queries.text(query) !== null,
          );
          if (queries.length === 0) continue;
          const step = Math.max(1, Math.floor(queries.length / ASKED));
          const asked = queries.filter((_, i) => i % step === 0).slice(0, ASKED);
          const ranked = await system.answer(
            asked.map((query) => census.queries.text(query)!),
            K,
          );
          let [found, unjudged] = [0, 0];
          const examples: string[] = [];
          asked.forEach((query, i) => {
            const own = judged.get(query)!;
            Array.from(ranked[i]!.ids).forEach((id, rank) => {
              const document = system.documents[id]!;
              if (id < 0 || document === -1) return;
              found++;
              if (own.has(census.documentGroup(document))) return;
              unjudged++;
              if (rank === 0 && examples.length < settings.examples)
                examples.push(
                  `${shown(census.queries.text(query)!, 50)} → first is ${shown(census.documents.text(document) ?? "", 50)}, unjudged`,
                );
            });
          });
          const share = unjudged / Math.max(1, found);
          findings.push({
            check: "judgement-holes",
            what: `documents among the first ten of ${system.name} that are not judged (${part}, ${asked.length.toLocaleString("en")} queries; judged@10 ${(1 - share).toFixed(2)})`,
            outcome: share > 0.2 ? "look" : "ok",
            count: unjudged,
            of: found,
            unit: "documents found",
            examples,
            cost:
              share > 0.2
                ? "they count as wrong: a system that finds other documents than the judged ones' source did scores too low"
                : null,
            mend:
              share > 0.2
                ? {
                    says: "judge the pooled results of the systems that are compared, and show measures of judged documents alone beside",
                    command: "qdrl judge RUN_A RUN_B",
                  }
                : null,
          });
        }
        return findings;
      }

      function singles(): DataFinding[] {
        const single = [...judged].filter(([, own]) => own.size === 1).map(([query]) => query);
        return [
          {
            check: "judgement-holes",
            what: `held-out queries with one judged document (${(census.firstTraining / Math.max(1, judged.size)).toFixed(1)} judged a query, ${((100 * negatives) / Math.max(1, census.firstTraining)).toFixed(0)} % of them irrelevant)`,
            outcome: single.length > judged.size / 2 ? "look" : "ok",
            count: single.length,
            of: judged.size,
            unit: "held-out queries",
            examples: single
              .slice(0, settings.examples)
              .map((query) => shown(census.queries.text(query) ?? "")),
            cost:
              single.length > judged.size / 2
                ? "each decides its query alone: a label that is wrong or missing is a query lost"
                : null,
            mend:
              single.length > judged.size / 2
                ? {
                    says: "judge more documents a query, where systems disagree",
                    command: "qdrl judge RUN_A RUN_B",
                  }
                : null,
          },
        ];
      }
    },
  }),
};
