import fs from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import type { Finding } from "../../analysis/verify/compare-pieces.js";
import { retrain } from "../../analysis/verify/retrain.js";
import { verifyFile } from "../../analysis/verify/verify-file.js";
import { verifyRun } from "../../analysis/verify/verify-run.js";
import { UserError } from "../../files/user-error.js";
import { TerminalListener } from "../../reporting/terminal.js";
import { openRun } from "../../tracking/run-folder.js";

/** Findings printed; the rest is counted. */
const MOST_FINDINGS = 40;

interface VerifyFlags {
  retrain?: boolean;
  from?: string;
}

/** `qdrl verify FILE|RUN`. */
export function addVerifyCommand(program: Command): void {
  program
    .command("verify")
    .description(
      "make every number of a report, table, notebook or run again from the files it names, and compare",
    )
    .argument("<what>", "page (.html), table (.md, .tex), notebook (.ipynb) or run folder")
    .option("--retrain", "also train its runs again from configuration and data, and compare byte for byte")
    .option("--from <folder>", "folder that the run folders are relative to; default: this one")
    .action(async (what: string, options: VerifyFlags) => {
      const target = path.resolve(what);
      if (!fs.existsSync(target))
        throw new UserError(`verify: must be a file or run folder, found no ${what}`);
      const isRun = fs.statSync(target).isDirectory();
      if (options.from !== undefined) enter(options.from);
      const listener = new TerminalListener();
      const shown = isRun ? what : path.relative(".", target);
      const findings = isRun
        ? await reportRun(options.from === undefined ? what : target, listener, options)
        : await reportFile(shown, listener, options);
      listener.finish();
      for (const { where, shown: is, made } of findings.slice(0, MOST_FINDINGS))
        process.stdout.write(
          made === null
            ? `no source: ${where}: ${is}\n`
            : `differs: ${where}: must be ${made}, got ${is ?? "nothing"}\n`,
        );
      if (findings.length > 0)
        throw new UserError(`${what}: ${findings.length} places are not what their sources give`);
    });
}

/** Paths in files are relative to where they were written: all that is read is looked for there. */
function enter(folder: string): void {
  if (!fs.existsSync(folder) || !fs.statSync(folder).isDirectory())
    throw new UserError(`--from: must be a folder, got "${folder}"`);
  process.chdir(folder);
}

async function reportFile(file: string, listener: TerminalListener, flags: VerifyFlags): Promise<Finding[]> {
  const { confirmed, files, findings } = await verifyFile(file, { listener });
  listener.finish();
  const count = (value: number) => value.toLocaleString("en");
  for (const { run, file: name, sha256 } of files)
    process.stdout.write(`unchanged: ${path.join(run, name)} (SHA-256 ${sha256.slice(0, 16)}…)\n`);
  process.stdout.write(
    `confirmed: ${count(confirmed.text)} numbers in the text, ${count(confirmed.hint)} shown on hovering, ${count(confirmed.data)} in figures\n`,
  );
  const runs = [...new Set(files.map(({ run }) => run))];
  const rest: Finding[] = [];
  if (flags.retrain) for (const run of runs) rest.push(...(await reportRetrained(run, listener)));
  return [...findings, ...rest];
}

async function reportRun(dir: string, listener: TerminalListener, flags: VerifyFlags): Promise<Finding[]> {
  const run = openRun(dir);
  const { values, unverifiable, means, otherMeans, findings } = verifyRun(run);
  process.stdout.write(
    `confirmed: manifest, configuration and metrics as sealed; ${values.toLocaleString("en")} values of queries from their rankings; ${means} means of metrics.jsonl\n`,
  );
  if (otherMeans > 0)
    process.stdout.write(
      `as sealed: ${otherMeans} means of metrics.jsonl, of another epoch or of weights before they were rounded for storage\n`,
    );
  if (unverifiable > 0)
    process.stdout.write(
      `not confirmed: ${unverifiable.toLocaleString("en")} values of queries, for which too little of the ranking or no grades are kept; --retrain makes them again\n`,
    );
  return flags.retrain ? [...findings, ...(await reportRetrained(dir, listener))] : findings;
}

async function reportRetrained(dir: string, listener: TerminalListener): Promise<Finding[]> {
  const { equal, findings } = await retrain(openRun(dir), { listener });
  listener.finish();
  for (const { file, bytes } of equal)
    process.stdout.write(
      `confirmed: ${path.join(dir, file)}, ${bytes.toLocaleString("en")} bytes, trained again\n`,
    );
  return findings.map((finding) => ({ ...finding, where: `${dir}/${finding.where}` }));
}
