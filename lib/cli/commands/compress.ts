import fs from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import {
  compressionFigure,
  compressionFrontier,
  compressionTable,
} from "../../analysis/compression-frontier.js";
import { type CompressionPoint, compressRun } from "../../evaluation/compression.js";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { UserError } from "../../files/user-error.js";
import { htmlPage } from "../../reporting/html-page.js";
import { tableCsv } from "../../reporting/table-csv.js";
import { tableMarkdown } from "../../reporting/table-markdown.js";
import { tableTerminal } from "../../reporting/table-terminal.js";
import { TerminalListener, tableLook } from "../../reporting/terminal.js";
import { listRuns, openRun } from "../../tracking/run-folder.js";
import { checkFlags, probability } from "../flags.js";

interface CompressFlags {
  set?: string;
  measure: string;
  typos: string;
  name: string;
  output: string;
}

/** `qdrl compress RUN...`. */
export function addCompressCommand(program: Command): void {
  program
    .command("compress")
    .description(
      "what trained encoders lose in fewer bits and narrower vectors: one table and one figure of size, latency and quality",
    )
    .argument("<runs...>", "run folders, or folders of runs such as a sweep's; seeds of a system are joined")
    .option("--set <name>", "evaluation set (default: each run's first)")
    .option("--measure <name>", "by name, e.g. nDCG@10", "Recall@10")
    .option("--typos <p>", "probability of a typo per word of misspelled queries", "0.75")
    .option("--name <name>", "of the files that are written", "compression")
    .option("-o, --output <dir>", "folder for table and figure", "reports/tables")
    .action(async (dirs: string[], flags: CompressFlags) => {
      const { typos } = checkFlags(flags, { typos: probability });
      const { measure, set, name, output } = flags;
      const listener = new TerminalListener();
      const points: CompressionPoint[] = [];
      for (const dir of dirs.flatMap(runsIn))
        points.push(
          ...(await compressRun(dir, { measure, typos, listener, ...(set !== undefined && { set }) })),
        );
      listener.finish();
      const rows = compressionFrontier(points);
      const table = compressionTable(rows, { measure, typos });
      const stem = path.join(output, name);
      atomicWriteFile(`${stem}.md`, tableMarkdown(table));
      atomicWriteFile(`${stem}.csv`, tableCsv(table));
      const figure = compressionFigure(rows, { measure, typos });
      atomicWriteFile(
        `${stem}.html`,
        htmlPage({
          title: "Compression",
          eyebrow: "qdrl compress",
          question: "How small can model and vectors be?",
          answer: [],
          sections: [
            {
              title: "Frontier",
              blocks: [
                { kind: "figure", figure, title: `${measure} against the size of model and vectors` },
                { kind: "table", table },
              ],
            },
          ],
          sources: [],
        }),
      );
      process.stdout.write(
        `${tableTerminal(table, tableLook())}\ntable: ${stem}.md, .csv; figure: ${stem}.html\n`,
      );
    });
}

/** A run, or the runs below a folder that have an encoder. */
function runsIn(dir: string): string[] {
  if (fs.existsSync(path.join(dir, "manifest.json")) || !fs.existsSync(dir)) return [openRun(dir).dir];
  const found = listRuns(dir).filter((run) => {
    const { kind, status } = run.manifest();
    return kind === "dense" && status === "finished";
  });
  if (found.length === 0)
    throw new UserError(`compress: ${dir} must hold finished runs with an encoder, got none`);
  return found.map((run) => run.dir);
}
