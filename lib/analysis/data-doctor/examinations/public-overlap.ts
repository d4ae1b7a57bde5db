import type { Side } from "../../../training/objectives/batch-task.js";
import { type DataExamination, type DataFinding, mendCommand, shown } from "../finding.js";
import { GrowingArray } from "../growing-array.js";
import { documentShingles, NearIndex, queryShingles } from "../near-index.js";
import { openPairSource } from "../sources/open-pair-source.js";

/** Public documents that are compared by words; of more, the first so many. */
const MOST = 200_000;
const SIDES = ["query", "document"] as const;

/** Texts of a public test set, each different one once. */
interface PublicTexts {
  name: string;
  texts: Record<Side, string[]>;
  indexes: Record<Side, NearIndex>;
  /** number of the public text → texts here that are like it */
  met: Record<Side, Map<number, number[]>>;
}

/**
 * Public test queries and documents that stand in the training part, nearly or as they are: scores on that set are then no
 * test. Its training rows are not looked at.
 */
export const publicOverlap: DataExamination = {
  name: "public-overlap",
  about: "queries and documents of public test sets (--against) that are trained on",
  async begin(settings) {
    const sets: PublicTexts[] = [];
    for (const what of settings.against) sets.push(await publicTexts(what, settings.near));
    return {
      text(text, side, index) {
        if (sets.length === 0) return;
        const set = side === "query" ? queryShingles(text) : documentShingles(text);
        for (const { indexes, met } of sets)
          for (const { member } of indexes[side].near(set)) {
            const before = met[side].get(member);
            if (before === undefined) met[side].set(member, [index]);
            else before.push(index);
          }
      },
      finish: (census) =>
        sets.flatMap(({ name, texts, met }) =>
          SIDES.map((side): DataFinding => {
            const column = side === "query" ? census.queries : census.documents;
            const trained = new Map(
              [...met[side]]
                .map(
                  ([member, list]) =>
                    [
                      member,
                      list.filter((i) => (column.parts.at(i) & (1 << census.training)) !== 0),
                    ] as const,
                )
                .filter(([, list]) => list.length > 0),
            );
            const blamed = new Set([...trained.values()].flat());
            const rows = new GrowingArray(Int32Array);
            if (blamed.size > 0)
              for (let row = census.firstTraining; row < census.rows; row++)
                if (blamed.has(census.pairs[side].at(row))) rows.push(row - census.firstTraining);
            return {
              check: "public-overlap",
              name: `public-overlap:${side === "query" ? "queries" : "documents"}`,
              what: `test ${side === "query" ? "queries" : "documents"} of ${name} that are trained on (Jaccard similarity ≥ ${settings.near})`,
              outcome: trained.size === 0 ? "ok" : side === "query" ? "wrong" : "look",
              count: trained.size,
              of: texts[side].length,
              unit: `${side === "query" ? "queries" : "documents"} of ${name}`,
              examples: [...trained]
                .slice(0, settings.examples)
                .map(
                  ([member, list]) =>
                    `${shown(texts[side][member]!)} ~ ${shown(column.text(list[0]!) ?? "")}`,
                ),
              cost: trained.size === 0 ? null : `figures on ${name} are no test of this data's models`,
              mend:
                trained.size === 0
                  ? null
                  : {
                      says: "leave their training rows out, or name the overlap beside every figure on that set",
                      command: `${mendCommand(settings, `public-overlap:${side === "query" ? "queries" : "documents"}`)} ${settings.against.map((one) => `--against ${one}`).join(" ")}`,
                    },
              drop: rows.whole(),
            };
          }),
        ),
    };
  },
};

/** Queries of held-out parts and the documents that are relevant to them; of a set without parts, all. */
async function publicTexts(what: string, near: number): Promise<PublicTexts> {
  const source = await openPairSource(what);
  const queries = new Set<string>();
  const documents = new Set<string>();
  const relevant = new Set<string>();
  for await (const { text } of source.heldOutQueries()) queries.add(text);
  for await (const chunk of source.heldOutPairs())
    chunk.queries.forEach((query, row) => {
      queries.add(query);
      if (chunk.grades === null || chunk.grades[row]! >= source.minGrade) {
        if (chunk.ids !== null) relevant.add(chunk.ids[row]!);
        if (chunk.texts !== null) documents.add(chunk.texts[row]!);
      }
    });
  if (queries.size === 0)
    for await (const chunk of source.trainingPairs()) {
      for (const query of chunk.queries) queries.add(query);
      for (const text of chunk.texts ?? []) documents.add(text);
    }
  for await (const { ids, texts } of source.documents())
    ids.forEach((id, i) => {
      if (relevant.has(id) && documents.size < MOST) documents.add(texts[i]!);
    });
  const texts = {
    query: [...queries].filter((text) => text !== ""),
    document: [...documents].filter((text) => text !== ""),
  };
  const indexes = { query: new NearIndex(near), document: new NearIndex(near) };
  for (const text of texts.query) indexes.query.add(queryShingles(text));
  for (const text of texts.document) indexes.document.add(documentShingles(text));
  return { name: source.name, texts, indexes, met: { query: new Map(), document: new Map() } };
}
