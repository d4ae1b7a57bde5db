import { plainTable, type Table } from "../../reporting/table.js";

/** A row of a published table of quality before and after fine-tuning. */
export interface PublishedChange {
  model: string;
  task: string;
  measure: string;
  before: number;
  after: number;
}

/** The fine-tuner's main table: cut-off 20, five epochs of Adam. @see specs/4-finetuner.md section 10 */
export const publishedChanges: readonly PublishedChange[] = (
  [
    ["BERT", "Quora question answering", "reciprocal_rank", 0.835, 0.967],
    ["BERT", "Quora question answering", "recall_at_k", 0.915, 0.963],
    ["ResNet", "Totally Looks Like, picture to picture", "average_precision", 0.11, 0.196],
    ["ResNet", "Totally Looks Like, picture to picture", "recall_at_k", 0.249, 0.46],
    ["CLIP", "DeepFashion, text to picture", "reciprocal_rank", 0.575, 0.676],
    ["CLIP", "DeepFashion, text to picture", "recall_at_k", 0.473, 0.564],
    ["M-CLIP", "cross-market products, German", "reciprocal_rank", 0.43, 0.648],
    ["M-CLIP", "cross-market products, German", "recall_at_k", 0.247, 0.34],
  ] as const
).map(([model, task, measure, before, after]) => ({ model, task, measure, before, after }));

/** The course's systems on TREC-COVID. @see specs/2-dense-retrieval-course.md section 10.2 */
const courseRows: readonly (readonly [string, number, number, number, number])[] = [
  ["fine-tuned, exhaustive", 0.3652, 0.06862, 0.5784, 0.382],
  ["fine-tuned, 1 of 10 clusters", 0.31237, 0.03431, 0.53363, 0.33],
  ["all-MiniLM-L12-v2, CLS, exhaustive", 0.36977, 0.06054, 0.5875, 0.388],
  ["BM25 (k1 0.82, b 0.68)", 0.59634, 0.18796, 0.83967, 0.64],
];

/** The recall system's scores on the competition's data. @see specs/3-kdd-multimodal-recall.md section 11 */
const recallRows: readonly (readonly [string, string, number])[] = [
  ["test board A", "model 1, learned word weights", 0.6969],
  ["test board A", "ensemble", 0.7158],
  ["test board B", "ensemble", 0.7276],
  ["validation", "model 1, learned word weights", 0.729],
  ["validation", "model 2, sentences", 0.7094],
  ["validation", "ensemble, t = 0.6263", 0.7417],
];

const elsewhere =
  "Other data, models and machines than ours: what can be compared is the order and the change.";

/** What the dense-retrieval course reported on TREC-COVID (MS MARCO training, one RTX 3090). */
export function publishedCourse(): Table {
  return plainTable(
    ["published, TREC-COVID", "nDCG@10", "MAP", "MRR", "P@10"],
    courseRows.map(([system, ...values]) => [system, ...values.map((value) => value.toFixed(3))]),
    { title: "The course's own figures", notes: [elsewhere] },
  );
}

/** What the recall system reached on KDD Cup 2020's pictures. */
export function publishedRecallSystem(): Table {
  return plainTable(
    ["published, KDD Cup 2020", "", "nDCG@5"],
    recallRows.map(([set, system, value]) => [set, system, value.toFixed(3)]),
    { title: "The system's own figures", notes: [elsewhere] },
  );
}
