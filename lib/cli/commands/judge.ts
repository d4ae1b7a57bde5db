import fs from "node:fs";
import path from "node:path";
import { type Command, Option } from "commander";
import { z } from "zod";
import { judgesAgreement } from "../../annotation/judge/agreement.js";
import { agreementTable } from "../../annotation/judge/agreement-table.js";
import { askRuns } from "../../annotation/judge/ask-runs.js";
import { buildJudgingTask } from "../../annotation/judge/build-judging-task.js";
import { importJudgements } from "../../annotation/judge/import-judgements.js";
import { judgingPage } from "../../annotation/judge/judging-page.js";
import { readJudgingSources } from "../../annotation/judge/judging-sources.js";
import { rehearsalTable } from "../../annotation/judge/rehearsal-table.js";
import { rehearseRuns } from "../../annotation/judge/rehearse-runs.js";
import { saveJudgements } from "../../annotation/judge/save-judgements.js";
import { CONFLICT_RULES, type ConflictRule, judgedQrels, readJudgements } from "../../datasets/judgements.js";
import { writeQrels } from "../../datasets/trec.js";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { readLines } from "../../files/lines.js";
import { emptyRecord } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { tableTerminal } from "../../reporting/table-terminal.js";
import { tableLook } from "../../reporting/terminal.js";
import { checkFlags, listOf, probability, refuseUnused, wholeNumber } from "../flags.js";

const JUDGEMENTS = "reports/judgements";

const listener = { line: (text: string) => void process.stderr.write(`${text}\n`) };

/** `qdrl judge RUN RUN…`, `judge --import FILE`, `judge agreement|qrels|rehearse`. */
export function addJudgeCommands(program: Command): void {
  const judge = program
    .command("judge")
    .description("judge by hand what decides which of several runs is better: a page that needs nothing else")
    .argument(
      "[runs...]",
      "run folders, or TREC run files with --dataset; the others are compared with the first",
    )
    .option("-o, --output <path>", "page to write; with --import a folder", "reports/judging.html")
    .option("--set <name>", "evaluation set; default: the first of the first run")
    .option(
      "--dataset <dir>",
      "data-set folder of TREC run files, of a list without runs, and of what is imported",
    )
    .option("--k <n>", "documents of each run that are pooled", "10")
    .option("--measure <name>", "what the runs are compared by; default: nDCG at k")
    .option("--queries <n>", "queries drawn once that stand for all; default: all")
    .option(
      "--random <share>",
      "share of queries and documents asked at random; 1: no choosing at all",
      "0.2",
    )
    .option("--second-pass <share>", "share of documents asked twice, for agreement with oneself", "0.1")
    .option("--seed <n>", "of draws and orders", "1")
    .option("--fields <list>", "document columns that are shown, the first as heading")
    .option("--guidelines <text>", "what judges should go by, or a file that holds it")
    .option("--qrels <file>", "grades that are there already and are not asked")
    .option("--queue <file>", "judge these documents instead, as qdrl data doctor lists suspects")
    .option("--ask <file>", "queries of your own, one a line, that the runs are asked now")
    .option("--no-pictures", "leave pictures out, for a smaller page")
    .option("--import <file>", "read what the page saved, a CSV of Quepid or Label Studio, or qrels")
    .option("--judge <name>", "who judged, where an imported file does not say")
    .option("--machine", "the imported judge is a program: kept apart from people")
    .option("--columns <list>", "of a Label Studio CSV: query=NAME,document=NAME,grade=NAME")
    .action(async (runs: string[], typed: JudgeFlags) => {
      if (typed.import === undefined) {
        refuseUnused(typed, ["judge", "machine", "columns"], "with --import");
        await writePage(runs, typed);
      } else await importFile(runs, typed, judge.getOptionValueSource("output") === "default");
    });
  judge
    .command("agreement")
    .description("Cohen's κ of two judges with intervals, and of each with himself")
    .argument("<files...>", "judgements (.jsonl)")
    .option("--json", "print everything as JSON, the documents that judges differ on most too")
    .action((files: string[], { json }: { json?: boolean }) => {
      const found = judgesAgreement(files.map(readJudgements));
      process.stdout.write(
        json
          ? `${JSON.stringify(found, null, 2)}\n`
          : `${tableTerminal(agreementTable(found), tableLook())}\n`,
      );
    });
  judge
    .command("qrels")
    .description("one file of grades from one or several judges")
    .argument("<files...>", "judgements (.jsonl)")
    .requiredOption("-o, --output <file>", "TREC qrels to write")
    .addOption(
      new Option("--conflicts <rule>", "where judges differ").choices([...CONFLICT_RULES]).default("refuse"),
    )
    .option("--machines <list>", "programs whose judgements count too; default: people's alone")
    .action((files: string[], typed: { output: string; conflicts: ConflictRule; machines?: string }) => {
      const { machines = [] } = checkFlags(typed, { machines: listOf(z.string().min(1)).optional() });
      const qrels = judgedQrels(files.map(readJudgements), { conflicts: typed.conflicts, machines });
      writeQrels(typed.output, qrels, "trec");
      const grades = [...qrels.values()].reduce((sum, of) => sum + of.size, 0);
      process.stdout.write(`${typed.output}: ${grades} grades for ${qrels.size} queries\n`);
    });
  judge
    .command("rehearse")
    .description(
      "how many labels a decision takes: sessions played by a judge who knows the data set's grades and errs",
    )
    .argument("<run_a>", "run folder")
    .argument("<run_b>", "run folder")
    .option("--set <name>", "evaluation set; default: the first of the first run")
    .option("--k <n>", "documents of each run that are pooled", "10")
    .option("--measure <name>", "what the runs are compared by; default: nDCG at k")
    .option("--random <list>", "shares asked at random that are compared; 1: no choosing", "0.2,1")
    .option("--error <share>", "labels that the judge gets wrong", "0.05")
    .option("--repetitions <n>", "sessions", "50")
    .option("--queries <n>", "queries of a session, drawn anew with replacement", "400")
    .option("--labels <list>", "labels at which the interval is looked at", "100,200,400,800")
    .option("--seed <n>", "of everything drawn", "1")
    .action(async (a: string, b: string, typed: Record<string, string>) => {
      const options = checkFlags(typed, {
        ...{
          k: wholeNumber(1, 100),
          random: listOf(positiveShare),
          error: probability,
          seed: wholeNumber(0),
        },
        ...{ repetitions: wholeNumber(2), queries: wholeNumber(2), labels: listOf(wholeNumber(1)) },
      });
      const found = await rehearseRuns([a, b], { ...options, listener });
      process.stdout.write(`${tableTerminal(rehearsalTable(found), tableLook())}\n`);
    });
}

