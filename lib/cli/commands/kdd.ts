import { type Command, InvalidArgumentError } from "commander";
import { loadKddConfig } from "../../config/load-kdd-config.js";
import { tableTerminal } from "../../reporting/table-terminal.js";
import { type KddStep, kddSteps, runKdd } from "../../training/kdd/run-kdd.js";
import { kddTable } from "../kdd-table.js";
import { TerminalListener } from "../terminal.js";

/** `qdrl kdd CONFIG`. */
export function addKddCommand(program: Command): void {
  program
    .command("kdd")
    .description(
      "the KDD Cup 2020 multi-modal recall system: prepare, pre-train, two matching models, ensemble, submission",
    )
    .argument("<config>", "YAML file, e.g. configs/kdd/emoji.yaml")
    .option("--steps <list>", `some of ${kddSteps.join(",")}; default: all, in this order`, parseSteps)
    .option("--set <key=value...>", "override a key, e.g. --set model1.epochs=2")
    .action(async (file: string, options: { steps?: KddStep[]; set?: string[] }) => {
      const config = loadKddConfig(file, options.set ?? []);
      const listener = new TerminalListener();
      const report = await runKdd(config, {
        listener,
        ...(options.steps === undefined ? {} : { steps: options.steps }),
      });
      listener.finish();
      if (report === null) return;
      process.stdout.write(`${tableTerminal(kddTable(report, config.test_set))}\n`);
    });
}

function parseSteps(text: string): KddStep[] {
  return text.split(",").map((name) => {
    const step = kddSteps.find((known) => known === name.trim());
    if (step === undefined)
      throw new InvalidArgumentError(`unknown step "${name}"; known: ${kddSteps.join(", ")}`);
    return step;
  });
}
