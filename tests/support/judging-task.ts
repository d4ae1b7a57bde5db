import type { JudgingLog, JudgingTask } from "../../lib/browser/judging/judging-task.js";
import { Random } from "../../lib/engine/random/random.js";

/** Two systems over made-up queries, the second a little better, and the grades that a judge would give. */
export function madeUpTask(
  queries: number,
  options: { seed?: number; secondPass?: number; random?: number; measure?: string } = {},
): { task: JudgingTask; gradeOf(query: number, document: number): number } {
  const { seed = 1, secondPass = 0, random = 0.2, measure = "nDCG@5" } = options;
  const source = new Random(7);
  const grades = new Map<string, number>();
  const asked = Array.from({ length: queries }, (_, query) => {
    const documents = Array.from({ length: 8 }, (_d, i) => query * 8 + i);
    const scored = documents.map((document) => {
      const grade = source.next() < 0.3 ? 1 + source.int(3) : 0;
      grades.set(`${query} ${document}`, grade);
      return { document, first: grade + 2 * source.normal(), second: grade + 1.4 * source.normal() };
    });
    const best = (by: "first" | "second") =>
      [...scored]
        .sort((a, b) => b[by] - a[by])
        .slice(0, 5)
        .map(({ document }) => document);
    return { id: `q${query}`, text: `query ${query}`, lists: [best("first"), best("second")] };
  });
  const task: JudgingTask = {
    ...{ id: "0123456789abcdef", dataset: "made up", fingerprint: null, set: "test", measure, k: 5, seed },
    ...{ random, secondPass, systems: ["one", "two"], guidelines: "", fields: ["document_name"] },
    documents: Array.from({ length: queries * 8 }, (_, i) => ({
      ...{ id: `d${i}`, texts: [`document ${i}`], sha256: "0".repeat(16) },
    })),
    queries: asked,
  };
  return { task, gradeOf: (query, document) => grades.get(`${query} ${document}`)! };
}

/** The log of a judge who begins. */
export function emptyLog(judge = "anna"): JudgingLog {
  return { task: "0123456789abcdef", judge, draws: [], answers: [], intents: [] };
}
