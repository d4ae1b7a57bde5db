import type { Command } from "commander";
import { doctorPage } from "../../analysis/data-doctor/doctor-page.js";
import { detailTable, findingLines, findingsTable } from "../../analysis/data-doctor/doctor-table.js";
import { dataExaminations } from "../../analysis/data-doctor/examinations.js";
import { examineData } from "../../analysis/data-doctor/examine-data.js";
import { judgingList } from "../../analysis/data-doctor/judging-list.js";
import { measureCosts } from "../../analysis/data-doctor/measure-cost.js";
import { mendable, mendDataset } from "../../analysis/data-doctor/mend-dataset.js";
import { reportRecord } from "../../analysis/data-doctor/report-record.js";
import { writeJudgingQueue } from "../../datasets/judging-queue.js";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { humanTime } from "../../reporting/human-numbers.js";
import { tableTerminal } from "../../reporting/table-terminal.js";
import { TerminalListener, tableLook } from "../../reporting/terminal.js";
import { checkFlags, numberFrom, probability, refuseUnused, seedList, wholeNumber } from "../flags.js";
import { columnsOf } from "./init.js";

interface DoctorFlags {
  only?: string[];
  run?: string;
  against?: string[];
  column?: string[];
  near: string;
  wrong: string;
  missing: string;
  examples: string;
  suspects: string;
  html?: string;
  json?: string;
  queue?: string;
  set?: string;
  mend?: string;
  measure?: string;
  seeds?: string;
}

/** `qdrl data doctor DATASET`. */
export function addDataDoctor(data: Command): void {
  data
    .command("doctor")
    .description(
      "examine query-document pairs: leaks, duplicates, wrong labels, faults of text, holes; and what mends them",
    )
    .argument(
      "<dataset>",
      "data set of data/ or its folder; table, folder of tables, BEIR or TREC folder as init and fit take them",
    )
    .option(
      "--only <name...>",
      `examinations: ${dataExaminations.map(({ name }) => name).join(", ")}; a finding by its own name`,
    )
    .option("--run <run>", "finished run that ranks suspects and says what is judged; default: BM25")
    .option("--against <dataset...>", "public test sets that the training part may overlap with")
    .option("--column <role=name...>", 'of a table, what a column is, "none" for none, as init takes it')
    .option("--near <similarity>", "Jaccard similarity from which on texts are near-duplicates", "0.8")
    .option(
      "--wrong <score>",
      "labelled pairs this suspect or more are counted, and left out by --mend",
      "0.6",
    )
    .option(
      "--missing <score>",
      "unlabelled pairs this suspect or more are counted, and added by --mend",
      "0.8",
    )
    .option("--examples <n>", "examples of a finding", "5")
    .option("--suspects <n>", "most suspects of each kind in the queue", "1000")
    .option("--html <file>", "write the report as a page")
    .option("--json <file>", "write the report as JSON; - = standard output, instead of the table")
    .option(
      "--queue <file>",
      "write suspects of an evaluation set as JSON lines, worst first, for qdrl judge --queue",
    )
    .option("--set <name>", "of --queue, whose suspects; default: the first evaluation set that has some")
    .option(
      "--mend <out>",
      "write a copy without what --only names (default: what is WRONG), texts put right",
    )
    .option(
      "--measure <config>",
      "train this configuration with and without each finding that --mend could leave out",
    )
    .option("--seeds <list>", "of --measure, with commas between; default: 1,2,3")
    .addHelpText(
      "after",
      "\nExamples:\n  $ qdrl data doctor msrd\n  $ qdrl data doctor clicks.csv --column query=search --html doctor.html\n  $ qdrl data doctor msrd --run reports/runs/recipes/words --only suspects --queue suspects.jsonl\n  $ qdrl judge reports/runs/recipes/words --queue suspects.jsonl\n  $ qdrl data doctor data/shop --only query-leakage duplicates:rows --mend data/shop-mended\n  $ qdrl data doctor msrd --against scifact",
    )
    .action(async (dataset: string, flags: DoctorFlags) => {
      const options = checkFlags(flags, {
        near: numberFrom(0),
        wrong: probability,
        missing: probability,
        examples: wholeNumber(0),
        suspects: wholeNumber(1),
        seeds: seedList.optional(),
      });
      if (options.measure === undefined) refuseUnused(flags, ["seeds"], "with --measure");
      if (options.queue === undefined) refuseUnused(flags, ["set"], "with --queue");
      const listener = new TerminalListener();
      const { only = null, run = null, against = [], column = [], near, wrong, missing } = options;
      const { report, source } = await examineData(dataset, {
        ...{ only, run, against, near, wrong, missing, listener },
        examples: options.examples,
        suspects: options.suspects,
        columns: columnsOf(column),
      });
      if (options.measure !== undefined)
        report.findings = await measureCosts(source, report.findings, options.measure, {
          seeds: options.seeds ?? [1, 2, 3],
          listener,
        });
      listener.finish();
      const json = () => `${JSON.stringify(reportRecord(report), null, 2)}\n`;
      if (options.json === "-") process.stdout.write(json());
      else {
        if (options.json !== undefined) atomicWriteFile(options.json, json());
        const look = tableLook();
        process.stdout.write(tableTerminal(findingsTable(report), look));
        for (const finding of report.findings) {
          if (finding.outcome === "ok" && finding.measured === undefined) continue;
          process.stdout.write(`\n${findingLines(finding).join("\n")}\n`);
          const detail = detailTable(finding);
          if (detail !== null) process.stdout.write(tableTerminal(detail, look));
        }
      }
      if (options.html !== undefined) atomicWriteFile(options.html, doctorPage(report));
      if (options.queue !== undefined) {
        const { set, lines } = judgingList(report, source, options.set ?? null);
        writeJudgingQueue(options.queue, lines);
        listener.line(
          `${options.queue}: ${lines.length.toLocaleString("en")} pairs of ${set} to be judged: qdrl judge ${run ?? `--dataset ${source.dataset ?? "DIR"}`} --set ${set} --queue ${options.queue}`,
        );
      }
      if (options.mend !== undefined) {
        const blamed =
          only === null ? report.findings.filter(({ outcome }) => outcome === "wrong") : report.findings;
        listener.line(await mendDataset(source, mendable(blamed), options.mend));
      }
      listener.line(
        `examined in ${humanTime(report.seconds)}, ${(report.peakBytes / 2 ** 20).toFixed(0)} MiB at most`,
      );
    });
}
