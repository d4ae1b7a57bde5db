import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { compiledFolder, packageFile } from "../files/package-files.js";
import { PermanentError } from "../files/permanent-error.js";
import { ENDINGS, endsByItself } from "./endings.js";
import { explainError } from "./explain-error.js";

/** Commands in the order of the help page, each loaded when it is asked for: loading all takes most of a second. */
const commands: Record<string, () => Promise<(program: Command) => void>> = {
  init: async () => (await import("./commands/init.js")).addInitCommand,
  data: async () => (await import("./commands/data.js")).addDataCommands,
  doctor: async () => (await import("./commands/doctor.js")).addDoctorCommand,
  train: async () => (await import("./commands/train.js")).addTrainCommand,
  sweep: async () => (await import("./commands/sweep.js")).addSweepCommand,
  tune: async () => (await import("./commands/tune.js")).addTuneCommand,
  study: async () => (await import("./commands/study.js")).addStudyCommands,
  submit: async () => (await import("./commands/submit.js")).addSubmitCommand,
  work: async () => (await import("./commands/work.js")).addWorkCommand,
  evaluate: async () => (await import("./commands/evaluate.js")).addEvaluateCommand,
  compress: async () => (await import("./commands/compress.js")).addCompressCommand,
  search: async () => (await import("./commands/search.js")).addSearchCommand,
  synthesize: async () => (await import("./commands/synthesize.js")).addSynthesizeCommand,
  threshold: async () => (await import("./commands/threshold.js")).addThresholdCommand,
  model: async () => (await import("./commands/model.js")).addModelCommands,
  report: async () => (await import("./commands/report.js")).addReportCommand,
  runs: async () => (await import("./commands/runs.js")).addRunsCommands,
  verify: async () => (await import("./commands/verify.js")).addVerifyCommand,
  explain: async () => (await import("./commands/explain.js")).addExplainCommand,
  compare: async () => (await import("./commands/compare.js")).addCompareCommand,
  judge: async () => (await import("./commands/judge.js")).addJudgeCommands,
  trec: async () => (await import("./commands/trec.js")).addTrecCommands,
  projector: async () => (await import("./commands/projector.js")).addProjectorCommand,
  extract: async () => (await import("./commands/extract.js")).addExtractCommand,
  index: async () => (await import("./commands/index-push.js")).addIndexCommands,
  serve: async () => (await import("./commands/serve.js")).addServeCommand,
  label: async () => (await import("./commands/label.js")).addLabelCommand,
  image: async () => (await import("./commands/image.js")).addImageCommands,
  kdd: async () => (await import("./commands/kdd.js")).addKddCommand,
};

/** Commands about the workspace itself, its set-up and notebooks, which an installed package has none of. */
const workspaceCommands: typeof commands = {
  notebooks: async () => (await import("./commands/notebooks.js")).addNotebookCommands,
  start: async () => (await import("./commands/start.js")).addStartCommand,
};

/**
 * The command line. Every fault of input is one or more plain lines on stderr and exit code 1; 42 where a command is asked to
 * tell what no further try can mend.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command("qdrl")
    .description("Train encoders that put queries and documents into one space, and find out what helps.")
    .version(JSON.parse(readFileSync(packageFile("package.json"), "utf8")).version, "-V, --version")
    .enablePositionalOptions()
    .showHelpAfterError("(qdrl --help lists the commands)")
    .exitOverride();
  const [name = ""] = argv;
  const known = { ...commands, ...(compiledFolder() === null && workspaceCommands) };
  const asked = Object.hasOwn(known, name) ? [known[name]!] : Object.values(known);
  for (const load of asked) (await load())(program);
  for (const signal of Object.keys(ENDINGS)) process.once(signal, stop);
  try {
    await program.parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`${explainError(error)}\n`);
    return error instanceof PermanentError ? 42 : 1;
  } finally {
    for (const signal of Object.keys(ENDINGS)) process.removeListener(signal, stop);
  }
}

/** Ends at once and in order when told to: the cursor is shown again, locks are given up. */
function stop(signal: NodeJS.Signals): void {
  if (endsByItself()) return;
  if (process.stderr.isTTY) process.stderr.write("\x1b[?25h");
  process.stderr.write(
    "\nstopped; finished runs are kept, the same command goes on from the last checkpoint (one a minute)\n",
  );
  process.exit(ENDINGS[signal]);
}
