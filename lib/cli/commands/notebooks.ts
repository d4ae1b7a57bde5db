import fs from "node:fs";
import type { Command } from "commander";
import { UserError } from "../../files/user-error.js";
import { runAttached } from "../run-attached.js";

/** `qdrl notebooks run`. */
export function addNotebookCommands(program: Command): void {
  program
    .command("notebooks")
    .description("execute notebooks headless")
    .command("run")
    .description("execute all notebooks, or those named, into reports/notebooks/")
    .argument("[notebooks...]", "paths or names; default: all")
    .option("--small", "with each notebook's small parameters, as CI does")
    .option("--params <json>", "values for the cell tagged `parameters`")
    .action(async (names: string[], options: { small?: boolean; params?: string }) => {
      const args = ["tools/notebooks.mjs", ...names.map(notebookPath)];
      if (options.small) args.push("--small");
      if (options.params !== undefined) args.push("--params", options.params);
      if ((await runAttached(args)) !== 0)
        throw new UserError("notebooks run: every notebook must finish, got a failure (above)");
    });
}

/** A notebook by its path, or by its name in notebooks/. */
function notebookPath(named: string): string {
  const inside = `notebooks/${named.replace(/\.ipynb$/, "")}.ipynb`;
  return !fs.existsSync(named) && fs.existsSync(inside) ? inside : named;
}
