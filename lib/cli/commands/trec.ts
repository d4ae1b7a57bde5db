import path from "node:path";
import { type Command, Option } from "commander";
import { z } from "zod";
import { printSummary } from "../../analysis/summary.js";
import { type TrecTableOptions, trecTable } from "../../analysis/tables/trec-table.js";
import { writeTables } from "../../analysis/tables/write-table.js";
import { CONFLICT_RULES, type ConflictRule } from "../../datasets/judgements.js";
import { exportTrec, importTrec } from "../../evaluation/trec-files.js";
import { resultsTerminal } from "../../reporting/results-table-view.js";
import { TerminalListener, tableLook } from "../../reporting/terminal.js";
import { checkFlags, listOf, probability, wholeNumber } from "../flags.js";

const MEASURES = "nDCG@10,Recall@100,MRR@10,MAP,Judged@10";

/** `qdrl trec export|score|import`. */
export function addTrecCommands(program: Command): void {
  const trec = program.command("trec").description("exchange results with trec_eval and its kin");
  trec
    .command("export")
    .description("write a run's answers and judgements as TREC files")
    .argument("<run>", "run folder")
    .option("-o, --output <dir>", "folder to write", "reports/trec")
    .option("--sets <list>", "evaluation sets; default: those of the run")
    .option("--typos <list>", "typo probabilities", "0")
    .option("--depth <n>", "documents a query", "1000")
    .action(async (dir: string, options: { output: string; sets?: string; typos: string; depth: string }) => {
      const { sets, typos, depth } = checkFlags(options, {
        sets: listOf(z.string().min(1)).optional(),
        typos: listOf(probability),
        depth: wholeNumber(1),
      });
      const listener = new TerminalListener();
      const files = await exportTrec(dir, options.output, {
        ...(sets === undefined ? {} : { sets }),
        ...{ typos, depth, listener },
      });
      listener.finish();
      for (const { run, qrels, queries } of files)
        process.stdout.write(`${run} and ${qrels}: ${queries.toLocaleString("en")} queries\n`);
    });
  trec
    .command("score")
    .description("score run files of any system, with intervals and tests")
    .argument("<runs...>", "TREC run files")
    .requiredOption("--qrels <file>", "judgements, in TREC's or BEIR's form, or those of qdrl judge")
    .addOption(
      new Option("--conflicts <rule>", "what counts where judges differ")
        .choices([...CONFLICT_RULES])
        .default("refuse"),
    )
    .option("--machines <list>", "judges that are programs and count beside people")
    .option("--partial", "judgements are partial: condensed lists, Judged@k and bpref beside every measure")
    .option("--measures <list>", "measures by name", MEASURES)
    .option("--baseline <file>", "run file that the others are compared with; default: the first")
    .addOption(
      new Option(
        "--queries <which>",
        "judged: all with judgements; relevant: with a relevant document; answered",
      )
        .choices(["judged", "relevant", "answered"])
        .default("judged"),
    )
    .option("-o, --output <file>", "also write the table: .html, .md, .csv or .tex")
    .action((files: string[], options: ScoreFlags) => {
      const { qrels, measures, baseline, queries, output, partial = false, conflicts, machines } = options;
      const table = trecTable(qrels, files, {
        measures: splitMeasures(measures),
        ...{ queries, partial },
        judges: { conflicts, ...(machines !== undefined && { machines: machines.split(",") }) },
        ...(baseline === undefined ? {} : { baseline }),
        listener: { line: (text) => void process.stderr.write(`${text}\n`) },
      });
      if (output !== undefined) writeTables(output, [table]);
      process.stdout.write(`${resultsTerminal(table, tableLook())}\n`);
    });
  trec
    .command("import")
    .description("take a run file of a foreign system in as a run folder, for report and compare")
    .argument("<file>", "TREC run file that answers queries of a data set here")
    .requiredOption("--dataset <dir>", "data-set folder, such as data/scifact")
    .requiredOption("--set <name>", "its evaluation set")
    .option("--name <text>", "what tables call the system; default: the file's name")
    .option("--task <id>", "folder of the run", "imported")
    .option("--measures <list>", "measures beside Recall and MRR at 10 and 100", "nDCG@10,MAP")
    .action(
      async (
        file: string,
        options: { dataset: string; set: string; name?: string; task: string; measures: string },
      ) => {
        const listener = new TerminalListener();
        const { dataset, set, task, measures } = options;
        const stem = path.basename(file).replace(/\.\w+$/, "");
        const run = await importTrec(file, {
          set,
          system: options.name ?? stem,
          taskId: task,
          runId: stem.replace(/[^A-Za-z0-9._-]+/g, "-"),
          datasetDir: dataset,
          measures: splitMeasures(measures),
          listener,
        });
        listener.finish();
        printSummary(run);
      },
    );
}

interface ScoreFlags {
  qrels: string;
  measures: string;
  baseline?: string;
  queries: NonNullable<TrecTableOptions["queries"]>;
  output?: string;
  partial?: boolean;
  conflicts: ConflictRule;
  machines?: string;
}

/** Names with commas between, those within brackets belonging to the name. */
function splitMeasures(list: string): string[] {
  return list.split(/,(?![^(]*\))/).map((name) => name.trim());
}
