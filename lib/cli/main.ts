import { Command, CommanderError } from "commander";
import { addCompareCommand } from "./commands/compare.js";
import { addDataCommands } from "./commands/data.js";
import { addDoctorCommand } from "./commands/doctor.js";
import { addEvaluateCommand } from "./commands/evaluate.js";
import { addExtractCommand } from "./commands/extract.js";
import { addKddCommand } from "./commands/kdd.js";
import { addModelCommands } from "./commands/model.js";
import { addNotebookCommands } from "./commands/notebooks.js";
import { addProjectorCommand } from "./commands/projector.js";
import { addReportCommand } from "./commands/report.js";
import { addSearchCommand } from "./commands/search.js";
import { addStartCommand } from "./commands/start.js";
import { addSweepCommand } from "./commands/sweep.js";
import { addTrainCommand } from "./commands/train.js";

/** The command line. Every fault of input is one or more plain lines on stderr and exit code 1. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command("qdrl")
    .description("Train encoders that put queries and documents into one space, and find out what helps.")
    .showHelpAfterError("(qdrl --help lists the commands)")
    .exitOverride();
  addDataCommands(program);
  addDoctorCommand(program);
  addTrainCommand(program);
  addSweepCommand(program);
  addEvaluateCommand(program);
  addSearchCommand(program);
  addModelCommands(program);
  addReportCommand(program);
  addCompareCommand(program);
  addProjectorCommand(program);
  addExtractCommand(program);
  addKddCommand(program);
  addNotebookCommands(program);
  addStartCommand(program);
  try {
    await program.parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`${explain(error)}\n`);
    return 1;
  }
}

/** What a person should read: the message of an expected fault, the whole stack of a bug. */
function explain(error: unknown): string {
  if (error instanceof RangeError || (error as NodeJS.ErrnoException)?.code !== undefined)
    return (error as Error).message
      .split("\n")
      .map((line) => `error: ${line}`)
      .join("\n");
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
