import fs from "node:fs";
import { atomicWriteFile } from "../../../files/atomic-write.js";
import { DataError, describeFileError } from "../../../files/data-error.js";

/** Query id → products with scores, best first. */
export type Predictions = Map<string, [productId: string, score: number][]>;
/** Query id → products that answer it. */
export type Answers = Map<string, string[]>;

/** Reads `{"42": [["505011234", 7.31], …]}`; product ids may be numbers. @throws DataError naming file and query */
export function readPredictions(file: string): Predictions {
  return new Map(
    entriesOf(file).map(([query, list]) => {
      if (!Array.isArray(list) || list.some((pair) => !Array.isArray(pair) || !Number.isFinite(pair[1])))
        throw new DataError(
          `${file}: query ${query}: must be a list of [product, score], got something else`,
        );
      return [query, list.map(([product, score]) => [String(product), score])];
    }),
  );
}

/** Writes predictions, each query's sorted by score, best first; equal scores keep their order. */
export function writePredictions(file: string, predictions: Predictions): void {
  const sorted = [...predictions].map(([query, list]) => [query, [...list].sort((a, b) => b[1] - a[1])]);
  atomicWriteFile(file, `${JSON.stringify(Object.fromEntries(sorted))}\n`);
}

/** Reads valid_answer.json, `{"42": [505011234, 505017777], …}`; ids become text. @throws DataError */
export function readAnswers(file: string): Answers {
  return new Map(
    entriesOf(file).map(([query, list]) => {
      if (!Array.isArray(list))
        throw new DataError(`${file}: query ${query}: must be a list of products, got ${typeof list}`);
      return [query, list.map(String)];
    }),
  );
}

export function writeAnswers(file: string, answers: Answers): void {
  const entries = [...answers].map(([query, products]) => [query, products.map(Number)]);
  atomicWriteFile(file, `${JSON.stringify(Object.fromEntries(entries))}\n`);
}

/**
 * The submission file: a header and the five best products of each query. A query with fewer leaves cells empty.
 *
 * @see specs/3-kdd-multimodal-recall.md section 3.1
 */
export function submissionCsv(predictions: Predictions): string {
  const lines = ["query-id,product1,product2,product3,product4,product5"];
  for (const [query, list] of predictions) {
    const best = [...list].sort((a, b) => b[1] - a[1]).slice(0, 5);
    lines.push([query, ...Array.from({ length: 5 }, (_, i) => best[i]?.[0] ?? "")].join(","));
  }
  return `${lines.join("\n")}\n`;
}

function entriesOf(file: string): [string, unknown][] {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    throw describeFileError(file, error);
  }
  try {
    return Object.entries(JSON.parse(text) as Record<string, unknown>);
  } catch (error) {
    throw new DataError(`${file}: must be JSON, got: ${(error as Error).message}`);
  }
}
