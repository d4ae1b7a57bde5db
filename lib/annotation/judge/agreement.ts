import { checkSameData, type Judgement, type JudgementFile } from "../../datasets/judgements.js";
import { UserError } from "../../files/user-error.js";
import { type Agreement, cohenKappa, type GradePair } from "../../metrics/cohen-kappa.js";

export interface JudgesAgreement {
  /** Names of the two judges, or one name twice: of a judge with himself, by second passes. */
  judges: [string, string];
  plain: Agreement;
  /** With far grades weighing more. */
  weighted: Agreement;
  /** Documents that both graded and differ on most, at most ten. */
  apart: { query: string; document: string; first: number; second: number }[];
}

/**
 * How far each two judges agree on documents that both graded, and each with himself where he was asked twice.
 *
 * @throws UserError for judgements of different data, and where nobody graded what somebody else did
 */
export function judgesAgreement(files: readonly JudgementFile[]): JudgesAgreement[] {
  for (const { header } of files) checkSameData(header, files[0]!.header);
  const all = files.flatMap(({ judgements }) => judgements);
  const judges = [...new Set(all.map(({ judge }) => judge))];
  const found: JudgesAgreement[] = [];
  const add = (names: [string, string], a: readonly Judgement[], b: readonly Judgement[]) => {
    const pairs = pairsOf(a, b);
    if (pairs.length === 0) return;
    const graded = pairs.map(({ first, second, query }): GradePair => ({ first, second, group: query }));
    const apart = pairs
      .filter(({ first, second }) => first !== second)
      .sort((x, y) => Math.abs(y.first - y.second) - Math.abs(x.first - x.second))
      .slice(0, 10);
    found.push({
      ...{ judges: names, plain: cohenKappa(graded), apart },
      weighted: cohenKappa(graded, { weights: "quadratic" }),
    });
  };
  const of = (judge: string, pass: 1 | 2) => all.filter((line) => line.judge === judge && line.pass === pass);
  judges.forEach((judge, i) => {
    add([judge, judge], of(judge, 1), of(judge, 2));
    for (const other of judges.slice(i + 1)) add([judge, other], of(judge, 1), of(other, 1));
  });
  if (found.length === 0)
    throw new UserError(
      `judgements: two judges must have graded a document both, or one twice, got none among ${judges.join(", ")}`,
    );
  return found;
}

function pairsOf(a: readonly Judgement[], b: readonly Judgement[]) {
  const others = new Map(b.map((line) => [`${line.query}\u0000${line.document}`, line.grade]));
  return a.flatMap(({ query, document, grade }) => {
    const second = others.get(`${query}\u0000${document}`);
    return grade === null || second == null ? [] : [{ query, document, first: grade, second }];
  });
}
