import type { Command } from "commander";
import { loadConfig } from "../../experiment/load-config.js";
import { UserError } from "../../files/user-error.js";
import { humanCount, humanTime } from "../../reporting/human-numbers.js";
import { TerminalListener } from "../../reporting/terminal.js";
import { examine } from "../../runs/doctor/examine.js";
import { checkFlags, wholeNumber } from "../flags.js";

const marks = { ok: "ok   ", look: "look ", wrong: "WRONG" };

/** `qdrl doctor CONFIG`. */
export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description(
      "examine an experiment before a long run: first loss, gradients, overfit one batch, forecast",
    )
    .argument("<config>", "YAML file, e.g. configs/emoji/baseline.yaml")
    .option("--set <key=value...>", "override a key, e.g. --set learning_rate=0.001")
    .option("--steps <n>", "most updates of the overfit check", "200")
    .action(async (file: string, options: { set?: string[]; steps: string }) => {
      const most = checkFlags(options, { steps: wholeNumber(1) }).steps;
      const listener = new TerminalListener();
      const config = loadConfig(file, options.set ?? []);
      const { findings, forecast } = await examine(config, { steps: most, listener });
      listener.finish();
      for (const { check, outcome, detail } of findings)
        process.stdout.write(`${marks[outcome]} ${check}: ${detail}\n`);
      const { engine, steps, stepsPerSecond, seconds, peakBytes } = forecast;
      process.stdout.write(
        `      forecast: ${steps.toLocaleString("en")} steps at ${humanCount(stepsPerSecond)}/s (${humanCount(stepsPerSecond * config.batch_size)} pairs/s) = ${humanTime(seconds)} by engine ${engine}, without evaluation; about ${(peakBytes / 2 ** 20).toFixed(0)} MiB at most\n`,
      );
      const wrong = findings.filter(({ outcome }) => outcome === "wrong");
      if (wrong.length > 0)
        throw new UserError(`${file}: ${wrong.map(({ check }) => check).join(", ")} must be fixed first`);
    });
}
