import type { Command } from "commander";
import { openExplain } from "../../analysis/explain-run.js";
import { explanationTable } from "../../analysis/tables/explanation-table.js";
import { tableTerminal } from "../../reporting/table-terminal.js";
import { TerminalListener, tableLook } from "../../reporting/terminal.js";

/** `qdrl explain RUN QUERY`. */
export function addExplainCommand(program: Command): void {
  program
    .command("explain")
    .description(
      "why a document has its score for a query, or is not found: what each word and its pieces bring",
    )
    .argument("<run>", "run folder, e.g. reports/runs/tour/page")
    .argument("<query...>", "the query")
    .option("--document <name>", "id or name of a document; default: the first result")
    .option("--json", "print everything as JSON, shares by word of query and document too")
    .action(async (dir: string, words: string[], options: { document?: string; json?: boolean }) => {
      const listener = new TerminalListener();
      const { explain, close } = await openExplain(dir, { listener: options.json ? {} : listener });
      listener.finish();
      try {
        const explained = await explain(words.join(" "), options.document);
        process.stdout.write(
          options.json
            ? `${JSON.stringify(explained, null, 2)}\n`
            : `${tableTerminal(explanationTable(explained), tableLook())}\n`,
        );
      } finally {
        close();
      }
    });
}
