import type { Command } from "commander";
import { z } from "zod";
import { exportLabels } from "../../annotation/label/export-labels.js";
import { labelChoices } from "../../annotation/label/label-choices.js";
import type { LabellingOptions } from "../../annotation/label/open-labelling.js";
import { serveLabels } from "../../service/labelling/serve-labels.js";
import { toldToEnd } from "../endings.js";
import { checkFlags, numberFrom, wholeNumber } from "../flags.js";

/** `qdrl label RUN`. */
export function addLabelCommand(program: Command): void {
  program
    .command("label")
    .description("label documents on a page while the run's encoder trains on the answers")
    .argument("<run>", "a run with an encoder")
    .option("--folder <dir>", "where labels and weights are kept (default: labels in the run's folder)")
    .option(
      "--questions <what>",
      "queries (of the training part), documents, or a file: a text a line (.txt), or documents (default: queries)",
    )
    .option("--choice <name>", `the next question: ${labelChoices.kinds().join(", ")}`)
    .option("--candidates <n>", "nearest documents shown with a question")
    .option(
      "--pool <n>",
      "documents drawn anew for each question, among which its nearest are (default: all)",
    )
    .option(
      "--train <what>",
      "batch: the newest answer and a draw of earlier ones; all: every label, in turn",
    )
    .option("--epochs <n>", "batch: steps an answer; all: passes over the labels")
    .option("--batch-size <n>", "questions in a step")
    .option("--rehearsal <n>", "pairs of the run's own training data in every step (default: 32)")
    .option("--considered <n>", "questions drawn, among which the next one is chosen (default: 300)")
    .option("--loss <name>", "a loss of labelled items that takes sessions, or a loss of pairs")
    .option("--optimizer <name>", "update rule (default: lazy_adam)")
    .option("--learning-rate <x>", "of the optimiser (default: 3e-4)")
    .option("--measure <name>", "shown as it moves")
    .option(
      "--measured-on <set>",
      "evaluation set (default: validation where there is one, else the run's first)",
    )
    .option("--seed <n>", "of every draw")
    .option("--fresh", "forget the labels that the folder holds")
    .option(
      "--export <file>",
      "write the labels as judgements, or as TREC qrels to a name with .qrels, and end",
    )
    .option("--judge <name>", "who labelled, in what --export writes (default: the user's name)")
    .option("--host <address>", "where to listen; beyond this machine with a token only", "127.0.0.1")
    .option("-p, --port <n>", "0 = any that is free", "8081")
    .addHelpText(
      "after",
      "\nSettings that are not given are those that the labels were begun with. The token is read from QDRL_TOKEN.",
    )
    .action(async (run: string, typed: Typed) => {
      const {
        fresh,
        host,
        port,
        export: file,
        judge,
        folder,
        ...given
      } = checkFlags(typed, {
        port: wholeNumber(0, 65_535),
        candidates: wholeNumber(1, 100).optional(),
        pool: wholeNumber(2).optional(),
        epochs: wholeNumber(0, 1000).optional(),
        batchSize: wholeNumber(1, 1024).optional(),
        rehearsal: wholeNumber(0, 4096).optional(),
        considered: wholeNumber(1).optional(),
        learningRate: numberFrom(0).optional(),
        seed: wholeNumber(0).optional(),
        train: z.enum(["batch", "all"]).optional(),
      });
      const place = folder === undefined ? {} : { folder };
      if (file !== undefined) {
        const count = exportLabels(run, file, { ...place, ...(judge !== undefined && { judge }) });
        process.stdout.write(`${count} labels written to ${file}\n`);
        return;
      }
      const told = toldToEnd();
      const serving = await serveLabels(run, {
        ...({ ...given, ...place } as LabellingOptions),
        ...{ host, port, token: process.env["QDRL_TOKEN"] || null },
        clearLabelsOnStart: fresh ?? false,
        listener: { line: (line) => process.stderr.write(`${line}\n`) },
      });
      const { done } = serving.labelling.counters();
      process.stdout.write(
        `listening on ${serving.address}${done > 0 ? `, ${done} answers taken up` : ""}\n`,
      );
      await Promise.race([told, serving.ended]);
      await serving.close();
    });
}

type Typed = Record<"host" | "port", string> &
  Partial<
    Record<
      | "folder"
      | "questions"
      | "choice"
      | "candidates"
      | "pool"
      | "train"
      | "epochs"
      | "batchSize"
      | "rehearsal"
      | "considered"
      | "loss"
      | "optimizer"
      | "learningRate"
      | "measure"
      | "measuredOn"
      | "seed"
      | "export"
      | "judge",
      string
    >
  > & { fresh?: boolean };
