import { createHash } from "node:crypto";
import { userInfo } from "node:os";
import path from "node:path";
import {
  type Judgement,
  type JudgementFile,
  judgedQrels,
  writeJudgements,
} from "../../datasets/judgements.js";
import { writeQrels } from "../../datasets/trec.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { openRun } from "../../tracking/run-folder.js";
import type { FitDocument } from "../../training/fit/fit-documents.js";
import { LabelFolder } from "./label-folder.js";

/** What a positive label says on the scale of judgements: relevant. */
const POSITIVE = 2;

/**
 * Labels as judgements: a positive is a document of grade 2, a negative one of grade 0. Of a document labelled twice for one
 * question the last label counts.
 *
 * @param of.judge  who labelled
 */
export function labelJudgements(
  answers: readonly FitDocument[],
  of: { dataset: string; fingerprint: string; set: string; judge: string },
): JudgementFile {
  const found = new Map<string, Judgement>();
  for (const { id, text = "", matches = [], tags } of answers) {
    const { at = null } = (ownEntry(tags, "answered") ?? {}) as { at?: string | null };
    matches.forEach((match, place) => {
      found.set(JSON.stringify([id, match.id]), {
        ...{ query: id!, document: match.id!, judge: of.judge, pass: 1, when: at, source: "qdrl label" },
        grade: match.tags!.finetuner_label === 1 ? POSITIVE : 0,
        shown: {
          ...{
            query: text,
            fields: match.text === undefined ? [] : ["text"],
            picture: match.uri !== undefined,
          },
          sha256: createHash("sha256")
            .update(JSON.stringify([match.text, match.uri]))
            .digest("hex")
            .slice(0, 16),
          place: place + 1,
        },
      });
    });
  }
  if (found.size === 0) throw new UserError("label: there must be labels to export, got none");
  const { dataset, fingerprint, set } = of;
  return { header: { dataset, fingerprint, set }, judgements: [...found.values()] };
}

/**
 * Writes the labels of a run to a file: TREC's `query 0 document grade` where its name ends with .qrels, else judgements with
 * who labelled and when.
 *
 * @param options.folder  where the labels are; default: `labels` in the run's folder
 * @returns how many
 */
export function exportLabels(
  dir: string,
  file: string,
  options: { folder?: string; judge?: string } = {},
): number {
  const { folder = path.join(dir, "labels"), judge = userInfo().username } = options;
  const { name: dataset, fingerprint } = openRun(dir).manifest().dataset;
  const labels = new LabelFolder(folder);
  const exported = labelJudgements(labels.answers(), {
    ...{ dataset, fingerprint, judge },
    set: `labels of ${labels.begun()?.["questions"] ?? "queries"}`,
  });
  if (file.endsWith(".qrels")) writeQrels(file, judgedQrels([exported]), "trec");
  else writeJudgements(file, exported);
  return exported.judgements.length;
}
