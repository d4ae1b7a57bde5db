import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { readJsonLines, writeJsonLines } from "../../datasets/json-lines.js";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { DataError } from "../../files/data-error.js";
import { UserError } from "../../files/user-error.js";
import {
  listCheckpoints,
  readCheckpoint,
  removeHalfWritten,
  writeCheckpoint,
} from "../../tracking/checkpoint.js";
import type { FitDocument } from "../../training/fit/fit-documents.js";
import type { Trainer } from "../../training/trainer.js";
import type { LabelSettings } from "./label-settings.js";

/** Weights of so many moments are kept; further back, training is done again from the run's own. */
const KEPT = 3;

/** What a document was fed as. */
export type Fed = "documents" | "questions";

/**
 * What labelling leaves on disk. `labels.jsonl` is the truth: the answers in their order, each a document of the fine-tuner's
 * data model whose matches have `tags.finetuner_label` 1 or −1, so that fit reads the file as it is. `weights/` only saves time:
 * every state of the model follows from the run, the settings and the answers.
 */
export class LabelFolder {
  constructor(readonly dir: string) {}

  get labelsFile(): string {
    return path.join(this.dir, "labels.jsonl");
  }
  private get settingsFile(): string {
    return path.join(this.dir, "labelling.json");
  }
  private fedFile(as: Fed): string {
    return path.join(this.dir, `fed-${as}.jsonl`);
  }
  private get weights(): string {
    return path.join(this.dir, "weights");
  }

  /** Forgets every label. */
  clear(): void {
    for (const file of [
      this.labelsFile,
      this.settingsFile,
      this.fedFile("documents"),
      this.fedFile("questions"),
    ])
      fs.rmSync(file, { force: true });
    fs.rmSync(this.weights, { recursive: true, force: true });
  }

  /**
   * Begins the folder, or makes sure that it was begun with these settings on this model.
   *
   * @throws UserError naming what differs
   */
  begin(settings: LabelSettings, model: string): void {
    removeHalfWritten(this.weights);
    removeHalfWritten(this.dir);
    const wanted = { format: "qdrl-labels-1", model, settings };
    if (!fs.existsSync(this.settingsFile)) {
      if (fs.existsSync(this.labelsFile))
        throw new UserError(`${this.settingsFile}: must be there beside labels.jsonl, found none`);
      atomicWriteFile(this.settingsFile, `${JSON.stringify(wanted, null, 1)}\n`);
      return;
    }
    const found = readJson(this.settingsFile);
    if (found["format"] !== wanted.format)
      throw new DataError(
        `${this.settingsFile}: format must be ${wanted.format}, got ${JSON.stringify(found["format"])}`,
      );
    if (found["model"] !== model)
      throw new UserError(
        `${this.settingsFile}: the run must be the one that the labels were begun on, got another model; --fresh forgets the labels`,
      );
    const before = found["settings"] as Record<string, unknown>;
    for (const [key, value] of Object.entries(settings)) {
      const [now, then] = [JSON.stringify(value), JSON.stringify(before[key])];
      if (now !== then)
        throw new UserError(
          `label: ${key} must be ${then} as these labels were begun (${this.settingsFile}), got ${now}; --fresh forgets the labels`,
        );
    }
  }

  /** Settings that the folder was begun with, null for a new one. */
  begun(): Record<string, unknown> | null {
    if (!fs.existsSync(this.settingsFile)) return null;
    const { settings } = readJson(this.settingsFile);
    if (typeof settings !== "object" || settings === null)
      throw new DataError(`${this.settingsFile}: must have settings, got ${JSON.stringify(settings)}`);
    return settings as Record<string, unknown>;
  }

  /** @throws DataError naming file and line of what is no answer */
  answers(): FitDocument[] {
    return this.documents(this.labelsFile).map(({ document, line }) => {
      const { matches, id } = document;
      if (typeof id !== "string" || !Array.isArray(matches))
        throw new DataError(
          `${this.labelsFile}:${line}: an answer must have an id and matches, got ${JSON.stringify(document).slice(0, 80)}`,
        );
      for (const { tags } of matches as FitDocument[])
        if (tags?.finetuner_label !== 1 && tags?.finetuner_label !== -1)
          throw new DataError(
            `${this.labelsFile}:${line}: matches must have tags.finetuner_label 1 or -1, got ${JSON.stringify(tags?.finetuner_label)}`,
          );
      return document;
    });
  }

  writeAnswers(answers: readonly FitDocument[]): void {
    writeJsonLines(this.labelsFile, answers);
  }

  fed(as: Fed): FitDocument[] {
    return this.documents(this.fedFile(as)).map(({ document }) => document);
  }

  writeFed(as: Fed, documents: readonly FitDocument[]): void {
    writeJsonLines(this.fedFile(as), documents);
  }

  /** Keeps weights, and what the optimiser remembers, of this moment. */
  keep(trainer: Trainer<never>, answers: readonly FitDocument[]): void {
    const checkpoint = {
      ...{ epochsDone: answers.length, metricsBytes: 0, metricsSha256: digestOf(answers) },
      ...{ randomState: trainer.randomState(), ...trainer.state() },
    };
    writeCheckpoint(this.weights, checkpoint, KEPT);
  }

  /**
   * Takes the trainer to the last kept moment among these answers.
   *
   * @returns how many of them its weights have seen; 0 and nothing done where none is kept
   */
  restore(
    trainer: Trainer<never>,
    answers: readonly FitDocument[],
    tell: (line: string) => void = () => {},
  ): number {
    for (const file of listCheckpoints(this.weights)) {
      try {
        const kept = readCheckpoint(file);
        const seen = answers.slice(0, kept.epochsDone);
        if (seen.length !== kept.epochsDone || digestOf(seen) !== kept.metricsSha256) {
          fs.rmSync(file); // of answers that were taken back
          continue;
        }
        trainer.restore(kept);
        trainer.setRandomState(kept.randomState);
        return seen.length;
      } catch (error) {
        tell(`${(error as Error).message}; training on its answers again`);
      }
    }
    return 0;
  }

  private documents(file: string): { document: FitDocument; line: number }[] {
    if (!fs.existsSync(file) || fs.statSync(file).size === 0) return [];
    const { records, lines } = readJsonLines(file, { maxMalformed: 0 });
    return records.map((document, i) => ({ document: document as FitDocument, line: lines[i]! }));
  }
}

function readJson(file: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(fs.readFileSync(file, "utf8"));
    if (typeof parsed === "object" && parsed !== null) return parsed as Record<string, unknown>;
  } catch {}
  throw new DataError(`${file}: must be JSON that is whole, got a file that is cut off or was edited`);
}

function digestOf(answers: readonly FitDocument[]): string {
  return createHash("sha256").update(JSON.stringify(answers)).digest("hex");
}
