import fs from "node:fs";
import type { Command } from "commander";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { DataError } from "../../files/data-error.js";
import { TerminalListener } from "../../reporting/terminal.js";
import { synthesizeFromRuns } from "../../training/fit/synthesize-runs.js";
import { checkFlags, wholeNumber } from "../flags.js";

/** `qdrl synthesize QUERIES`. */
export function addSynthesizeCommand(program: Command): void {
  program
    .command("synthesize")
    .description("make training data without labels: triplets with margins, of queries and a run's documents")
    .argument("<queries>", "text file, a query a line")
    .requiredOption("--miner <run>", "run that finds candidates: BM25, an encoder or a fusion")
    .requiredOption("--scorer <run>", "run whose scores are taught: a transformer or a fusion")
    .option("-n, --relations <n>", "candidates of each query", "10")
    .option("-o, --output <file>", "JSON lines that fit reads, for MarginMSELoss", "triplets.jsonl")
    .addHelpText(
      "after",
      `
Examples:
  $ qdrl synthesize queries.txt --miner reports/runs/msrd/bm25 --scorer reports/runs/msrd/minilm
then, in a notebook: await fit({ model: "TwoTower", trainData: "triplets.jsonl", loss: "MarginMSELoss" })`,
    )
    .action(
      async (file: string, options: { miner: string; scorer: string; relations: string; output: string }) => {
        const { relations: numRelations } = checkFlags(
          { relations: options.relations },
          { relations: wholeNumber(2) },
        );
        if (!fs.existsSync(file)) throw new DataError(`${file}: must exist, found none`);
        const queries = [
          ...new Set(
            fs
              .readFileSync(file, "utf8")
              .split(/\r?\n/)
              .map((line) => line.trim())
              .filter((line) => line !== ""),
          ),
        ];
        if (queries.length === 0) throw new DataError(`${file}: must hold a query a line, got none`);
        const listener = new TerminalListener();
        const made = await synthesizeFromRuns(options.miner, options.scorer, queries, {
          numRelations,
          listener,
        });
        listener.finish();
        atomicWriteFile(options.output, made.documents.map((one) => `${JSON.stringify(one)}\n`).join(""));
        const { length } = made.documents;
        process.stdout.write(
          `${options.output}: ${length} triplets of ${queries.length} queries (${made.expected} where every query has ${numRelations} candidates; ${made.queriesWithout} queries have none)\n`,
        );
      },
    );
}
