import { z } from "zod";
import type { Pool, Row } from "../../../lib/experiment/evaluation-set.js";
import { loadEvaluation } from "../../../lib/experiment/load-experiment.js";
import {
  evaluationKeys,
  identityKeys,
  outputKeys,
} from "../../../lib/retrieval/retrievers/retrieval-system.js";
import type { Ranked } from "../../../lib/retrieval/retrievers/retriever.js";
import { registerRetriever } from "../../../lib/retrieval/retrievers/systems.js";

const schema = z.strictObject({
  ...identityKeys("shared_words", "shared words"),
  dataset_dir: z.string().min(1),
  max_malformed_rows: z.int().min(0).default(100),
  case_matters: z.boolean().default(false),
  ...outputKeys,
  ...evaluationKeys,
});

/** Ranks documents by the number of words that they share with the query: everything a new system needs. */
registerRetriever<z.infer<typeof schema>>({
  system: "shared_words",
  summary: "documents by the number of shared words",
  schema,
  async open(config, { listener }) {
    const [query, document] = ["query_search_phrase", "document_name"];
    const { dataset, sets, counts } = await loadEvaluation(config, [query!], [document!], listener);
    const wordsOf = (text = "") => new Set((config.case_matters ? text : text.toLowerCase()).split(" "));
    let pool: Set<string>[] = [];
    return {
      config,
      retriever: {
        index: async ({ items }: Pool) => {
          pool = items.map((item) => wordsOf(item[document!]));
        },
        retrieve: async (queries: readonly Row[], k: number): Promise<Ranked[]> =>
          queries.map((row) => {
            const asked = wordsOf(row[query!]);
            const scores = pool.map((words) => [...words].filter((word) => asked.has(word)).length);
            const ids = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
            const best = ids.slice(0, k);
            return { ids: Int32Array.from(best), scores: Float32Array.from(best, (id) => scores[id]!) };
          }),
      },
      sets,
      textColumns: [query!],
      queryColumns: [query!],
      nameColumn: document!,
      documentColumns: [document!],
      origin: { seed: 0, dataset, backend: "none", counts },
      close: () => {},
    };
  },
});