const positiveShare = probability.pipe(z.number().gt(0));

interface JudgeFlags extends Record<"output" | "k" | "random" | "secondPass" | "seed", string> {
  set?: string;
  dataset?: string;
  measure?: string;
  queries?: string;
  fields?: string;
  guidelines?: string;
  qrels?: string;
  queue?: string;
  ask?: string;
  pictures: boolean;
  import?: string;
  judge?: string;
  machine?: boolean;
  columns?: string;
}

async function writePage(runs: readonly string[], typed: JudgeFlags): Promise<void> {
  if (typed.ask !== undefined) refuseUnused(typed, ["set", "dataset", "queue"], "without --ask");
  const { guidelines, output, set, dataset, ask, ...given } = checkFlags(typed, {
    ...{ k: wholeNumber(1, 100), random: positiveShare, secondPass: probability, seed: wholeNumber(0) },
    ...{ queries: wholeNumber(1).optional(), fields: listOf(z.string().min(1)).optional() },
  });
  if (runs.length === 0 && given.queue === undefined)
    throw new UserError("runs: must be two or more run folders, or --queue FILE, got none");
  const sources =
    ask === undefined
      ? readJudgingSources(runs, {
          ...(set !== undefined && { set }),
          ...(dataset !== undefined && { dataset }),
          listener,
        })
      : await askRuns(runs, linesOf(ask), given.k, listener);
  const { queries, fields, measure, qrels, queue, ...rest } = given;
  const task = await buildJudgingTask(sources, {
    ...{
      k: rest.k,
      random: rest.random,
      secondPass: rest.secondPass,
      seed: rest.seed,
      pictures: rest.pictures,
    },
    ...(queries !== undefined && { queries }),
    ...(fields !== undefined && { fields }),
    ...(measure !== undefined && { measure }),
    ...(qrels !== undefined && { qrels }),
    ...(queue !== undefined && { queue }),
    ...(guidelines !== undefined && { guidelines: textOf(guidelines) }),
  });
  const html = await judgingPage(task);
  atomicWriteFile(output, html);
  const what = task.queue
    ? `${task.queue.length} documents of a list`
    : `${task.queries.length.toLocaleString("en")} queries, ${task.documents.length.toLocaleString("en")} documents of ${task.systems.join(", ")}`;
  process.stdout.write(
    `${output}: ${what}, ${(html.length / 1e6).toFixed(1)} MB; open it in a browser, then: qdrl judge --import FILE\n`,
  );
}

function linesOf(file: string): string[] {
  return [...readLines(file)].map(({ number, text, problem }) => {
    if (text === null) throw new UserError(`${file}:${number}: ${problem}`);
    return text;
  });
}

function textOf(guidelines: string): string {
  return fs.existsSync(guidelines) ? fs.readFileSync(guidelines, "utf8").trim() : guidelines;
}

async function importFile(runs: readonly string[], typed: JudgeFlags, unplaced: boolean): Promise<void> {
  if (runs.length > 0) throw new UserError(`runs: must not be given with --import, got ${runs.join(", ")}`);
  refuseUnused(
    typed,
    ["measure", "queries", "fields", "guidelines", "qrels", "queue", "ask"],
    "without --import",
  );
  const { import: file, output, dataset, set, judge, machine, columns } = typed;
  const found = await importJudgements(file!, {
    ...{ listener, ...(columns !== undefined && { columns: columnsOf(columns) }) },
    ...(dataset !== undefined && { dataset }),
    ...(set !== undefined && { set }),
    ...(judge !== undefined && { judge }),
    ...(machine !== undefined && { machine }),
  });
  const folder = unplaced ? path.join(JUDGEMENTS, `${found.header.dataset}-${found.header.set}`) : output;
  for (const { judge: name, machine: program, judgements, file: saved, qrels } of saveJudgements(
    folder,
    found,
  ))
    process.stdout.write(
      `${name}${program ? " (program)" : ""}: ${judgements} judgements in ${saved}${qrels === null ? "" : ` and ${qrels}`}\n`,
    );
}

function columnsOf(text: string): { query?: string; document?: string; grade?: string } {
  const columns = emptyRecord<string>();
  for (const part of text.split(",")) {
    const [what = "", name = ""] = part.split("=").map((side) => side.trim());
    if (!["query", "document", "grade"].includes(what) || name === "")
      throw new UserError(
        `--columns: must be query=NAME,document=NAME,grade=NAME, got ${JSON.stringify(text)}`,
      );
    columns[what] = name;
  }
  return columns;
}
