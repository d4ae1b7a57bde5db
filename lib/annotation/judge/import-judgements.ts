import fs from "node:fs";
import { checkSameData, type JudgementFile, readJudgements } from "../../datasets/judgements.js";
import { describeFileError } from "../../files/data-error.js";
import { UserError } from "../../files/user-error.js";
import { importSession } from "./import-session.js";
import { importTable, type TableOptions } from "./import-table.js";
import { openJudgedSet } from "./judged-set.js";

/**
 * Judgements from what the page saved (.json), judgements of ours (.jsonl), a CSV of Quepid or Label Studio, or qrels.
 *
 * @param options.dataset  folder of the data set; needed for tables and qrels, checked where it is given
 */
export async function importJudgements(
  file: string,
  options: TableOptions & { dataset?: string; set?: string } = {},
): Promise<JudgementFile> {
  const { dataset, set, ...rest } = options;
  const judged = dataset === undefined ? null : await openJudgedSet(dataset, set);
  if (!/\.jsonl?$/i.test(file)) {
    if (judged === null)
      throw new UserError(`dataset: must be given for ${file}, which does not name its data set, got none`);
    return importTable(file, judged, rest);
  }
  if (rest.judge !== undefined || rest.machine)
    throw new UserError(
      `judge: must not be given for ${file}, which says who judged, got ${rest.judge ?? "--machine"}`,
    );
  const found = /\.jsonl$/i.test(file) ? readJudgements(file) : importSession(readText(file), file);
  if (judged) checkSameData(found.header, judged.header);
  return found;
}

function readText(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    throw describeFileError(file, error);
  }
}
