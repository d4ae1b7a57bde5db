import { UserError } from "../../files/user-error.js";
import type { DataFinding } from "./finding.js";
import { mendText } from "./mend-text.js";
import type { PairSource } from "./sources/pair-source.js";

/** Findings of which a copy can be written that lacks them. */
export function mendable(findings: readonly DataFinding[]): DataFinding[] {
  return findings.filter(
    ({ drop, add, rewrites, count }) =>
      count > 0 && ((drop?.length ?? 0) > 0 || (add?.length ?? 0) > 0 || rewrites === true),
  );
}

/**
 * Writes a copy of the data without the training rows that some findings blame, and with texts put right where a finding
 * says so. Held-out parts keep their rows.
 *
 * @throws UserError if nothing that was found can be mended by a copy
 */
export async function mendDataset(
  source: PairSource,
  findings: readonly DataFinding[],
  outDir: string,
): Promise<string> {
  const mended = mendable(findings);
  if (mended.length === 0)
    throw new UserError("--mend: must have something to leave out or to rewrite, got no such finding");
  // rows of a finding are in ascending order
  const last = Math.max(-1, ...mended.map(({ drop }) => drop?.at(-1) ?? -1));
  const isDropped = new Uint8Array(last + 1);
  for (const { drop = new Int32Array() } of mended) for (const row of drop) isDropped[row] = 1;
  const dropped = isDropped.reduce((sum, one) => sum + one, 0);
  const adds = mended.flatMap(({ add = [] }) => add);
  if (adds.length > 0 && source.dataset === null)
    throw new UserError(
      `--mend: suspects:missing adds rows, which only a data set folder can take, got a ${source.kind}; name others with --only`,
    );
  const rewrite = mended.some(({ rewrites }) => rewrites === true) ? mendText : null;
  const note = `Mended by the data doctor: ${dropped.toLocaleString("en")} training rows left out${adds.length === 0 ? "" : `, ${adds.length.toLocaleString("en")} added`}${rewrite === null ? "" : ", texts rewritten"}; ${mended.map(({ what, count }) => `${count.toLocaleString("en")} ${what}`).join("; ")}.`;
  return source.writeMended(outDir, { keeps: (row) => isDropped[row] !== 1, rewrite, adds, note });
}
