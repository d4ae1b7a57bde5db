import readline from "node:readline";
import type { Command } from "commander";
import { z } from "zod";
import { TerminalListener } from "../../reporting/terminal.js";
import { openSearch, type SearchHit } from "../../retrieval/retrievers/search-run.js";
import { checkFlags, finiteNumber, wholeNumber } from "../flags.js";

/** `qdrl search RUN`. */
export function addSearchCommand(program: Command): void {
  program
    .command("search")
    .description("search the documents of a run: one query given, or a prompt")
    .argument("<run>", "run folder, e.g. reports/runs/tour/starter")
    .argument(
      "[query...]",
      "the query, or a picture file where queries are pictures; without it, queries are read line by line",
    )
    .option("-k, --top <n>", "results shown", "10")
    .option(
      "--threshold <score>",
      "return nothing scored lower, or none for everything; default: the one saved by qdrl threshold, else search.threshold",
    )
    .action(async (dir: string, words: string[], options: { top: string; threshold?: string }) => {
      const { top: k, threshold } = checkFlags(options, {
        top: wholeNumber(1),
        threshold: z
          .union([finiteNumber, z.literal("none")], { error: "must be a number or none" })
          .optional(),
      });
      const listener = new TerminalListener();
      const search = await openSearch(dir, {
        listener,
        ...(threshold === undefined ? {} : { threshold: threshold === "none" ? null : threshold }),
      });
      listener.finish();
      if (words.length > 0) return print(await search(words.join(" "), k));
      const input = readline.createInterface({
        input: process.stdin,
        output: process.stdout,
        prompt: "query> ",
      });
      input.prompt();
      for await (const line of input) {
        if (line.trim() !== "") print(await search(line, k));
        input.prompt();
      }
    });
}

function print(hits: readonly SearchHit[]): void {
  if (hits.length === 0) process.stdout.write("  nothing found\n");
  hits.forEach((hit, rank) => {
    process.stdout.write(
      `${String(rank + 1).padStart(4)}  ${hit.score.toFixed(3)}  ${hit.name}  (${hit.id})\n`,
    );
  });
}
